-- Book what was spent without asking, once for each id.  -> 's' now if a window is stale, else '1'

if record then return '1' end
local my = library()
local at, c1, c2, c3, c4, c5, c6, c7 = struct.unpack('<dddddddd', ARGV[3])
local charge = {c1, c2, c3, c4, c5, c6, c7}
local amounts = my.amounts_of(charge)
if at ~= at then
  if my.is_stale() then return 's ' .. my.whole(now) end
  at = now
end
for _, counter in ipairs(my.read_counters()) do
  if not my.load(counter) then my.make(counter) end
  my.book(counter, charge, amounts, 1, at)
  my.add_aside_all(counter, 'n', amounts, 1)
  my.save_used(counter, 0)
end
call('SET', RECORD, 'n', 'PX', math.ceil((longest + DAY) * 1000))
return '1'
