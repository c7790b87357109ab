-- Charges all that a reservation holds, because its lease has ended. The caller has locked its counters and itself.
CREATE FUNCTION @schema@.expire(_id uuid, _now double precision) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    SELECT @schema@.close(
        id, counters, slides, created, reserved, ARRAY[input_tokens, reserved[1] - input_tokens, reserved[2], reserved[3]],
        true, false, false, _now
    ) FROM @schema@.reservations WHERE id = _id
$body$;
