-- Gives back an unconfirmed charge, and says how much it was: tokens, nano-USD, requests. NULL if there is none.
CREATE FUNCTION @schema@.refund(_id uuid, _clock double precision) RETURNS bigint[]
LANGUAGE plpgsql AS $body$
DECLARE
    _was @schema@.reservations;
    _now double precision;
BEGIN
    SELECT * INTO _was FROM @schema@.reservations WHERE id = _id AND state IN (1, 2) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM @schema@.counters WHERE id = ANY (_was.counters) ORDER BY id FOR UPDATE;
    _now := @schema@.clock(_clock);
    IF _was.state = 1 AND _was.expires <= _now THEN
        PERFORM @schema@.expire(_id, _now);
        SELECT * INTO _was FROM @schema@.reservations WHERE id = _id;
    END IF;
    IF _was.state IS DISTINCT FROM 2 OR _was.ended + @schema@.horizon() <= _now THEN
        RETURN NULL;
    END IF;
    PERFORM @schema@.replace(_id, NULL, false, false, _now);
    RETURN ARRAY[_was.charge[1] + _was.charge[2], _was.charge[3], _was.charge[4]];
END
$body$;
