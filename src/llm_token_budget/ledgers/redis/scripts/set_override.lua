-- Set, or (without an amount) clear, what goes before a limit's own amount: an empty one means unlimited.

local operation = cjson.decode(ARGV[3])
if operation[2] == cjson.null then
  call('HDEL', MARKS, operation[1])
else
  call('HSET', MARKS, operation[1], operation[2])
  if has_overrides == 0 then
    has_overrides = 1
    library().write_state()
  end
end
return 1
