-- How reservations end. The record of an id is a letter and more:
--   o open: expires created output_tokens marks tokens nano_usd requests input_tokens as doubles, shadow, a space, counters;
--     marks: 1 if a limit had a say in the output tokens, 2 if it is charged nothing when its lease ends
--   c charged without a confirmation: the rest is a field of `held`
--   e ended: its charge, packed;  r given back;  n booked without a reservation. These are kept until the horizon.
-- A field of `held`: c, then doubles: at created tick covered tokens nano_usd requests input_tokens charge(1 to 7), then counters.
-- `covered`: 1 if it was held until it was charged, 0 if it was not, 2 if its call had gone out unguarded.

function my.shown(charge)
  return format('%.0f %.0f %.0f %.0f %d %d %d', unpack(charge))
end

-- What is open or unconfirmed under the id; nil if it has ended, or is unknown.
function my.find_held()
  local state = record and string.sub(record, 1, 1)
  if state == 'o' then
    local expires, created, _, marks, t, m, r, input = struct.unpack('<dddddddd', record, 2)
    return {
      state = 'o', expires = expires, created = created, gives_back = marks >= 2, reserved = {t, m, r}, input = input,
      counters = string.match(record, ' (.*)$', 66),
    }
  elseif state == 'c' then
    local bytes = call('HGET', HELD, id)
    local at, created, charged, covered, t, m, r, input, c1, c2, c3, c4, c5, c6, c7 =
      struct.unpack('<ddddddddddddddd', bytes, 2)
    return {
      state = 'c', at = at, created = created, tick = charged, covered = covered, reserved = {t, m, r}, input = input,
      charge = {c1, c2, c3, c4, c5, c6, c7}, counters = string.sub(bytes, 122),
    }
  end
end

-- By how much a charge is above what covered it; nil if it isn't.
function my.above(amounts, covered)
  local t, m, r = amounts[1] - covered[1], amounts[2] - covered[2], amounts[3] - covered[3]
  if t <= 0 and m <= 0 and r <= 0 then return nil end
  return {math.max(t, 0), math.max(m, 0), math.max(r, 0)}
end

-- The charge with which a reservation ended for good; none: it was given back.
function my.remember(charge)
  record = charge and 'e' .. encode(unpack(charge)) or 'r'
  call('SET', RECORD, record, 'PX', math.ceil((longest + DAY) * 1000))
end

function my.finish(handle, charge, covered)
  if not charge or charge[5] == 0 then
    my.remember(charge)
    return
  end
  local charged, reserved = my.next_tick(), handle.reserved
  local numbers = struct.pack(
    '<ddddddddddddddd', now, handle.created, charged, covered, reserved[1], reserved[2], reserved[3], handle.input,
    unpack(charge)
  )
  call('HSET', HELD, id, 'c' .. numbers .. handle.counters)
  call('ZADD', UNCONFIRMED, charged, id)
  record = 'c'
  call('SET', RECORD, record)
end

-- End an open reservation: give back what it holds and book what it was charged.
function my.close(held, counters, charge)
  local reserved = held.reserved
  local amounts = charge and my.amounts_of(charge)
  local over = charge and my.above(amounts, reserved)
  for i = 1, #counters do
    local counter = counters[i]
    local known = my.load(counter)
    if not known and charge and not my.is_past(counter) then my.make(counter) end
    local row = counter.row
    if row then
      if known then
        for unit = 1, 3 do row[RESERVED + unit] = my.plus(row[RESERVED + unit], reserved[unit], -1) end
        row[OPEN] = row[OPEN] - 1
      end
      if charge then
        my.book(counter, charge, amounts, 1, held.created)
        if over then my.add_aside_all(counter, 'o', over, 1) end
      end
      my.save_used(counter, 0)
    end
  end
  call('ZREM', LEASES, id)
  my.finish(held, charge, 1)
end

-- Its lease has ended: charge all that it holds or, if it gives back, nothing. Without a confirmation, both.
function my.expire(held, counters)
  if held.gives_back then return my.close(held, counters, {0, 0, 0, 0, 1, 0, 0}) end
  local reserved = held.reserved
  my.close(held, counters, {held.input, reserved[1] - held.input, reserved[2], reserved[3], 1, 0, 0})
end

function my.forget_unconfirmed()
  call('HDEL', HELD, id)
  call('ZREM', UNCONFIRMED, id)
end

-- Put a truth, or nothing, in the place of an unconfirmed charge, in the rows that still have it.
function my.replace(held, counters, charge)
  local guess, nothing = my.amounts_of(held.charge), {0, 0, 0}
  local covered = held.covered == 1 and held.reserved or nothing
  local name = held.covered == 2 and 'n' or 'o'
  local was_above = my.above(guess, covered)
  -- What the guess had left uncovered was given back, and may be somebody else's by now.
  local still = {math.min(guess[1], covered[1]), math.min(guess[2], covered[2]), math.min(guess[3], covered[3])}
  local amounts = charge and my.amounts_of(charge)
  local over = charge and my.above(amounts, still)
  for _, counter in ipairs(counters) do
    local row = my.load(counter)
    if row and row[1] <= held.tick then
      my.book(counter, held.charge, guess, -1, held.created)
      if was_above then my.add_aside_all(counter, name, was_above, -1) end
      if charge then
        my.book(counter, charge, amounts, 1, held.created)
        if over then my.add_aside_all(counter, name, over, 1) end
      end
      my.save(counter)
    end
  end
  my.forget_unconfirmed()
  my.remember(charge)
end

-- After the horizon no truth comes any more: what was charged stands.
function my.is_final(held)
  return held.at + longest + DAY <= now
end
