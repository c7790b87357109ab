-- What every script begins with: the clock, the ledger's state, the record of an id and the rows of counters, in one read.
--
-- KEYS   of a quick script: leases, moved, state, the record of the id; then a row for each counter. Of the others: four more
--        before them, marks, held, unconfirmed, perishable; and after them, for each counter that has a key, the index of its
--        scope and window. All in one hash tag.
-- ARGV   1 the clock (empty: this server's), 2 an id, 3 the operation, 4 the counters as they are stored, 5 the shape: four
--        numbers for each counter, 6 what else a quick script needs. Of the others: 6 details as JSON, read only where they are
--        needed; then, for each counter that has a key, its name in the index; then what the operation has more.
--
-- Shape: flags (1: it has a key; 2: it perishes; 4: it slides), its window's start and end (0: none), and for how many seconds
-- it is kept after its last use.
--
-- State: 1 the last tick, 2 the longest lease and 3 since when, 4 the tick of the last reset of all, 5 of any other reset, 6 are
-- there overrides? What has names is a field of the hash `marks`: resets, overrides, indexes.
--
-- A row is a string of 14 values: 1 the tick of its making, or of its last reset; what is spent (2 tokens, 3 nano-USD,
-- 4 requests), what is reserved (5 6 7), 8 how many reservations are open, 9 input and 10 output tokens, 11 when it was last used
-- (if it perishes), 12 up to which reset it has looked, and 13 the rest, as a string of its own: most of the time nobody reads it; 14 with how
-- many tokens it stands in its index, if it has moved since and is in the set `moved`, else -1.
--
-- Numbers in Lua are doubles: exact below 2^53. A larger sum is a pair: how often 2^52, and the remainder. A row with such a sum
-- has -1 as its 12th value, so that nobody takes it for a plain one.
--
-- Functions are made anew in each run: quick scripts have few, and answer 'f' to whatever isn't plain. Then the caller sends the
-- script in full, which does what the quick one does and the rest.

local call, encode, decode = redis.call, cmsgpack.pack, cmsgpack.unpack
local LEASES, MOVED, STATE, RECORD = KEYS[FIXED - 3], KEYS[FIXED - 2], KEYS[FIXED - 1], KEYS[FIXED]
local LARGE, DAY = 4503599627370496, 86400

local id = ARGV[2]
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] + time[2] / 1000000
end

local shape = {decode(ARGV[5])}
local count = #shape / 4
local stored = call('MGET', unpack(KEYS, FIXED - 1, FIXED + count))
local record = stored[2]
local tick, longest, longest_since, reset_of_all, last_other_reset, has_overrides = 0, 0, 0, 0, 0, 0
if stored[1] then
  tick, longest, longest_since, reset_of_all, last_other_reset, has_overrides = decode(stored[1])
end
local last_reset = reset_of_all > last_other_reset and reset_of_all or last_other_reset

-- The rows, if all of them are there, small, and as they should be: nothing to slide, to zero or to drop. Otherwise nil.
local function plain_rows()
  local rows = {}
  for i = 1, count do
    local bytes, at = stored[2 + i], 4 * i
    if not bytes then return nil end
    local flags, row = shape[at - 3], {decode(bytes)}
    if flags >= 4 or row[12] < last_reset or row[2] + row[3] + row[5] + row[6] >= LARGE then return nil end
    if flags >= 2 and row[8] <= 0 and math.max(shape[at - 1], row[11] + shape[at]) <= now then return nil end
    rows[i] = row
  end
  return rows
end

-- Keys and values of what never expires: written in one go at the end.
local writes = {}

-- Write a plain row, which is used: noted when, where that decides how long it is kept: a day longer than anyone needs it.
local function write_plain(i, row)
  local key, flags = KEYS[FIXED + i], shape[4 * i - 3]
  if flags < 2 then
    local last = #writes
    writes[last + 1], writes[last + 2] = key, encode(unpack(row, 1, 14))
    return
  end
  row[11] = now
  if shape[4 * i - 1] ~= 0 then
    call('SET', key, encode(unpack(row, 1, 14)), 'KEEPTTL')
  else
    call('SET', key, encode(unpack(row, 1, 14)), 'PX', math.ceil((math.min(shape[4 * i] + longest, 1e11) + DAY) * 1000))
  end
end
