-- A page of an index (the first key after the fixed ones), by cost.
--   -> 's' now if its window is stale | the mark of a reset since which nobody has put the index in order, or 0; ranks

local AFTER_ALL = 10000
local operation = cjson.decode(ARGV[3])
local offset, size, start, stop = operation[1], operation[2], operation[3], operation[4]
if start > now or (stop ~= 0 and stop <= now) then return 's ' .. string.format('%.17g', now) end
if size == 0 then return {0, {}} end
local index = KEYS[FIXED + 1]
local ordered = tonumber(call('HGET', MARKS, 'index ' .. index)) or WHOLE
local due = last_other_reset
-- After a reset of all, everyone is at zero: of many, the order among equals is not worth the walk.
if reset_of_all > due and call('ZCARD', index) <= AFTER_ALL then due = reset_of_all end
return {due > ordered and due or 0, call('ZRANGE', index, offset, offset + size - 1)}
