-- The keys of all indexes by cost.

local found, fields = {}, call('HKEYS', MARKS)
for _, field in ipairs(fields) do
  if string.sub(field, 1, 6) == 'index ' then found[#found + 1] = string.sub(field, 7) end
end
return found
