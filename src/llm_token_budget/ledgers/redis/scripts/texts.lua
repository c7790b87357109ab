-- What counters the rows are of whose keys are hashes: the keys after the fixed ones.

local texts = {}
for i = 7, #KEYS do texts[i - 6] = call('HGET', KEYS[i], 'text') or '' end
return texts
