-- Let an open reservation live for some seconds from now.  -> 1, or 0 if it has ended

local lease = tonumber(ARGV[3])
local counters = my.read_counters()
local record = call('HGET', my.HELD, id)
if not record then return 0 end
local held = my.read_held(record)
if held.state ~= 'o' then return 0 end
if held.expires <= my.now then
  my.expire(held, counters)
  return 0
end
if my.now + lease > held.expires then
  my.note_lease(lease)
  call('HSET', my.HELD, id, 'o' .. struct.pack('<d', my.now + lease) .. string.sub(record, 10))
  call('ZADD', my.LEASES, my.now + lease, id)
  for _, counter in ipairs(counters) do
    if counter.perishable ~= '' then my.keep_alive(counter, lease) end
  end
end
return 1
