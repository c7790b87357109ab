-- What counters the rows are of whose keys are hashes: the keys after the fixed ones.

local texts = {}
for i, bytes in ipairs(call('MGET', unpack(KEYS, FIXED + 1))) do
  local rest = bytes and select(REST, decode(bytes)) or ''
  texts[i] = rest ~= '' and decode(rest).text or ''
end
return texts
