-- Drop rows that no reservation holds.

for _, counter in ipairs(my.read_counters()) do
  local row = my.load(counter)
  if row and row[my.OPEN] <= 0 then my.drop(counter) end
end
return 1
