-- The record of what is open or unconfirmed under an id.

return call('HGET', my.HELD, ARGV[2])
