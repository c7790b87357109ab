-- Give back an unconfirmed charge.  -> what it was, or nothing if there is none

local my = library()
local held = my.find_held()
if not held or held.state ~= 'c' or my.is_final(held) then return false end
my.replace(held, my.read_counters(), nil)
return my.shown(held.charge)
