-- Hold a claim on all its counters, or on none; or only look.
--   -> the record of `held`, without counters if it is new | 's' now (stale) | 'e' (the id has ended) | 'r' shortages

local TAKEN = 'e'
local id = ARGV[2]
local looks, lease, fixed_tokens, fixed_money, fixed_requests, token_slope, money_slope, request_slope, want, least, share,
  share_floor, next_line = struct.unpack('<dddddddddddd', ARGV[3])
local fixed, slopes = {fixed_tokens, fixed_money, fixed_requests}, {token_slope, money_slope, request_slope}

-- ceil(slope * k / 1000), exactly: the product may be above 2^53, its parts are not, or the sum is beyond every limit.
local function cost(slope, k)
  if slope == 0 then return 0 end
  local rest = math.fmod(slope, 1000)
  local remainder = math.fmod(k, 1000)
  local thousands = (k - remainder) / 1000
  return (slope - rest) / 1000 * k + rest * thousands + math.ceil(rest * remainder / 1000)
end

-- The largest k, up to `most`, that costs no more than `room`. The quotient is a guess: it may be off by some.
local function affordable(slope, room, most)
  local k = math.min(math.floor(room / slope * 1000), most)
  while k > 0 and cost(slope, k) > room do k = k - 1 end
  while k < most and cost(slope, k + 1) <= room do k = k + 1 end
  return k
end

if looks == 0 then
  local held = call('HGET', my.HELD, id)
  if held then
    if string.sub(held, 1, 1) == 'o' and struct.unpack('<d', held, 2) > my.now then return held end
    return TAKEN
  end
  if call('EXISTS', my.ENDED) == 1 then return TAKEN end
end

local counters = my.read_counters()
if my.is_stale(counters) then return 's ' .. my.whole(my.now) end
for i = 1, #counters do my.load(counters[i]) end

local overrides
if my.marks[5] and #ARGV[3] > 96 then overrides = call('HMGET', my.MARKS, unpack(cjson.decode(ARGV[#ARGV]))) end

-- An override for the key goes before one for all, and that before the limit's own amount. What is no number is no limit.
local function amount_of(number, amount)
  local override = overrides and (overrides[2 * number - 1] or overrides[2 * number])
  if override then return tonumber(override) end
  if amount == amount then return amount end
  return nil
end

local function frees_at(counter)
  local first
  if counter.sliding > 0 and counter.row then
    for index in pairs(my.buckets_of(counter)) do
      if not first or index < first then first = index end
    end
  end
  if first then return my.whole((first + my.BUCKETS + 1) * counter.sliding / my.BUCKETS) end
  return counter.stop ~= 0 and my.whole(counter.stop) or '-'
end

local NOTHING = {0, 0, 0, 0, 0, 0}
local enforced, shadow, allowed = nil, nil, nil
for number = 1, (#ARGV[3] - 96) / 32 do
  local unit, own_amount, on, is_enforced
  unit, own_amount, on, is_enforced, next_line = struct.unpack('<dddd', ARGV[3], next_line)
  local counter = counters[on]
  local row = counter and counter.row or NOTHING
  local amount, spent, reserved = amount_of(number, own_amount), row[unit], row[my.RESERVED + unit]
  if amount then
    local room, slope = amount - spent - reserved - fixed[unit], slopes[unit]
    local least_cost = cost(slope, least)
    -- An amount of 0 means blocked, even for a call that needs none of this unit.
    if room < 0 or amount == 0 or least_cost > room then
      local needed = fixed[unit] + least_cost
      local unsure = counter and counter.row and call('HGET', counter.row_key, my.UNSURE[unit]) or '0'
      local shortage = format(
        '%d,%.0f,%.0f,%.0f,%s,%.0f,%d,%s', number - 1, amount, spent, reserved, unsure, needed,
        (amount ~= 0 and spent + needed <= amount) and 1 or 0, counter and frees_at(counter) or '-'
      )
      if is_enforced == 1 then
        enforced = enforced and enforced .. ';' .. shortage or shortage
      else
        shadow = shadow and shadow .. ';' .. shortage or shortage
      end
    elseif slope > 0 and is_enforced == 1 then
      allowed = affordable(slope, room, allowed or math.max(want * math.max(share, 1), least))
    end
  end
end
if enforced then return 'r ' .. enforced end

local k = want
if allowed then
  if share > 0 then k = math.min(k, math.max((allowed - math.fmod(allowed, share)) / share, share_floor)) end
  k = math.max(math.min(k, allowed), least)
elseif share > 0 then
  k = math.max(k, least)
end
local reserved = {fixed[1] + cost(slopes[1], k), fixed[2] + cost(slopes[2], k), fixed[3] + cost(slopes[3], k)}
local record = 'o' .. struct.pack(
  '<dddddddd', my.now + lease, my.now, k, allowed and 1 or 0, reserved[1], reserved[2], reserved[3], fixed[1]
) .. (shadow or '-') .. ' '
if looks == 1 then return record end

my.note_lease(lease)
for i = 1, #counters do
  local counter = counters[i]
  if not counter.row then my.make(counter) end
  my.hold(counter, reserved)
  my.touch(counter, lease)
end
call('HSET', my.HELD, id, record .. ARGV[4])
call('ZADD', my.LEASES, my.now + lease, id)
return record
