-- How a reserve ends in full.

hold_in_full(tokens, money, requests, lease)
call('SET', RECORD, opened .. ARGV[4])
call('ZADD', LEASES, now + lease, id)
return opened
