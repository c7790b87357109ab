-- Some of the rows that have moved since they were put into their index, and how many there are.

return {call('SCARD', MOVED), call('SRANDMEMBER', MOVED, ARGV[3])}
