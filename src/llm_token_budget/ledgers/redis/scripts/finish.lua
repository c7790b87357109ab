-- After the horizon an unconfirmed charge stands: it is listed no more.

local held = my.find_held()
if not held then
  call('ZREM', my.UNCONFIRMED, id)
elseif held.state == 'c' and my.is_final(held) then
  my.forget_unconfirmed()
  my.remember(my.shown(held.charge))
end
return 1
