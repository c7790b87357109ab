-- End a reservation whose lease has ended, if that is still so.  -> 1 or 0

local my = library()
local held = my.find_held()
if held and held.state == 'o' then
  if held.expires > now then return 0 end
  my.expire(held, my.read_counters())
  return 1
end
call('ZREM', LEASES, id)
return 0
