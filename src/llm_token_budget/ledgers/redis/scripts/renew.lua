-- Let an open reservation live for some seconds from now.  -> 1, or 0 if it has ended

local my = library()
local lease = tonumber(ARGV[3])
local held = my.find_held()
if not held or held.state ~= 'o' then return 0 end
local counters = my.read_counters()
if held.expires <= now then
  my.expire(held, counters)
  return 0
end
if now + lease > held.expires then
  my.note_lease(lease)
  call('SET', RECORD, 'o' .. struct.pack('<d', now + lease) .. string.sub(record, 10))
  call('ZADD', LEASES, now + lease, id)
  for _, counter in ipairs(counters) do
    if counter.perishes then
      local milliseconds = my.kept_for(counter, lease)
      call('PEXPIRE', counter.row_key, milliseconds)
      if counter.index and counter.stop ~= 0 then call('PEXPIRE', counter.index, milliseconds) end
    end
  end
end
return 1
