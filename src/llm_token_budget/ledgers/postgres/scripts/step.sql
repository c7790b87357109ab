-- Which of a sliding window's steps an instant belongs to: floor(at * 60 / sliding), corrected where the division rounds up.
CREATE FUNCTION @schema@.step(_at double precision, _sliding bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $body$
    SELECT floor(_at * 60 / _sliding)::bigint - (floor(_at * 60 / _sliding) * _sliding > _at * 60)::integer
$body$;
