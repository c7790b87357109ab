-- Note up to which reset an index is in order.

local field = 'index ' .. KEYS[FIXED + 1]
if call('HEXISTS', MARKS, field) == 1 then call('HSET', MARKS, field, ARGV[3]) end
return 1
