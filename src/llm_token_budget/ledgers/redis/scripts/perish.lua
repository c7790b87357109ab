-- Drop rows that nobody will read again, if that is still so.

local my = library()
for _, counter in ipairs(my.read_counters()) do
  local row = my.load(counter)
  if row then
    local perishable = my.details_of(counter)
    local due = math.max(row[USED], counter.stop) + my.patience(counter)
    call('ZADD', PERISHABLE, math.max(due, now + longest + 1), perishable)
  else
    my.drop(counter)
  end
end
return 1
