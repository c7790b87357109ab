-- The unconfirmed charges of the horizon, oldest first.
CREATE FUNCTION @schema@.unconfirmed(_clock double precision) RETURNS TABLE (
    handle text, created double precision, reserved bigint[], input_tokens bigint, charge bigint[],
    estimated boolean, unpriced boolean, at double precision
)
LANGUAGE sql STABLE AS $body$
    SELECT handle, created, reserved, input_tokens, charge, estimated, unpriced, ended
    FROM @schema@.reservations
    WHERE state = 2 AND ended + @schema@.horizon()
        > @schema@.clock(_clock)
    ORDER BY listed
$body$;
