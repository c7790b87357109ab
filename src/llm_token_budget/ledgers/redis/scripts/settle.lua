-- Settle a reservation, or release it (no charge).
--   -> '1' or '0' (did this change anything?), and what had been charged before, if anything
--   |  'x' and which conflict: 'other' amount, an 'amount' is not given back, too 'old'

local tokens, money, requests, input, created, unguarded, c1, c2, c3, c4, c5, c6, c7 =
  struct.unpack('<ddddddddddddd', ARGV[3])
-- A release has no charge: no number.
local charge = c1 == c1 and {c1, c2, c3, c4, c5, c6, c7} or nil
local counters = my.read_counters()

local held = my.find_held()
if held and held.state == 'o' and held.expires <= my.now then
  my.expire(held, counters)
  held = my.find_held()
end
if held and held.state == 'o' then
  my.close(held, counters, charge)
  return '1'
end

local ended
if held and my.is_final(held) then
  ended = my.shown(held.charge)
  my.forget_unconfirmed()
  my.remember(ended)
elseif held then
  local before = my.shown(held.charge)
  if charge and charge[5] == 1 then return '0 ' .. before end
  my.replace(held, counters, charge)
  return '1 ' .. before
else
  ended = call('GET', my.ENDED)
end

-- What a record is kept for grows with the longest lease: a handle from before that may have been forgotten earlier.
local function is_too_old()
  local lease = (ended or created >= (tonumber(my.marks[2]) or 0)) and my.longest or 0
  return created < my.now - (lease + my.DAY)
end

if not charge then
  if not ended then
    if is_too_old() then return 'x old' end
    -- A reserve that comes after this, because its caller was cancelled, holds nothing.
    my.remember('r')
  elseif ended ~= 'r' and string.match(ended, '^0 0 0 0 ') == nil then
    return 'x amount'
  end
  return '0'
end

if ended and (charge[5] == 1 or ended ~= 'r') then
  if ended == 'r' then return '0' end
  local before = my.words(ended)
  for i = 1, 4 do
    if charge[5] == 0 and before[i] ~= charge[i] then return 'x other' end
  end
  return '0 ' .. ended
end
if is_too_old() then return 'x old' end

-- Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
local amounts = my.amounts_of(charge)
for _, counter in ipairs(counters) do
  if not my.load(counter) and not my.is_past(counter) then my.make(counter) end
  local row = counter.row
  if row then
    local tokens_before, money_before = row[1], row[2]
    my.book(counter, charge, amounts, 1, created)
    my.add_aside_all(counter, unguarded == 1 and my.UNRESERVED or my.OVERRUN, amounts, 1)
    my.write_sums(counter)
    my.place(counter, tokens_before, money_before)
    my.touch(counter, 0)
  end
end
local handle = {reserved = {tokens, money, requests}, input = input, created = created, counters = ARGV[4]}
my.finish(handle, charge, unguarded == 1 and 2 or 0)
return '1'
