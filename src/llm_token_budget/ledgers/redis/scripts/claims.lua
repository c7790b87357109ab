-- What a reserve needs when something isn't plain.

local my, counters
local rows

local function load_in_full()
  my = library()
  counters = my.read_counters()
  local rows = {}
  for i, counter in ipairs(counters) do
    local row = my.load(counter)
    rows[i] = false
    if row then
      rows[i] = {}
      for sum = 1, 8 do rows[i][sum] = my.about(row[sum]) end
    end
  end
  return rows
end

local function find_overrides()
  return call('HMGET', MARKS, unpack(cjson.decode(ARGV[#ARGV])))
end

-- An override for the key goes before one for all, and that before the limit's own amount. What is no number is no limit.
local function overridden(overrides, number, amount)
  local override = overrides[2 * number - 1] or overrides[2 * number]
  if override then return tonumber(override) or 0 / 0 end
  return amount
end

local function frees_at(counter)
  local first
  if counter.sliding > 0 and counter.row then
    for name in pairs(my.buckets_of(counter)) do
      local index = tonumber(name)
      if not first or index < first then first = index end
    end
  end
  if first then return my.whole((first + my.BUCKETS + 1) * counter.sliding / my.BUCKETS) end
  return counter.stop ~= 0 and my.whole(counter.stop) or '-'
end

local function shortage(line, unit, on, amount, spent, reserved, needed)
  local counter, unsure = counters[on], 0
  if counter and counter.row then
    local sums = my.rest_of(counter).u
    unsure = sums and my.about(sums[unit]) or 0
  end
  return string.format(
    '%d,%.0f,%.0f,%.0f,%.0f,%.0f,%d,%s', line, amount, spent, reserved, unsure, needed,
    (amount ~= 0 and spent + needed <= amount) and 1 or 0, counter and frees_at(counter) or '-'
  )
end

local function hold_in_full(tokens, money, requests, lease)
  my.note_lease(lease)
  for _, counter in ipairs(counters) do
    if not counter.row then my.make(counter) end
    local row = counter.row
    row[5], row[6], row[7] = my.plus(row[5], tokens, 1), my.plus(row[6], money, 1), my.plus(row[7], requests, 1)
    row[OPEN] = row[OPEN] + 1
    my.save_used(counter, lease)
  end
end
