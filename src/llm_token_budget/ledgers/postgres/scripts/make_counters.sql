-- Makes those counters that don't exist. The caller holds the guard.
--
-- _details: for each id an object: identity, family, and where there are any name (hex), user, session, ends, sliding, passing (sessions and
-- runs, which are dropped when nobody has touched them for _idle seconds).
-- _living: don't make those whose window has ended: nobody reads them any more.
CREATE FUNCTION @schema@.make_counters(
    _ids uuid[], _details text, _now double precision, _idle double precision, _living boolean, _keyless boolean
) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    INSERT INTO @schema@.counters (
        id, identity, family, name, of_user, of_session, ends, sliding, touched, due, ranked_nano_usd, ranked_tokens
    )
    SELECT
        made.id, made.identity, made.family, decode(made.name, 'hex'), made.of_user, made.of_session, made.ends, made.sliding, 0,
        CASE
            WHEN made.ends IS NOT NULL THEN made.ends + (SELECT longest_lease FROM @schema@.meta)
            WHEN made.sliding > 0 THEN _now + 2 * made.sliding
            WHEN made.passing THEN _now + _idle
        END,
        CASE WHEN made.name IS NOT NULL THEN 0 END, CASE WHEN made.name IS NOT NULL THEN 0 END
    FROM (
        SELECT
            _ids[place] AS id, detail->>'identity' AS identity, (detail->>'family')::uuid AS family, detail->>'name' AS name, (detail->>'user')::uuid AS of_user,
            (detail->>'session')::uuid AS of_session, (detail->>'ends')::bigint AS ends,
            coalesce((detail->>'sliding')::bigint, 0) AS sliding, detail ? 'passing' AS passing
        FROM jsonb_array_elements(_details::jsonb) WITH ORDINALITY AS each(detail, place)
    ) AS made
    WHERE NOT (_living AND made.ends IS NOT NULL AND made.ends <= _now) AND NOT (_keyless AND made.name IS NOT NULL)
    ORDER BY made.id
    ON CONFLICT (id) DO NOTHING
$body$;
