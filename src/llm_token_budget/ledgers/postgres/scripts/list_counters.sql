-- A page of the counters whose window is the present one, in the order of their ids, behind a row with what is open.
CREATE FUNCTION @schema@.list_counters(_after uuid, _limit bigint, _clock double precision)
RETURNS TABLE (id text, identity text, numbers bigint[], buckets bigint[], open bigint)
LANGUAGE sql STABLE AS $body$
    SELECT NULL, NULL, NULL::bigint[], NULL::bigint[], count(*) FROM @schema@.reservations WHERE state = 1
    UNION ALL
    SELECT
        page.id::text, page.identity, @schema@.numbers(page, @schema@.clock(_clock)),
        CASE WHEN page.sliding > 0 THEN (
            SELECT array_agg(ARRAY[bucket.step, bucket.tokens, bucket.nano_usd, bucket.requests]) FROM @schema@.buckets AS bucket
            WHERE bucket.counter = page.id AND bucket.step >= @schema@.step(@schema@.clock(_clock), page.sliding) - 60
        ) END,
        0
    FROM (
        SELECT * FROM @schema@.counters AS each
        WHERE each.id > _after AND (each.ends IS NULL OR each.ends > @schema@.clock(_clock))
        ORDER BY each.id LIMIT _limit
    ) AS page
$body$;
