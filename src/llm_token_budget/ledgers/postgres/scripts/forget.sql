-- Drops counters that no reservation holds.
CREATE FUNCTION @schema@.forget(_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _gone uuid[];
BEGIN
    SELECT array_agg(id) INTO _gone FROM (
        SELECT id, open FROM @schema@.counters WHERE id = ANY (_ids) ORDER BY id FOR UPDATE
    ) AS counter WHERE open = 0;
    DELETE FROM @schema@.buckets WHERE counter = ANY (_gone);
    DELETE FROM @schema@.counters WHERE id = ANY (_gone);
END
$body$;
