-- Note up to which reset an index is in order.

local field = 'index ' .. KEYS[7]
if call('HEXISTS', my.MARKS, field) == 1 then call('HSET', my.MARKS, field, ARGV[3]) end
return 1
