-- Drop rows that nobody will read again, if that is still so.

for _, counter in ipairs(my.read_counters()) do
  if my.load(counter) then
    local used = tonumber(call('HGET', counter.row_key, 'a')) or 0
    local due = math.max(used, counter.stop) + my.patience(counter)
    call('ZADD', my.PERISHABLE, math.max(due, my.now + my.longest + 1), counter.perishable)
  else
    my.drop(counter)
  end
end
return 1
