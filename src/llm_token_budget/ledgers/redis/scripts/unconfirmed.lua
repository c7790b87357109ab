-- A page of the unconfirmed charges, oldest first.  -> how many the page had before it was sifted; ids and charges, in turns

local offset, size = unpack(cjson.decode(ARGV[3]))
local page = call('ZRANGE', UNCONFIRMED, offset, offset + size - 1)
local found = {}
for _, each in ipairs(page) do
  local held = call('HGET', HELD, each)
  if held and struct.unpack('<d', held, 2) + longest + DAY > now then
    found[#found + 1], found[#found + 2] = each, held
  end
end
return {#page, found}
