-- Hold a claim on all its counters, or on none; or only look. What the operation has more: lines, packed (a quick script's sixth
-- argument) and, as JSON, where their overrides are.
--   -> 'f' (send it in full) | the record, without counters if it is new | 's' now (stale) | 't' (the id is taken: it has ended) | 'r' shortages

local looks, lease, fixed_tokens, fixed_money, fixed_requests, token_slope, money_slope, request_slope, want, least, share,
  share_floor = struct.unpack('<dddddddddddd', ARGV[3])
local fixed, slopes = {fixed_tokens, fixed_money, fixed_requests}, {token_slope, money_slope, request_slope}

-- ceil(slope * k / 1000), exactly: the product may be above 2^53, its parts are not, or the sum is beyond every limit.
local function cost(slope, k)
  if slope == 0 then return 0 end
  local rest = math.fmod(slope, 1000)
  local remainder = math.fmod(k, 1000)
  return (slope - rest) / 1000 * k + rest * ((k - remainder) / 1000) + math.ceil(rest * remainder / 1000)
end

-- The largest k, up to `most`, that costs no more than `room`. The quotient is a guess: it may be off by some.
local function affordable(slope, room, most)
  if cost(slope, most) <= room then return most end
  local k = math.min(math.floor(room / slope * 1000), most)
  while k > 0 and cost(slope, k) > room do k = k - 1 end
  while k < most and cost(slope, k + 1) <= room do k = k + 1 end
  return k
end

if looks == 0 and record then
  if string.sub(record, 1, 1) == 'o' and struct.unpack('<d', record, 2) > now then return record end
  return 't'
end
for i = 1, 4 * count, 4 do
  local stop = shape[i + 2]
  if shape[i + 1] > now or (stop ~= 0 and stop <= now) then return 's ' .. string.format('%.17g', now) end
end

local rows = plain_rows()
local is_full = not rows or lease > longest or lease >= DAY or has_overrides == 1
if is_full then
  if not library then return 'f' end
  rows = load_in_full()
end

local lines = {decode(ARGV[library and #ARGV - 1 or 6])}
local overrides = has_overrides == 1 and library and overrides_of(lines)
local enforced, shadow, allowed = nil, nil, nil
for number = 1, #lines / 4 do
  local at = 4 * number
  local unit, amount, on, is_enforced = lines[at - 3], lines[at - 2], lines[at - 1], lines[at]
  if overrides then amount = overridden(overrides, number, amount) end
  if amount == amount then
    local row, spent, reserved = rows[on], 0, 0
    if row then spent, reserved = row[1 + unit], row[4 + unit] end
    local room, slope = amount - spent - reserved - fixed[unit], slopes[unit]
    local least_cost = cost(slope, least)
    -- An amount of 0 means blocked, even for a call that needs none of this unit.
    if room < 0 or amount == 0 or least_cost > room then
      if not library then return 'f' end
      if not is_full then rows, is_full = load_in_full(), true end
      local short = shortage(number - 1, unit, on, amount, spent, reserved, fixed[unit] + least_cost)
      if is_enforced == 1 then
        enforced = enforced and enforced .. ';' .. short or short
      else
        shadow = shadow and shadow .. ';' .. short or short
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
local tokens, money, requests =
  fixed_tokens + cost(token_slope, k), fixed_money + cost(money_slope, k), fixed_requests + cost(request_slope, k)
local opened = 'o' .. struct.pack('<dddddddd', now + lease, now, k, allowed and 1 or 0, tokens, money, requests, fixed_tokens)
  .. (shadow or '-') .. ' '
if looks == 1 then return opened end

if is_full then
  hold_in_full(tokens, money, requests, lease)
else
  for i = 1, count do
    local row = rows[i]
    row[5], row[6], row[7], row[8] = row[5] + tokens, row[6] + money, row[7] + requests, row[8] + 1
    write_plain(i, row)
  end
end
local last = #writes
writes[last + 1], writes[last + 2] = RECORD, opened .. ARGV[4]
call('MSET', unpack(writes))
call('ZADD', LEASES, now + lease, id)
return opened
