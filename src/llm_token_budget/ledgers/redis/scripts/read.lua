-- The rows of some counters, after their resets and their sliding.
--   -> 's' now if a window is stale | how many rows have moved in their index, and the rows

local counters = my.read_counters()
if my.is_stale(counters) then return 's ' .. my.whole(my.now) end
local rows, moved = {}, 0
for i, counter in ipairs(counters) do
  rows[i] = my.load(counter) and call('HGETALL', counter.row_key) or {}
  if counter.has_moved then moved = moved + 1 end
end
return {moved, rows}
