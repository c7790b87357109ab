-- Rows in full: new ones, large ones, sliding windows, resets, what perishes, and the rarer sums.
--
-- The rest of a row is a table, packed: u unconfirmed, o overrun, n unreserved (each by unit), e estimated, p unpriced,
-- b blocked, text (what its key is a hash of), s the buckets of a sliding window: six sums each, by number.

-- Everything is in one table: a function costs the more to make the more locals there are around it.
local my = {BUCKETS = 60}
local format = string.format

function my.whole(time)
  return format('%.17g', time)
end

function my.parts(sum)
  if type(sum) == 'table' then return sum[1], sum[2] end
  if sum >= LARGE then return 1, sum - LARGE end
  return 0, sum
end

-- sum + sign * amount, exactly.
function my.plus(sum, amount, sign)
  local high, low = my.parts(sum)
  local more_high, more_low = my.parts(amount)
  high, low = high + sign * more_high, low + sign * more_low
  if low >= LARGE then
    high, low = high + 1, low - LARGE
  elseif low < 0 and high > 0 then
    high, low = high - 1, low + LARGE
  end
  return high == 0 and low or {high, low}
end

-- As one number: exact up to 2^53.
function my.about(sum)
  return type(sum) == 'table' and sum[1] * LARGE + sum[2] or sum
end

function my.write_state()
  call('SET', STATE, encode(tick, longest, longest_since, reset_of_all, last_other_reset, has_overrides))
end

function my.next_tick()
  tick = tick + 1
  my.write_state()
  return tick
end

-- A lease lengthens the horizon: for so long after its making, an ended reservation is known.
function my.note_lease(lease)
  if lease > longest then
    longest, longest_since = lease, now
    my.write_state()
  end
end

function my.read_counters()
  local counters, keyed = {}, 0
  for i = 1, count do
    local flags, start, stop, kept = read('<dddd', SHAPE, 32 * i - 31)
    local counter = {
      at = i, row_key = KEYS[FIXED + i], start = start, stop = stop, kept = kept,
      perishes = flags % 4 >= 2, sliding = flags >= 4 and kept / 2 or 0,
    }
    if flags % 2 == 1 then
      keyed = keyed + 1
      counter.index, counter.name = KEYS[FIXED + count + keyed], ARGV[6 + keyed]
    end
    counters[i] = counter
  end
  return counters
end

-- What is seldom needed: its text if it perishes, the names of its resets, its text if its key is a hash.
function my.details_of(counter)
  my.details = my.details or cjson.decode(ARGV[6])
  return unpack(my.details[counter.at])
end

function my.is_past(counter)
  return counter.stop ~= 0 and counter.stop <= now
end

function my.is_stale()
  return starts > now or stops <= now
end

function my.reset_of(counter)
  local last = reset_of_all
  if last_other_reset > 0 then
    local _, resets = my.details_of(counter)
    for _, name in ipairs(resets) do
      last = math.max(last, tonumber(call('HGET', MARKS, name)) or 0)
    end
  end
  return last
end

-- CPython's way of `//` on floats, so that every ledger finds the same bucket.
function my.bucket_of(counter, at)
  local scaled = at * my.BUCKETS
  local quotient = (scaled - math.fmod(scaled, counter.sliding)) / counter.sliding
  local floor = math.floor(quotient)
  return quotient - floor > 0.5 and floor + 1 or floor
end

-- For how long the store keeps a row that no worker has dropped: a day longer, or a day after a lease of `lease` seconds.
function my.kept_for(counter, lease)
  local patience = counter.stop ~= 0 and math.max(counter.stop - now, 0) + longest or counter.kept
  return math.ceil((math.min(math.max(patience + longest, lease), 100000000000) + DAY) * 1000)
end

-- Where a row stands in its index: by cost, then by tokens, then by name.
function my.rank(counter, tokens)
  return format('%016.0f', math.max(WHOLE - 1 - tokens, 0)) .. counter.name
end

function my.place(counter, tokens, money)
  local index, new = counter.index, my.rank(counter, tokens)
  call('ZADD', index, 0 - money, new)
  -- Not before: an index without anyone in it is gone, and with it the time when it is to go.
  if counter.tokens and tokens ~= counter.tokens then
    local before = my.rank(counter, counter.tokens)
    if before ~= new then call('ZREM', index, before) end
  end
  counter.tokens, counter.money = tokens, money
end

-- The rest of a row, to read or to change.
function my.rest_of(counter)
  if not counter.rest then
    local bytes = counter.row[REST]
    counter.rest = bytes ~= '' and decode(bytes) or {}
  end
  return counter.rest
end

function my.buckets_of(counter)
  local rest = my.rest_of(counter)
  rest.s = rest.s or {}
  return rest.s
end

function my.patience(counter)
  return counter.stop ~= 0 and longest or counter.kept
end

function my.unpacked(bytes)
  local row = {read(ROW, bytes)}
  local at = row[REST]
  if row[SEEN] < 0 then
    local highs = {read(HIGHS, bytes, at)}
    for i = 1, 9 do
      if highs[i] > 0 then row[1 + i] = {highs[i], row[1 + i]} end
    end
    at = highs[10]
  end
  row[REST] = string.sub(bytes, at)
  return row
end

function my.packed(row)
  local lows, highs, is_large = {unpack(row, 1, 13)}, {}, false
  for i = 1, 9 do
    highs[i] = 0
    if type(row[1 + i]) == 'table' then
      highs[i], lows[1 + i] = unpack(row[1 + i])
      is_large = true
    end
  end
  row[SEEN] = is_large and -1 or last_reset
  lows[SEEN] = row[SEEN]
  return write(ROW, unpack(lows)) .. (is_large and write(HIGHS, unpack(highs)) or '') .. row[REST]
end

-- Write a row as it is now, and move it to its place in its index.
function my.save(counter, milliseconds)
  local row, key = counter.row, counter.row_key
  if counter.rest then row[REST] = next(counter.rest) and encode(counter.rest) or '' end
  if counter.index then
    local tokens, money = my.about(row[2]), my.about(row[3])
    if tokens ~= counter.tokens or money ~= counter.money then my.place(counter, tokens, money) end
    if row[PLACED] >= 0 then
      call('SREM', MOVED, key)
      row[PLACED] = -1
    end
  end
  local bytes = my.packed(row)
  stored[2 + counter.at] = bytes
  if milliseconds then
    call('SET', key, bytes, 'PX', milliseconds)
  elseif counter.perishes then
    call('SET', key, bytes, 'KEEPTTL')
  else
    call('SET', key, bytes)
  end
end

-- Write a row that is used: noted when, where that decides how long it is kept.
function my.save_used(counter, lease)
  local milliseconds
  if counter.perishes then
    counter.row[USED] = now
    if counter.is_new or counter.stop == 0 or lease >= DAY then milliseconds = my.kept_for(counter, lease) end
  end
  my.save(counter, milliseconds)
  if milliseconds and counter.index and counter.stop ~= 0 then call('PEXPIRE', counter.index, milliseconds) end
end

-- Drop a row, if there is one, and all that points to it.
function my.drop(counter)
  if counter.index then
    if counter.row then call('ZREM', counter.index, my.rank(counter, counter.tokens)) end
    if call('EXISTS', counter.index) == 0 then call('HDEL', MARKS, 'index ' .. counter.index) end
  end
  call('DEL', counter.row_key)
  call('SREM', MOVED, counter.row_key)
  if counter.perishes then call('ZREM', PERISHABLE, (my.details_of(counter))) end
  counter.row, counter.rest, stored[2 + counter.at] = nil, nil, false
end

-- Let go of the buckets that have left a sliding window.
function my.slide(counter)
  local oldest, row, has_slid = my.bucket_of(counter, now) - my.BUCKETS, counter.row, false
  local buckets = my.buckets_of(counter)
  for name, bucket in pairs(buckets) do
    if tonumber(name) < oldest then
      has_slid, buckets[name] = true, nil
      for unit = 1, 3 do
        row[SPENT + unit] = my.plus(row[SPENT + unit], bucket[unit], -1)
        my.add_aside(counter, 'u', unit, bucket[3 + unit], -1)
      end
    end
  end
  return has_slid
end

function my.zero(counter, reset)
  local row = counter.row
  row[1], row[2], row[3], row[4], row[INPUT], row[OUTPUT] = reset, 0, 0, 0, 0, 0
  counter.rest = {text = my.rest_of(counter).text}
  -- A reset of all has taken the order from the index: also at the same tokens the place may be another.
  counter.money = -1
end

-- The row of a counter, after its reset and its sliding; nil if there is none, or if it has perished.
function my.load(counter)
  local bytes = stored[2 + counter.at]
  if not bytes then return nil end
  local row = my.unpacked(bytes)
  counter.row, counter.rest = row, nil
  counter.tokens, counter.money = my.about(row[2]), my.about(row[3])
  if row[PLACED] >= 0 then counter.tokens, counter.money = row[PLACED], -1 end
  if counter.perishes and row[OPEN] <= 0 and math.max(row[USED], counter.stop) + my.patience(counter) <= now then
    my.drop(counter)
    return nil
  end
  local reset = row[SEEN] < last_reset and my.reset_of(counter) or 0
  if reset > row[1] then
    my.zero(counter, reset)
    counter.has_moved = true
  elseif counter.sliding > 0 then
    counter.has_moved = my.slide(counter)
  end
  if counter.has_moved then my.save(counter) end
  return row
end

function my.make(counter)
  local made = my.next_tick()
  counter.row, counter.rest, counter.is_new = {made, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, ''}, nil, true
  counter.tokens, counter.money = nil, nil
  local perishable, _, text = my.details_of(counter)
  -- A key that is a hash says what it is the hash of.
  if text ~= '' then my.rest_of(counter).text = text end
  if counter.perishes then
    call('ZADD', PERISHABLE, (counter.stop ~= 0 and counter.stop or now) + my.patience(counter), perishable)
  end
  if counter.index then call('HSETNX', MARKS, 'index ' .. counter.index, made) end
end

function my.add_aside(counter, name, unit, amount, sign)
  if amount == 0 then return end
  local rest = my.rest_of(counter)
  local sums = rest[name] or {0, 0, 0}
  sums[unit] = my.plus(sums[unit], amount, sign)
  rest[name] = sums
end

function my.add_aside_all(counter, name, amounts, sign)
  for unit = 1, 3 do my.add_aside(counter, name, unit, amounts[unit], sign) end
end

function my.count(counter, name, number)
  if number == 0 then return end
  local rest = my.rest_of(counter)
  rest[name] = my.plus(rest[name] or 0, number, 1)
end

-- Charges are lists: input tokens, output tokens, nano-USD, requests, and then 1 or 0: unconfirmed, estimated, unpriced.

function my.amounts_of(charge)
  return {charge[1] + charge[2], charge[3], charge[4]}
end

function my.book_bucket(counter, amounts, charge, sign, at)
  local index = my.bucket_of(counter, at)
  if index < my.bucket_of(counter, now) - my.BUCKETS then return false end
  local buckets, name = my.buckets_of(counter), format('%.0f', index)
  local sums = buckets[name] or {0, 0, 0, 0, 0, 0}
  for unit = 1, 3 do
    sums[unit] = my.plus(sums[unit], amounts[unit], sign)
    if charge[5] == 1 then sums[3 + unit] = my.plus(sums[3 + unit], amounts[unit], sign) end
  end
  buckets[name] = sums
  return true
end

-- Count a charge in the window of `at`, or (sign -1) undo that. `save` must follow.
function my.book(counter, charge, amounts, sign, at)
  if counter.sliding > 0 and not my.book_bucket(counter, amounts, charge, sign, at) then return end
  local row = counter.row
  for unit = 1, 3 do row[SPENT + unit] = my.plus(row[SPENT + unit], amounts[unit], sign) end
  row[INPUT] = my.plus(row[INPUT], charge[1], sign)
  row[OUTPUT] = my.plus(row[OUTPUT], charge[2], sign)
  if charge[5] == 1 then my.add_aside_all(counter, 'u', amounts, sign) end
  my.count(counter, 'e', sign * charge[6])
  my.count(counter, 'p', sign * charge[7])
end
