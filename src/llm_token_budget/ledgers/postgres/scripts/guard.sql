-- Locks counters in the order of their ids, also those that don't exist: in place of a row, its name is locked until the end of
-- the transaction. Whoever makes counters holds this guard, so that no two make the same one in different orders.
CREATE FUNCTION @schema@.guard(_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _one uuid;
BEGIN
    FOREACH _one IN ARRAY _ids LOOP
        PERFORM 1 FROM @schema@.counters WHERE id = _one FOR UPDATE;
        IF NOT FOUND THEN
            PERFORM @schema@.guard_name(_one);
            PERFORM 1 FROM @schema@.counters WHERE id = _one FOR UPDATE;
        END IF;
    END LOOP;
END
$body$;
