-- Zeroes what was spent: everywhere, or in the counters of a user, or of one session of theirs. Not what is reserved.
CREATE FUNCTION @schema@.reset(_user uuid, _session uuid) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _ids uuid[];
BEGIN
    IF _user IS NULL AND _session IS NULL THEN
        SELECT array_agg(id) INTO _ids FROM (SELECT id FROM @schema@.counters ORDER BY id FOR UPDATE) AS counter;
    ELSE
        SELECT array_agg(id) INTO _ids FROM (
            SELECT id FROM @schema@.counters
            WHERE (_user IS NULL OR of_user = _user) AND (_session IS NULL OR of_session = _session)
            ORDER BY id FOR UPDATE
        ) AS counter;
    END IF;
    IF _ids IS NULL THEN
        RETURN;
    END IF;
    DELETE FROM @schema@.buckets WHERE counter = ANY (_ids);
    UPDATE @schema@.counters SET
        era = nextval('@literal@.ticks'), tokens = 0, nano_usd = 0, requests = 0,
        unconfirmed_tokens = 0, unconfirmed_nano_usd = 0, unconfirmed_requests = 0,
        overrun_tokens = 0, overrun_nano_usd = 0, overrun_requests = 0,
        unreserved_tokens = 0, unreserved_nano_usd = 0, unreserved_requests = 0,
        input_tokens = 0, output_tokens = 0, blocked = 0, estimated = 0, unpriced = 0,
        ranked_nano_usd = CASE WHEN name IS NOT NULL THEN 0 END, ranked_tokens = CASE WHEN name IS NOT NULL THEN 0 END
    WHERE id = ANY (_ids);
END
$body$;
