-- Settle a reservation, or release it (no charge).
--   -> '1' or '0' (did this change anything?), and what had been charged before, if anything
--   |  'x' and which conflict: 'other' amount, an 'amount' is not given back, too 'old'

local tokens, money, requests, input, created, unguarded, c1, c2, c3, c4, c5, c6, c7 =
  read('<ddddddddddddd', ARGV[3])

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
