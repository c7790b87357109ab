-- Set, or (without an amount) clear, what goes before a limit's own amount: an empty one means unlimited.

local operation = cjson.decode(ARGV[3])
if operation[2] == cjson.null then
  call('HDEL', my.MARKS, operation[1])
else
  call('HSET', my.MARKS, operation[1], operation[2], 'overrides', 1)
end
return 1
