-- The counters of a family by cost, highest first, then by tokens, then by name. If the window has ended: one row, with the clock.
CREATE FUNCTION @schema@.users(
    _family uuid, _slides boolean, _limit bigint, _offset bigint, _start bigint, _end bigint, _clock double precision
) RETURNS TABLE (now double precision, name bytea, numbers bigint[])
LANGUAGE plpgsql STABLE AS $body$
BEGIN
    now := @schema@.clock(_clock);
    IF _start > now OR _end <= now THEN
        RETURN NEXT;
        RETURN;
    END IF;
    IF _slides THEN
        -- What they cost changes by itself as time passes: no index knows it.
        RETURN QUERY
            SELECT users.now, listed.name, listed.numbers FROM (
                SELECT counter.name, @schema@.numbers(counter, users.now) AS numbers FROM @schema@.counters AS counter
                WHERE family = _family AND ranked_nano_usd IS NOT NULL
            ) AS listed
            ORDER BY listed.numbers[2] DESC, listed.numbers[1] DESC, listed.name LIMIT _limit OFFSET _offset;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT users.now, listed.name, @schema@.numbers(listed, users.now) FROM (
            SELECT * FROM @schema@.counters AS counter WHERE family = _family AND ranked_nano_usd IS NOT NULL
            ORDER BY ranked_nano_usd DESC, ranked_tokens DESC, substring(counter.name FROM 1 FOR 256), counter.name
            LIMIT _limit OFFSET _offset
        ) AS listed
        ORDER BY ranked_nano_usd DESC, ranked_tokens DESC, listed.name;
END
$body$;
