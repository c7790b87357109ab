-- The records of some ids: the keys after the fixed ones.

local records = call('MGET', unpack(KEYS, FIXED + 1))
for i = 1, #records do records[i] = records[i] or '' end
return records
