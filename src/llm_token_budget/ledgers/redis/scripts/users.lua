-- A page of an index (the first key after the fixed ones), by cost.
--   -> 's' now if its window is stale | the mark of a reset since which nobody has put the index in order, or 0; ranks

local AFTER_ALL = 10000
local operation = cjson.decode(ARGV[3])
local offset, count, start, stop = operation[1], operation[2], operation[3], operation[4]
if start > my.now or (stop ~= 0 and stop <= my.now) then return 's ' .. my.whole(my.now) end
if count == 0 then return {0, {}} end
local index = KEYS[7]
local ordered = tonumber(call('HGET', my.MARKS, 'index ' .. index)) or my.WHOLE
local due = tonumber(my.marks[4]) or 0
-- After a reset of all, everyone is at zero: of many, the order among equals is not worth the walk.
if my.reset_of_all > due and call('ZCARD', index) <= AFTER_ALL then due = my.reset_of_all end
return {due > ordered and due or 0, call('ZRANGE', index, offset, offset + count - 1)}
