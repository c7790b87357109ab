-- Drop rows that no reservation holds.

local my = library()
for _, counter in ipairs(my.read_counters()) do
  local row = my.load(counter)
  if row and row[OPEN] <= 0 then my.drop(counter) end
end
return 1
