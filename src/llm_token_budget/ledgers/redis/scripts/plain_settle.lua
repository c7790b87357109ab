-- Most of the time what is open is settled with a plain charge, and what was held covers it.  -> 'f' (send it in full) | '1'

local _, _, _, _, _, _, c1, c2, c3, c4, c5, c6, c7 = read('<ddddddddddddd', ARGV[3])
if not record or string.sub(record, 1, 1) ~= 'o' or c5 ~= 0 or c6 ~= 0 or c7 ~= 0 then return 'f' end
local expires, _, _, _, held_tokens, held_money, held_requests = read('<ddddddd', record, 2)
local tokens = c1 + c2
if expires <= now or tokens > held_tokens or c3 > held_money or c4 > held_requests then return 'f' end

for i = 1, count do
  local row = rows[i]
  if row[13] < 0 and (tokens ~= 0 or c3 ~= 0) and read('<d', SHAPE, 32 * i - 31) % 2 == 1 then
    row[13] = row[2]
    call('SADD', MOVED, KEYS[FIXED + i])
  end
  row[2], row[3], row[4] = row[2] + tokens, row[3] + c3, row[4] + c4
  row[5], row[6], row[7], row[8] = row[5] - held_tokens, row[6] - held_money, row[7] - held_requests, row[8] - 1
  row[9], row[10] = row[9] + c1, row[10] + c2
end
call('ZREM', LEASES, id)
call('SET', RECORD, 'e' .. encode(c1, c2, c3, c4, 0, 0, 0), 'PX', math.ceil((longest + DAY) * 1000))
local answer = '1'
