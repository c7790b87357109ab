-- The overrides of some lines: for each its own and that for all.

return call('HMGET', MARKS, unpack(cjson.decode(ARGV[3])))
