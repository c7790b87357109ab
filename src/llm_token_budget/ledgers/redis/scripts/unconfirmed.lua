-- A page of the unconfirmed charges, oldest first.  -> ids and records, in turns; how many the page had before it was sifted

local offset, count = unpack(cjson.decode(ARGV[3]))
local page = call('ZRANGE', my.UNCONFIRMED, offset, offset + count - 1)
local found = {}
for _, each in ipairs(page) do
  local record = call('HGET', my.HELD, each)
  local at = record and string.sub(record, 1, 1) == 'c' and struct.unpack('<d', record, 2)
  if at and at + my.longest + my.DAY > my.now then
    found[#found + 1], found[#found + 2] = each, record
  end
end
return {#page, found}
