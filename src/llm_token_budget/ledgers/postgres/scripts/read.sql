-- The numbers of some counters, those that exist. If a window has ended: one row, with the clock and without numbers.
CREATE FUNCTION @schema@.read(_ids uuid[], _start bigint, _end bigint, _clock double precision)
RETURNS TABLE (now double precision, place integer, numbers bigint[])
LANGUAGE plpgsql STABLE AS $body$
BEGIN
    now := @schema@.clock(_clock);
    IF _start > now OR _end <= now THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT read.now, array_position(_ids, counter.id), @schema@.numbers(counter, read.now)
        FROM @schema@.counters AS counter WHERE counter.id = ANY (_ids);
END
$body$;
