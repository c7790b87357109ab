-- Put rows in their place. The keys after those of the rows and their indexes are all that were asked for: some may be gone.

local my = library()
local counters, keyed = my.read_counters(), 0
for _, counter in ipairs(counters) do
  if counter.index then keyed = keyed + 1 end
  if my.load(counter) and counter.row[PLACED] >= 0 then
    my.save(counter)
  else
    call('SREM', MOVED, counter.row_key)
  end
end
for i = FIXED + count + keyed + 1, #KEYS do
  if call('EXISTS', KEYS[i]) == 0 then call('SREM', MOVED, KEYS[i]) end
end
return 1
