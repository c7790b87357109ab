-- Hold a claim on all its counters, or on none; or only look. What the operation has more: lines, packed (a quick script's sixth
-- argument) and, as JSON, where their overrides are.
--   -> 'f' (send it in full) | the record, without counters if it is new | 's' now (stale) | 't' (the id is taken: it has ended) | 'r' shortages

local looks, lease, fixed_tokens, fixed_money, fixed_requests, token_slope, money_slope, request_slope, want, least, share,
  share_floor, gives_back = read('<ddddddddddddd', ARGV[3])
local fixed, slopes = {fixed_tokens, fixed_money, fixed_requests}, {token_slope, money_slope, request_slope}
local ceil, max, min = math.ceil, math.max, math.min

-- ceil(slope * k / 1000), exactly. A quotient below 10^12 is off by less than a thousandth; of what is larger, the product may be
-- above 2^53, its parts are not, or the sum is beyond every limit.
local function cost(slope, k)
  local product = slope * k
  if product < 1e15 then return ceil(product / 1000) end
  local rest = math.fmod(slope, 1000)
  local remainder = math.fmod(k, 1000)
  return (slope - rest) / 1000 * k + rest * ((k - remainder) / 1000) + ceil(rest * remainder / 1000)
end

if looks == 0 and record then
  if string.sub(record, 1, 1) == 'o' and read('<d', record, 2) > now then return record end
  return 't'
end
if starts > now or stops <= now then return 's ' .. string.format('%.17g', now) end

local lines, overrides = ARGV[6], nil
if library then
  rows, lines = load_in_full(), ARGV[#ARGV - 1]
  overrides = has_overrides == 1 and #lines > 0 and find_overrides()
elseif lease > longest or lease >= DAY or has_overrides == 1 then
  return 'f'
end

local enforced, shadow, allowed = nil, nil, nil
for number = 1, #lines / 32 do
  local unit, amount, on, is_enforced = read('<dddd', lines, 32 * number - 31)
  if overrides then amount = overridden(overrides, number, amount) end
  if amount == amount then
    local row, spent, reserved = rows[on], 0, 0
    if row then spent, reserved = row[1 + unit], row[4 + unit] end
    local room, slope = amount - spent - reserved - fixed[unit], slopes[unit]
    local least_cost = cost(slope, least)
    -- An amount of 0 means blocked, even for a call that needs none of this unit.
    if room < 0 or amount == 0 or least_cost > room then
      if not library then return 'f' end
      local short = shortage(number - 1, unit, on, amount, spent, reserved, fixed[unit] + least_cost)
      if is_enforced == 1 then
        enforced = enforced and enforced .. ';' .. short or short
      else
        shadow = shadow and shadow .. ';' .. short or short
      end
    elseif slope > 0 and is_enforced == 1 then
      allowed = allowed or max(want * max(share, 1), least)
      -- The largest k, up to what is allowed so far, that costs no more than there is room. The quotient is a guess: it may be off.
      if cost(slope, allowed) > room then
        local most = allowed
        allowed = min(math.floor(room / slope * 1000), most)
        while allowed > 0 and cost(slope, allowed) > room do allowed = allowed - 1 end
        while allowed < most and cost(slope, allowed + 1) <= room do allowed = allowed + 1 end
      end
    end
  end
end
if enforced then return 'r ' .. enforced end

local k = want
if allowed then
  if share > 0 then k = min(k, max((allowed - math.fmod(allowed, share)) / share, share_floor)) end
  k = max(min(k, allowed), least)
elseif share > 0 then
  k = max(k, least)
end
local tokens, money, requests =
  fixed_tokens + cost(token_slope, k), fixed_money + cost(money_slope, k), fixed_requests + cost(request_slope, k)
local marks = (allowed and 1 or 0) + 2 * gives_back
local opened = 'o' .. write('<dddddddd', now + lease, now, k, marks, tokens, money, requests, fixed_tokens)
  .. (shadow or '-') .. ' '
if looks == 1 then return opened end
