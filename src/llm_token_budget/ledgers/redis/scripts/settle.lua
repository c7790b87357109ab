-- Settle a reservation, or release it (no charge).
--   -> 'f' (send it in full) | '1' or '0' (did this change anything?), and what had been charged before, if anything
--   |  'x' and which conflict: 'other' amount, an 'amount' is not given back, too 'old'

local tokens, money, requests, input, created, unguarded, c1, c2, c3, c4, c5, c6, c7 =
  struct.unpack('<ddddddddddddd', ARGV[3])

-- Most of the time: what is open is settled with a plain charge, and what was held covers it.
if not library then
  if not record or string.sub(record, 1, 1) ~= 'o' or c5 ~= 0 or c6 ~= 0 or c7 ~= 0 then return 'f' end
  local expires, _, _, _, held_tokens, held_money, held_requests = struct.unpack('<ddddddd', record, 2)
  local spent_tokens = c1 + c2
  if expires <= now or spent_tokens > held_tokens or c3 > held_money or c4 > held_requests then return 'f' end
  local rows = plain_rows()
  if not rows then return 'f' end
  for i = 1, count do
    local row, has_key = rows[i], shape[4 * i - 3] % 2 == 1
    if has_key and row[14] < 0 and (spent_tokens ~= 0 or c3 ~= 0) then
      row[14] = row[2]
      call('SADD', MOVED, KEYS[FIXED + i])
    end
    row[2], row[3], row[4] = row[2] + spent_tokens, row[3] + c3, row[4] + c4
    row[5], row[6], row[7], row[8] = row[5] - held_tokens, row[6] - held_money, row[7] - held_requests, row[8] - 1
    row[9], row[10] = row[9] + c1, row[10] + c2
    write_plain(i, row)
  end
  if #writes > 0 then call('MSET', unpack(writes)) end
  call('ZREM', LEASES, id)
  call('SET', RECORD, 'e' .. encode(c1, c2, c3, c4, 0, 0, 0), 'PX', math.ceil((longest + DAY) * 1000))
  return '1'
end

local my = library()
-- A release has no charge: no number.
local charge = c1 == c1 and {c1, c2, c3, c4, c5, c6, c7} or nil
local counters = my.read_counters()

local held = my.find_held()
if held and held.state == 'o' and held.expires <= now then
  my.expire(held, counters)
  held = my.find_held()
end
if held and held.state == 'o' then
  my.close(held, counters, charge)
  return '1'
end
if held and my.is_final(held) then
  my.forget_unconfirmed()
  my.remember(held.charge)
elseif held then
  local before = my.shown(held.charge)
  if charge and charge[5] == 1 then return '0 ' .. before end
  my.replace(held, counters, charge)
  return '1 ' .. before
end

-- What a record is kept for grows with the longest lease: a handle from before that may have been forgotten earlier.
local function is_too_old()
  local lease = (record or created >= longest_since) and longest or 0
  return created < now - (lease + DAY)
end

local before = record and string.sub(record, 1, 1) == 'e' and {decode(string.sub(record, 2))}
if not charge then
  if not record then
    if is_too_old() then return 'x old' end
    -- A reserve that comes after this, because its caller was cancelled, holds nothing.
    my.remember(nil)
  elseif before and (before[1] ~= 0 or before[2] ~= 0 or before[3] ~= 0 or before[4] ~= 0) then
    return 'x amount'
  end
  return '0'
end

if before then
  for i = 1, 4 do
    if charge[5] == 0 and before[i] ~= charge[i] then return 'x other' end
  end
  return '0 ' .. my.shown(before)
end
if record and charge[5] == 1 then return '0' end
if is_too_old() then return 'x old' end

-- Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
local amounts = my.amounts_of(charge)
for _, counter in ipairs(counters) do
  if not my.load(counter) and not my.is_past(counter) then my.make(counter) end
  if counter.row then
    my.book(counter, charge, amounts, 1, created)
    my.add_aside_all(counter, unguarded == 1 and 'n' or 'o', amounts, 1)
    my.save_used(counter, 0)
  end
end
local handle = {reserved = {tokens, money, requests}, input = input, created = created, counters = ARGV[4]}
my.finish(handle, charge, unguarded == 1 and 2 or 0)
return '1'
