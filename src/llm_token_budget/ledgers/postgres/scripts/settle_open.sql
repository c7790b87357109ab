-- What nearly always happens, without a detour: an open reservation learns the truth. (settle.sql is the long form.)
--
-- _numbers: the tokens, nano-USD and requests that are reserved; what was charged: input tokens, output tokens, nano-USD, requests; 1
-- or 0 for estimated, unpriced.
--
-- Answers whether it was so. If not, nothing has changed.
CREATE FUNCTION @schema@.settle_open(_id uuid, _ids uuid[], _numbers bigint[], _clock double precision) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision := @schema@.clock(_clock);
    _counter uuid;
BEGIN
    -- Below 2, which is 1: the plan keeps to the one row of the id, away from the index of those whose state is 1.
    UPDATE @schema@.reservations SET
        state = 3, ended = _now, charge = _numbers[4:7], estimated = _numbers[8] = 1, unpriced = _numbers[9] = 1,
        handle = NULL, shadow = NULL, counters = NULL, reserved = NULL
    WHERE id = _id AND state < 2 AND expires > _now AND counters = _ids AND reserved = _numbers[1:3] AND NOT slides;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- One by one, in the order of their ids: a plan for any number of them would be made anew each time.
    FOREACH _counter IN ARRAY _ids LOOP
        UPDATE @schema@.counters SET
            open = open - 1,
            reserved_tokens = reserved_tokens - _numbers[1],
            reserved_nano_usd = reserved_nano_usd - _numbers[2],
            reserved_requests = reserved_requests - _numbers[3],
            tokens = tokens + _numbers[4] + _numbers[5],
            nano_usd = nano_usd + _numbers[6],
            requests = requests + _numbers[7],
            ranked_nano_usd = ranked_nano_usd + _numbers[6],
            ranked_tokens = ranked_tokens + _numbers[4] + _numbers[5],
            input_tokens = input_tokens + _numbers[4],
            output_tokens = output_tokens + _numbers[5],
            estimated = estimated + _numbers[8],
            unpriced = unpriced + _numbers[9],
            overrun_tokens = overrun_tokens + greatest(_numbers[4] + _numbers[5] - _numbers[1], 0),
            overrun_nano_usd = overrun_nano_usd + greatest(_numbers[6] - _numbers[2], 0),
            overrun_requests = overrun_requests + greatest(_numbers[7] - _numbers[3], 0),
            touched = greatest(touched, _now)
        WHERE id = _counter;
    END LOOP;
    RETURN true;
END
$body$;
