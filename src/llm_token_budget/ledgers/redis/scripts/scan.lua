-- A page of the keys of all rows.  -> now, where the next page begins, how many reservations are open, keys

local operation = cjson.decode(ARGV[3])
local page = call('SCAN', operation[1], 'MATCH', operation[2], 'COUNT', operation[3])
return {string.format('%.17g', now), page[1], call('ZCARD', LEASES), page[2]}
