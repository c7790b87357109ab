-- Zero what was spent: from now on, rows that are older than this mark count as zero, and are written so when next used.
-- The indexes of the last keys, if any, lose their order at once: everyone is at zero.

local name = ARGV[3]
local tick = call('HINCRBY', my.MARKS, 'tick', 1)
if name == '' then
  call('HSET', my.MARKS, 'reset', tick)
else
  call('HSET', my.MARKS, name, tick, 'resets', tick)
end
for i = 7, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then
    local left = call('PTTL', KEYS[i])
    call('ZUNIONSTORE', KEYS[i], 1, KEYS[i], 'WEIGHTS', 0)
    if left > 0 then call('PEXPIRE', KEYS[i], left) end
  end
end
return tick
