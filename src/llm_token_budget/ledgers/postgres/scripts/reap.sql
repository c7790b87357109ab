-- Ends reservations whose lease has ended, forgets what is older than the horizon, drops counters that nobody reads any more.
-- A bounded piece of work. Answers how many were ended, and when there is more to do: when the next lease ends, or _soon if rows
-- were left over.
CREATE FUNCTION @schema@.reap(
    _idle double precision, _soon double precision, _clock double precision, OUT ended integer, OUT next_due double precision
)
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision := @schema@.clock(_clock);
    _due uuid[];
    _reservation uuid;
    _one record;
    _longest double precision;
    _later double precision;
    _youngest double precision;
    _rows integer := 0;
    _records integer;
    _forgotten integer;
BEGIN
    ended := 0;
    SELECT array_agg(id ORDER BY expires) INTO _due FROM (
        SELECT id, expires FROM @schema@.reservations WHERE state = 1 AND expires <= _now
        ORDER BY expires LIMIT 200 FOR UPDATE SKIP LOCKED
    ) AS reservation;
    IF _due IS NOT NULL THEN
        PERFORM 1 FROM @schema@.counters WHERE id IN (
            SELECT unnest(counters) FROM @schema@.reservations WHERE id = ANY (_due)
        ) ORDER BY id FOR UPDATE;
        FOREACH _reservation IN ARRAY _due LOOP
            PERFORM @schema@.expire(_reservation, _now);
        END LOOP;
        ended := cardinality(_due);
    END IF;
    SELECT longest_lease INTO _longest FROM @schema@.meta;
    FOR _one IN
        SELECT id, open, sliding, ends, touched FROM @schema@.counters WHERE due <= _now
        ORDER BY due LIMIT 500 FOR UPDATE SKIP LOCKED
    LOOP
        _rows := _rows + 1;
        _later := greatest(_one.touched, coalesce(_one.ends, 0))
            + CASE WHEN _one.ends IS NOT NULL THEN _longest WHEN _one.sliding > 0 THEN 2 * _one.sliding ELSE _idle END;
        IF _one.open > 0 OR _later > _now THEN
            UPDATE @schema@.counters SET due = greatest(_later, _now + _longest + 1) WHERE id = _one.id;
        ELSE
            DELETE FROM @schema@.buckets WHERE counter = _one.id;
            DELETE FROM @schema@.counters WHERE id = _one.id;
        END IF;
    END LOOP;
    DELETE FROM @schema@.records WHERE id IN (
        SELECT id FROM @schema@.records WHERE at < _now - _longest - 86400 ORDER BY at LIMIT 5000 FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS _records = ROW_COUNT;
    WITH gone AS (
        DELETE FROM @schema@.reservations WHERE id IN (
            SELECT id FROM @schema@.reservations AS reservation WHERE reservation.ended < _now - _longest - 86400
            ORDER BY reservation.ended LIMIT 5000 FOR UPDATE SKIP LOCKED
        ) RETURNING created
    ) SELECT max(created), count(*) INTO _youngest, _forgotten FROM gone;
    SELECT min(expires) INTO next_due FROM @schema@.reservations WHERE state = 1;
    IF _rows = 500 OR _records = 5000 OR _forgotten = 5000 THEN
        next_due := least(next_due, _now + _soon);
    END IF;
    IF _youngest IS NOT NULL THEN
        UPDATE @schema@.meta SET forgotten = greatest(forgotten, _youngest);
    END IF;
END
$body$;
