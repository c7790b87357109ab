-- What is unconfirmed under an id.

return call('HGET', HELD, id)
