-- After the horizon an unconfirmed charge stands: it is listed no more.

local my = library()
local held = my.find_held()
if not held then
  my.forget_unconfirmed()
elseif held.state == 'c' and my.is_final(held) then
  my.forget_unconfirmed()
  my.remember(held.charge)
end
return 1
