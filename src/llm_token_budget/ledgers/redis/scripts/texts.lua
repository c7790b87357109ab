-- What counters the rows are of whose keys are hashes: the keys after the fixed ones.

local my, texts = library(), {}
for i, bytes in ipairs(call('MGET', unpack(KEYS, FIXED + 1))) do
  local rest = bytes and my.unpacked(bytes)[REST] or ''
  texts[i] = rest ~= '' and decode(rest).text or ''
end
return texts
