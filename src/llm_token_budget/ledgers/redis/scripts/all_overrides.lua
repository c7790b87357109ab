-- All overrides: fields and amounts, in turns.

local found, flat = {}, call('HGETALL', MARKS)
for i = 1, #flat, 2 do
  if string.sub(flat[i], 1, 9) == 'override ' then
    found[#found + 1], found[#found + 2] = flat[i], flat[i + 1]
  end
end
return found
