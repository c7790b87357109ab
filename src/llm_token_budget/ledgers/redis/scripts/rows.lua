-- What every script begins with: the clock, the ledger's marks, and the rows of counters.
--
-- KEYS   1 marks, 2 leases, 3 held, 4 unconfirmed, 5 ended, 6 perishable; then a row for each counter; then, for each counter
--        that has a key, the index of its scope and window. All in one hash tag.
-- ARGV   1 the clock (empty: this server's), 2 an id, 3 the operation, 4 the counters as they are stored, 5 a digit for each
--        counter (1: it has a key; 2: it has details; 3: both), 6 the details as JSON, read only where there are any; then, for
--        each counter that has a key, its name in the index.
--
-- A row is a hash: s (the tick of its making, or of its last reset), what is spent (t tokens, m nano-USD, r requests), what is
-- reserved (T M R), how many reservations are open (o), input and output tokens (i u), b blocked, a when it was last used, and
-- rarer: unconfirmed (ut um ur), overrun (ot om or), unreserved (nt nm nr), e estimated, p unpriced; a bucket of a sliding
-- window is named by its number. In here the sums are a list, in the order of SUMS.
--
-- Numbers in Lua are doubles. Below 2^53 they are exact, also on their way into redis.call, which prints 17 digits. Sums that
-- come near to it are only added to, by HINCRBY, which counts to 2^63. Strings are never made with `..` from numbers.

-- Everything is in one table: a function costs the more to make the more locals there are around it, and all of them are made
-- anew in each run.

local my = {}
local call, format = redis.call, string.format

my.MARKS, my.LEASES, my.HELD, my.UNCONFIRMED, my.ENDED, my.PERISHABLE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
my.WHOLE, my.LARGE, my.DAY, my.BUCKETS = 9007199254740992, 4503599627370496, 86400, 60
my.SUMS = {'t', 'm', 'r', 'T', 'M', 'R', 'o', 'i', 'u'}
my.SPENT, my.RESERVED, my.OPEN, my.INPUT, my.OUTPUT = 0, 3, 7, 8, 9
my.UNSURE, my.OVERRUN, my.UNRESERVED = {'ut', 'um', 'ur'}, {'ot', 'om', 'or'}, {'nt', 'nm', 'nr'}

if ARGV[1] ~= '' then
  my.now = tonumber(ARGV[1])
else
  local time = call('TIME')
  my.now = time[1] + time[2] / 1000000
end

my.marks = call('HMGET', my.MARKS, 'longest lease', 'longest lease since', 'reset', 'resets', 'overrides')
my.longest = tonumber(my.marks[1]) or 0
my.reset_of_all = tonumber(my.marks[3]) or 0

function my.whole(time)
  return format('%.17g', time)
end

function my.read_counters()
  local kinds, counters, keyed = ARGV[5], {}, 0
  local count = #kinds
  -- Marks of resets other than of all are fields of the marks: only looked at once there are any.
  local details = (my.marks[4] or string.find(kinds, '[23]')) and cjson.decode(ARGV[6])
  for i = 1, count do
    local kind = string.byte(kinds, i) - 48
    local counter = {row_key = KEYS[6 + i], start = 0, stop = 0, sliding = 0, perishable = '', text = ''}
    if details then
      local each = details[i + 1]
      counter.idle, counter.start, counter.stop, counter.sliding = details[1], each[1], each[2], each[3]
      counter.perishable, counter.resets, counter.text = each[4], each[5], each[6]
    end
    if kind % 2 == 1 then
      keyed = keyed + 1
      counter.index, counter.name = KEYS[6 + count + keyed], ARGV[6 + keyed]
    end
    counters[i] = counter
  end
  return counters
end

function my.is_past(counter)
  return counter.stop ~= 0 and counter.stop <= my.now
end

function my.is_stale(counters)
  for i = 1, #counters do
    local counter = counters[i]
    if counter.start > my.now or my.is_past(counter) then return true end
  end
  return false
end

function my.reset_of(counter)
  local last = my.reset_of_all
  if my.marks[4] then
    for _, name in ipairs(counter.resets) do
      last = math.max(last, tonumber(call('HGET', my.MARKS, name)) or 0)
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

function my.six(bucket)
  local numbers = {}
  for number in string.gmatch(bucket, '%S+') do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

-- Where a row stands in its index: by cost, then by tokens, then by name.
function my.rank(counter, tokens)
  return format('%016.0f', math.max(my.WHOLE - 1 - tokens, 0)) .. counter.name
end

function my.place(counter, tokens_before, money_before)
  local index = counter.index
  if not index then return end
  local tokens, money = counter.row[1], counter.row[2]
  if tokens == tokens_before and money == money_before then return end
  local rank = my.rank(counter, tokens)
  call('ZADD', index, 0 - money, rank)
  -- Not before: an index without anyone in it is gone, and with it the time when it is to go.
  if tokens_before and tokens ~= tokens_before then
    local before = my.rank(counter, tokens_before)
    if before ~= rank then call('ZREM', index, before) end
  end
end

function my.patience(counter)
  if counter.stop ~= 0 then return my.longest end
  return counter.sliding > 0 and counter.sliding * 2 or counter.idle
end

-- Drop a row, if there is one, and all that points to it.
function my.drop(counter)
  if counter.index then
    if counter.row then call('ZREM', counter.index, my.rank(counter, counter.row[1])) end
    if call('EXISTS', counter.index) == 0 then call('HDEL', my.MARKS, 'index ' .. counter.index) end
  end
  call('DEL', counter.row_key)
  if counter.perishable ~= '' then call('ZREM', my.PERISHABLE, counter.perishable) end
  counter.row = nil
end

function my.buckets_of(counter)
  local buckets, flat = {}, call('HGETALL', counter.row_key)
  for i = 1, #flat, 2 do
    local index = tonumber(flat[i])
    if index then buckets[index] = flat[i + 1] end
  end
  return buckets
end

function my.add_aside(counter, field, amount)
  if amount ~= 0 then call('HINCRBY', counter.row_key, field, format('%.0f', amount)) end
end

-- Let go of the buckets that have left a sliding window.
function my.slide(counter)
  local oldest, row = my.bucket_of(counter, my.now) - my.BUCKETS, counter.row
  local key, tokens, money, has_slid = counter.row_key, row[1], row[2], false
  for index, bucket in pairs(my.buckets_of(counter)) do
    if index < oldest then
      local numbers = my.six(bucket)
      has_slid = true
      call('HDEL', key, format('%.0f', index))
      for unit = 1, 3 do
        row[unit] = row[unit] - numbers[unit]
        my.add_aside(counter, my.SUMS[unit], -numbers[unit])
        my.add_aside(counter, my.UNSURE[unit], -numbers[3 + unit])
      end
    end
  end
  if has_slid then my.place(counter, tokens, money) end
  return has_slid
end

my.KEPT = {T = true, M = true, R = true, o = true, a = true, s = true, text = true}

function my.zero(counter, reset)
  local gone, row = {}, counter.row
  for _, field in ipairs(call('HKEYS', counter.row_key)) do
    if not my.KEPT[field] then gone[#gone + 1] = field end
  end
  if #gone > 0 then call('HDEL', counter.row_key, unpack(gone)) end
  call('HSET', counter.row_key, 's', reset)
  local tokens = row[1]
  row[1], row[2], row[3], row[my.INPUT], row[my.OUTPUT] = 0, 0, 0, 0, 0
  counter.since = reset
  -- A reset of all has taken the order from the index: also at the same tokens the place may be another.
  my.place(counter, tokens, -1)
end

-- The row of a counter, after its reset and its sliding; nil if there is none, or if it has perished.
function my.load(counter)
  local got = call('HMGET', counter.row_key, 's', 't', 'm', 'r', 'T', 'M', 'R', 'o', 'i', 'u')
  local since = tonumber(got[1])
  if not since then return nil end
  local t, m, r, T, M, R = got[2] or 0, got[3] or 0, got[4] or 0, got[5] or 0, got[6] or 0, got[7] or 0
  local row = {t + 0, m + 0, r + 0, T + 0, M + 0, R + 0, (got[8] or 0) + 0, (got[9] or 0) + 0, (got[10] or 0) + 0}
  counter.row, counter.since = row, since
  counter.is_large = row[1] >= my.LARGE or row[2] >= my.LARGE or row[4] >= my.LARGE or row[5] >= my.LARGE
  if counter.perishable ~= '' and row[my.OPEN] <= 0 then
    local used = tonumber(call('HGET', counter.row_key, 'a')) or 0
    if math.max(used, counter.stop) + my.patience(counter) <= my.now then
      my.drop(counter)
      return nil
    end
  end
  local reset = my.reset_of(counter)
  if reset > since then
    my.zero(counter, reset)
    counter.has_moved = true
  elseif counter.sliding > 0 then
    counter.has_moved = my.slide(counter)
  end
  return row
end

-- The store drops what no worker has dropped: a day later, or a day after a lease of `lease` seconds.
function my.keep_alive(counter, lease)
  local last = counter.stop ~= 0 and counter.stop > my.now and counter.stop - my.now or 0
  local seconds = math.min(math.max(last + my.patience(counter) + my.longest, lease) + my.DAY, 100000000000)
  local milliseconds = math.ceil(seconds * 1000)
  call('PEXPIRE', counter.row_key, milliseconds)
  if counter.index and counter.stop ~= 0 then call('PEXPIRE', counter.index, milliseconds) end
end

function my.make(counter)
  local tick = call('HINCRBY', my.MARKS, 'tick', 1)
  counter.row, counter.since, counter.is_new = {0, 0, 0, 0, 0, 0, 0, 0, 0}, tick, true
  call('HSET', counter.row_key, 's', tick)
  -- A key that is a hash says what it is the hash of.
  if counter.text ~= '' then call('HSET', counter.row_key, 'text', counter.text) end
  if counter.perishable ~= '' then
    local due = (counter.stop ~= 0 and counter.stop or my.now) + my.patience(counter)
    call('ZADD', my.PERISHABLE, due, counter.perishable)
  end
  if counter.index then
    call('HSETNX', my.MARKS, 'index ' .. counter.index, tick)
    my.place(counter, nil, nil)
  end
end

-- It is used: note when, where that decides how long it is kept.
function my.touch(counter, lease)
  if counter.perishable == '' then return end
  call('HSET', counter.row_key, 'a', my.now)
  if counter.is_new or counter.stop == 0 or lease >= my.DAY then my.keep_alive(counter, lease) end
end

function my.add_aside_all(counter, fields, amounts, sign)
  for unit = 1, 3 do my.add_aside(counter, fields[unit], sign * amounts[unit]) end
end

-- Add to sums. `write_sums` must follow.
function my.add(counter, sum, amount)
  counter.row[sum] = counter.row[sum] + amount
  if counter.is_large then my.add_aside(counter, my.SUMS[sum], amount) end
end

function my.write_sums(counter)
  if counter.is_large then return end
  local row = counter.row
  call(
    'HSET', counter.row_key, 't', row[1], 'm', row[2], 'r', row[3], 'T', row[4], 'M', row[5], 'R', row[6], 'o', row[7],
    'i', row[8], 'u', row[9]
  )
end

function my.hold(counter, reserved)
  for unit = 1, 3 do my.add(counter, my.RESERVED + unit, reserved[unit]) end
  my.add(counter, my.OPEN, 1)
  if counter.is_large then return end
  local row = counter.row
  call('HSET', counter.row_key, 'T', row[4], 'M', row[5], 'R', row[6], 'o', row[7])
end

-- Charges are lists: input tokens, output tokens, nano-USD, requests, and then 1 or 0: unconfirmed, estimated, unpriced.

function my.amounts_of(charge)
  return {charge[1] + charge[2], charge[3], charge[4]}
end

function my.book_bucket(counter, amounts, charge, sign, at)
  local index = my.bucket_of(counter, at)
  if index < my.bucket_of(counter, my.now) - my.BUCKETS then return false end
  local name = format('%.0f', index)
  local numbers = my.six(call('HGET', counter.row_key, name) or '0 0 0 0 0 0')
  for unit = 1, 3 do
    numbers[unit] = numbers[unit] + sign * amounts[unit]
    if charge[5] == 1 then numbers[3 + unit] = numbers[3 + unit] + sign * amounts[unit] end
  end
  call('HSET', counter.row_key, name, format('%.0f %.0f %.0f %.0f %.0f %.0f', unpack(numbers)))
  return true
end

-- Count a charge in the window of `at`, or (sign -1) undo that. `write_sums` must follow.
function my.book(counter, charge, amounts, sign, at)
  if counter.sliding > 0 and not my.book_bucket(counter, amounts, charge, sign, at) then return end
  for unit = 1, 3 do my.add(counter, my.SPENT + unit, sign * amounts[unit]) end
  my.add(counter, my.INPUT, sign * charge[1])
  my.add(counter, my.OUTPUT, sign * charge[2])
  if charge[5] == 1 then my.add_aside_all(counter, my.UNSURE, amounts, sign) end
  my.add_aside(counter, 'e', sign * charge[6])
  my.add_aside(counter, 'p', sign * charge[7])
end

-- A lease lengthens the horizon: for so long after its making, an ended reservation is known.
function my.note_lease(lease)
  if lease > my.longest then
    my.longest = lease
    call('HSET', my.MARKS, 'longest lease', lease, 'longest lease since', my.now)
    my.marks[2] = my.whole(my.now)
  end
end
