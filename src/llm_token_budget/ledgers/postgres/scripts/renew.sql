-- Lets an open reservation live for _lease seconds from now, never for less than it would.
CREATE FUNCTION @schema@.renew(_id uuid, _lease double precision, _clock double precision) RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision := @schema@.clock(_clock);
    _expires double precision;
BEGIN
    -- Below 2, which is 1: as in settle_open.sql.
    SELECT expires INTO _expires FROM @schema@.reservations WHERE id = _id AND state < 2 FOR UPDATE;
    IF _expires IS NULL OR _expires <= _now THEN
        RETURN false;
    END IF;
    IF _now + _lease > _expires THEN
        UPDATE @schema@.reservations SET expires = _now + _lease WHERE id = _id;
        UPDATE @schema@.meta SET longest_lease = _lease WHERE longest_lease < _lease;
    END IF;
    RETURN true;
END
$body$;
