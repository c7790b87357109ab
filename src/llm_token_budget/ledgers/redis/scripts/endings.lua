-- How reservations end. What is open or unconfirmed is a field of `held`: a letter, numbers as doubles, the counters as JSON.
--   o expires created output_tokens bounded tokens nano_usd requests input_tokens, then: shadow, a space, counters
--   c at created tick covered tokens nano_usd requests input_tokens charge(1 to 7), then: counters
-- `covered`: 1 if it was held until it was charged, 0 if it was not, 2 if its call had gone out unguarded.
-- What has ended for good is a key of its own until the horizon: its charge as seven words, or 'r' if it was given back.

local id = ARGV[2]

function my.words(text)
  local list = {}
  for word in string.gmatch(text, '%S+') do list[#list + 1] = tonumber(word) or word end
  return list
end

function my.shown(charge)
  return format('%.0f %.0f %.0f %.0f %d %d %d', unpack(charge))
end

function my.read_held(record)
  local state = string.sub(record, 1, 1)
  if state == 'o' then
    local expires, created, _, _, t, m, r, input = struct.unpack('<dddddddd', record, 2)
    return {
      state = 'o', expires = expires, created = created, reserved = {t, m, r}, input = input,
      counters = string.match(record, ' (.*)$', 66),
    }
  end
  local at, created, tick, covered, t, m, r, input, c1, c2, c3, c4, c5, c6, c7 =
    struct.unpack('<ddddddddddddddd', record, 2)
  return {
    state = 'c', at = at, created = created, tick = tick, covered = covered, reserved = {t, m, r}, input = input,
    charge = {c1, c2, c3, c4, c5, c6, c7}, counters = string.sub(record, 122),
  }
end

-- By how much a charge is above what covered it; nil if it isn't.
function my.above(amounts, covered)
  local t, m, r = amounts[1] - covered[1], amounts[2] - covered[2], amounts[3] - covered[3]
  if t <= 0 and m <= 0 and r <= 0 then return nil end
  return {math.max(t, 0), math.max(m, 0), math.max(r, 0)}
end

function my.remember(text)
  call('SET', my.ENDED, text, 'PX', math.ceil((my.longest + my.DAY) * 1000))
end

function my.finish(handle, charge, covered)
  if not charge then
    my.remember('r')
  elseif charge[5] == 0 then
    my.remember(my.shown(charge))
  else
    local tick, reserved = call('HINCRBY', my.MARKS, 'tick', 1), handle.reserved
    local numbers = struct.pack(
      '<ddddddddddddddd', my.now, handle.created, tick, covered, reserved[1], reserved[2], reserved[3], handle.input,
      unpack(charge)
    )
    call('HSET', my.HELD, id, 'c' .. numbers .. handle.counters)
    call('ZADD', my.UNCONFIRMED, tick, id)
  end
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
      local tokens, money = row[1], row[2]
      if known then
        for unit = 1, 3 do my.add(counter, my.RESERVED + unit, -reserved[unit]) end
        my.add(counter, my.OPEN, -1)
      end
      if charge then
        my.book(counter, charge, amounts, 1, held.created)
        if over then my.add_aside_all(counter, my.OVERRUN, over, 1) end
      end
      my.write_sums(counter)
      my.place(counter, tokens, money)
      my.touch(counter, 0)
    end
  end
  call('ZREM', my.LEASES, id)
  if not charge or charge[5] == 0 then call('HDEL', my.HELD, id) end
  my.finish(held, charge, 1)
end

function my.expire(held, counters)
  local reserved = held.reserved
  my.close(held, counters, {held.input, reserved[1] - held.input, reserved[2], reserved[3], 1, 0, 0})
end

function my.forget_unconfirmed()
  call('HDEL', my.HELD, id)
  call('ZREM', my.UNCONFIRMED, id)
end

-- Put a truth, or nothing, in the place of an unconfirmed charge, in the rows that still have it.
function my.replace(held, counters, charge)
  local guess, nothing = my.amounts_of(held.charge), {0, 0, 0}
  local covered = held.covered == 1 and held.reserved or nothing
  local fields = held.covered == 2 and my.UNRESERVED or my.OVERRUN
  local was_above = my.above(guess, covered)
  -- What the guess had left uncovered was given back, and may be somebody else's by now.
  local still = {math.min(guess[1], covered[1]), math.min(guess[2], covered[2]), math.min(guess[3], covered[3])}
  local amounts = charge and my.amounts_of(charge)
  local over = charge and my.above(amounts, still)
  for _, counter in ipairs(counters) do
    local row = my.load(counter)
    if row and counter.since <= held.tick then
      local tokens, money = row[1], row[2]
      my.book(counter, held.charge, guess, -1, held.created)
      if was_above then my.add_aside_all(counter, fields, was_above, -1) end
      if charge then
        my.book(counter, charge, amounts, 1, held.created)
        if over then my.add_aside_all(counter, fields, over, 1) end
      end
      my.write_sums(counter)
      my.place(counter, tokens, money)
    end
  end
  my.forget_unconfirmed()
  my.remember(charge and my.shown(charge) or 'r')
end

-- After the horizon no truth comes any more: what was charged stands.
function my.is_final(held)
  return held.at + my.longest + my.DAY <= my.now
end

function my.find_held()
  local record = call('HGET', my.HELD, id)
  return record and my.read_held(record)
end
