-- What is due: leases that have ended, rows to drop, and unconfirmed charges that stand by now, at most so many of each.
--   -> now, when the next lease ends, when the next row perishes, ids of leases, rows, ids of unconfirmed charges

local most, at = tonumber(ARGV[3]), string.format('%.17g', now)

local function due_in(key)
  local found = call('ZRANGEBYSCORE', key, '-inf', at, 'LIMIT', 0, most)
  if #found == most then return found, at end
  local after = call('ZRANGEBYSCORE', key, '(' .. at, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return found, after[2] or '-'
end

local leases, next_lease = due_in(LEASES)
local rows, next_row = due_in(PERISHABLE)
local final = {}
for _, each in ipairs(call('ZRANGE', UNCONFIRMED, 0, most - 1)) do
  local held = call('HGET', HELD, each)
  if held and struct.unpack('<d', held, 2) + longest + DAY > now then break end
  final[#final + 1] = each
end
return {at, next_lease, next_row, leases, rows, final}
