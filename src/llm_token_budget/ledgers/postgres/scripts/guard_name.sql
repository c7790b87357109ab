-- Locks the name of a counter that doesn't exist until the end of the transaction.
CREATE FUNCTION @schema@.guard_name(_id uuid) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    SELECT pg_advisory_xact_lock(hashtextextended('@literal@' || _id::text, 0))
$body$;
