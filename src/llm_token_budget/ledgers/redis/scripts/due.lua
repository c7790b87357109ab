-- What is due: leases that have ended, rows to drop, and unconfirmed charges that stand by now, at most so many of each.
--   -> now, when the next lease ends, when the next row perishes, leases {id, record, ...}, rows {counter, ...},
--      ids of unconfirmed charges

local most = tonumber(ARGV[3])
local leases, next_lease = {}, '-'
local ids = call('ZRANGEBYSCORE', my.LEASES, '-inf', my.whole(my.now), 'LIMIT', 0, most)
for i, each in ipairs(ids) do
  leases[2 * i - 1], leases[2 * i] = each, call('HGET', my.HELD, each) or ''
end
local after = call('ZRANGEBYSCORE', my.LEASES, '(' .. my.whole(my.now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if #ids == most then next_lease = my.whole(my.now) elseif after[2] then next_lease = after[2] end

local rows, next_row = call('ZRANGEBYSCORE', my.PERISHABLE, '-inf', my.whole(my.now), 'LIMIT', 0, most), '-'
after = call('ZRANGEBYSCORE', my.PERISHABLE, '(' .. my.whole(my.now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if #rows == most then next_row = my.whole(my.now) elseif after[2] then next_row = after[2] end

local final = {}
for _, each in ipairs(call('ZRANGE', my.UNCONFIRMED, 0, most - 1)) do
  local record = call('HGET', my.HELD, each)
  local at = record and struct.unpack('<d', record, 2)
  if at and at + my.longest + my.DAY > my.now then break end
  final[#final + 1] = each
end
return {my.whole(my.now), next_lease, next_row, leases, rows, final}
