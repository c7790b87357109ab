-- Zero what was spent: from now on, rows that are older than this mark count as zero, and are written so when next used.
-- The indexes of the last keys, if any, lose their order at once: everyone is at zero.

local name = ARGV[3]
tick = tick + 1
if name == '' then
  reset_of_all = tick
else
  last_other_reset = tick
  call('HSET', MARKS, name, tick)
end
library().write_state()
for i = FIXED + 1, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then
    local left = call('PTTL', KEYS[i])
    call('ZUNIONSTORE', KEYS[i], 1, KEYS[i], 'WEIGHTS', 0)
    if left > 0 then call('PEXPIRE', KEYS[i], left) end
  end
end
return tick
