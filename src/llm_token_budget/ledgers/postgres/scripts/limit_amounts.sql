-- The amounts that hold for some lines, overrides applied.
CREATE FUNCTION @schema@.limit_amounts(_amount bigint[], _own uuid[], _common uuid[]) RETURNS bigint[]
LANGUAGE sql STABLE AS $body$
    SELECT ARRAY(
        SELECT CASE
            WHEN own.id IS NOT NULL THEN own.amount
            WHEN common.id IS NOT NULL THEN common.amount
            ELSE line.amount
        END
        FROM unnest(_amount, _own, _common) WITH ORDINALITY AS line(amount, own, common, place)
        LEFT JOIN @schema@.limits AS own ON own.id = line.own
        LEFT JOIN @schema@.limits AS common ON common.id = line.common
        ORDER BY line.place
    )
$body$;
