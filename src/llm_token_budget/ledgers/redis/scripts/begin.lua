-- What every script begins with: the clock, the ledger's state, the record of an id and the rows of counters, in one read.
--
-- KEYS   of a quick script: leases, moved, state, the record of the id; then a row for each counter. Of the others: four more
--        before them, marks, held, unconfirmed, perishable; and after them, for each counter that has a key, the index of its
--        scope and window. All in one hash tag.
-- ARGV   1 the clock (empty: this server's), 2 an id, 3 the operation, 4 the counters as they are stored, 5 the shape: four
--        numbers for each counter, 6 what else a quick script needs. Of the others: 6 details as JSON, read only where they are
--        needed; then, for each counter that has a key, its name in the index; then what the operation has more.
--
-- Shape, in doubles, for each counter: flags (1: it has a key; 2: it perishes; 4: it slides), its window's start and end (0:
-- none), and for how many seconds it is kept after its last use. Then of all of them: is there one that perishes or slides? the
-- latest start and the earliest end.
--
-- State: 1 the last tick, 2 the longest lease and 3 since when, 4 the tick of the last reset of all, 5 of any other reset, 6 are
-- there overrides? What has names is a field of the hash `marks`: resets, overrides, indexes.
--
-- A row is 13 doubles: 1 the tick of its making, or of its last reset; what is spent (2 tokens, 3 nano-USD, 4 requests), what is
-- reserved (5 6 7), 8 how many reservations are open, 9 input and 10 output tokens, 11 when it was last used (if it perishes),
-- 12 up to which reset it has looked, 13 with how many tokens it stands in its index, if it has moved since and is in the set
-- `moved`, else -1. After them comes the rest, packed: most of the time there is none, or nobody reads it.
--
-- Numbers in Lua are doubles: exact below 2^53. A larger sum is a pair: how often 2^52, and the remainder. A row with such a sum
-- has -1 as its 12th value, so that nobody takes it for a plain one; before the rest it has nine doubles more, how often 2^52 in
-- its values 2 to 10.
--
-- Functions and tables are made anew in each run, and are most of what a script costs: quick scripts have hardly any, and answer
-- 'f' to whatever isn't plain. Then the caller sends the script in full, which does what the quick one does and the rest.

local call, encode, decode = redis.call, cmsgpack.pack, cmsgpack.unpack
local read, write = struct.unpack, struct.pack
local ROW = '<ddddddddddddd'
local LEASES, MOVED, STATE, RECORD = KEYS[FIXED - 3], KEYS[FIXED - 2], KEYS[FIXED - 1], KEYS[FIXED]
local LARGE, DAY = 4503599627370496, 86400

local id = ARGV[2]
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] + time[2] / 1000000
end

local SHAPE = ARGV[5]
local count = (#SHAPE - 24) / 32
local has_special, starts, stops = read('<ddd', SHAPE, 32 * count + 1)
local stored = call('MGET', unpack(KEYS, FIXED - 1, FIXED + count))
local record = stored[2]
local tick, longest, longest_since, reset_of_all, last_other_reset, has_overrides = 0, 0, 0, 0, 0, 0
if stored[1] then
  tick, longest, longest_since, reset_of_all, last_other_reset, has_overrides = decode(stored[1])
end
local last_reset = reset_of_all > last_other_reset and reset_of_all or last_other_reset
