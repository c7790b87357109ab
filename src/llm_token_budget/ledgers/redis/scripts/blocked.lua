-- Count refused requests: in rows that exist, and in those without a key. A stranger's refusal makes no row.

local my = library()
local counts = cjson.decode(ARGV[3])
for i, counter in ipairs(my.read_counters()) do
  if not my.load(counter) and not counter.index and not my.is_past(counter) then my.make(counter) end
  if counter.row then
    my.count(counter, 'b', counts[i])
    my.save_used(counter, 0)
  end
end
return 1
