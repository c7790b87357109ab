-- The rows of some counters, after their resets and their sliding.
--   -> 's' now if a window is stale | how many rows have moved in their index; for each row its sums as doubles, in Python's
--      order, as remainders of 2^52, and (if there are such) how often 2^52; the buckets that slide, names and sums in turns

local my = library()
if my.is_stale() then return 's ' .. my.whole(now) end

local function written(sums)
  local highs, lows, is_large = {}, {}, false
  for i, sum in ipairs(sums) do
    highs[i], lows[i] = my.parts(sum)
    is_large = is_large or highs[i] ~= 0
  end
  local layout = '<' .. string.rep('d', #sums)
  return struct.pack(layout, unpack(lows)) .. (is_large and struct.pack(layout, unpack(highs)) or '')
end

local ZEROS = {0, 0, 0}
local rows, buckets, moved = {}, {}, 0
for i, counter in ipairs(my.read_counters()) do
  local row = my.load(counter)
  rows[i], buckets[i] = '', {}
  if row then
    local rest = my.rest_of(counter)
    local u, o, n = rest.u or ZEROS, rest.o or ZEROS, rest.n or ZEROS
    rows[i] = written({
      row[2], row[3], row[4], row[5], row[6], row[7], u[1], u[2], u[3], o[1], o[2], o[3], n[1], n[2], n[3],
      row[INPUT], row[OUTPUT], rest.b or 0, rest.e or 0, rest.p or 0,
    })
    for name, sums in pairs(rest.s or {}) do
      local flat = buckets[i]
      flat[#flat + 1], flat[#flat + 2] = name, written(sums)
    end
  end
  if counter.has_moved then moved = moved + 1 end
end
return {moved, rows, buckets}
