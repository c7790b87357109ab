-- A counter's numbers as they stand now: spent, reserved, unconfirmed, overrun, unreserved (tokens, nano-USD and requests of each),
-- input tokens, output tokens, blocked, estimated, unpriced.
CREATE FUNCTION @schema@.numbers(_counter @schema@.counters, _now double precision) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $body$
DECLARE
    _gone bigint[] := '{0,0,0,0,0,0}';
BEGIN
    IF _counter.sliding > 0 THEN
        _gone := @schema@.left_window(_counter.id, @schema@.step(_now, _counter.sliding) - 60);
    END IF;
    RETURN ARRAY[
        _counter.tokens - _gone[1], _counter.nano_usd - _gone[2], _counter.requests - _gone[3],
        _counter.reserved_tokens, _counter.reserved_nano_usd, _counter.reserved_requests,
        _counter.unconfirmed_tokens - _gone[4], _counter.unconfirmed_nano_usd - _gone[5], _counter.unconfirmed_requests - _gone[6],
        _counter.overrun_tokens, _counter.overrun_nano_usd, _counter.overrun_requests,
        _counter.unreserved_tokens, _counter.unreserved_nano_usd, _counter.unreserved_requests,
        _counter.input_tokens, _counter.output_tokens, _counter.blocked, _counter.estimated, _counter.unpriced
    ];
END
$body$;
