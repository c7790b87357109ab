-- What a quick script goes on with: the rows, if all of them are there, small, and as they should be, with nothing to slide, to
-- zero or to drop. Of a row, 14 is its rest.

local rows = {}
for i = 1, count do
  local bytes = stored[2 + i]
  if not bytes then return 'f' end
  local row = {read(ROW, bytes)}
  if row[12] < last_reset or row[2] + row[3] + row[5] + row[6] >= LARGE then return 'f' end
  if has_special == 1 then
    local flags, _, stop, kept = read('<dddd', SHAPE, 32 * i - 31)
    if flags >= 4 or (flags >= 2 and row[8] <= 0 and math.max(stop, row[11] + kept) <= now) then return 'f' end
    if flags >= 2 then row[11] = now end
  end
  row[14] = #bytes > 104 and string.sub(bytes, 105) or ''
  rows[i] = row
end

-- Keys and values that are written in one go at the end. Made with room for some: growing costs more.
local writes, last = {nil, nil, nil, nil, nil, nil, nil, nil}, 0
