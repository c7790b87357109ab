-- How a quick reserve ends.

for i = 1, count do
  local row = rows[i]
  row[5], row[6], row[7], row[8] = row[5] + tokens, row[6] + money, row[7] + requests, row[8] + 1
end
call('ZADD', LEASES, now + lease, id)
local answer = opened
writes[1], writes[2], last = RECORD, opened .. ARGV[4], 2
