-- Ends a reservation because its lease has ended: charges all that it holds or, if it gives back, nothing, as unconfirmed. The caller
-- has locked its counters and itself.
CREATE FUNCTION @schema@.expire(_id uuid, _now double precision) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    SELECT @schema@.close(
        id, counters, slides, created, reserved,
        CASE WHEN gives_back THEN '{0,0,0,0}'::bigint[]
            ELSE ARRAY[input_tokens, reserved[1] - input_tokens, reserved[2], reserved[3]] END,
        true, false, false, _now
    ) FROM @schema@.reservations WHERE id = _id
$body$;
