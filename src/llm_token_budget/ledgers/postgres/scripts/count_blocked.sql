-- Adds refused requests to counters that exist, and to those without a key: a stranger's refusal makes no row.
CREATE FUNCTION @schema@.count_blocked(
    _ids uuid[], _details text, _counts bigint[], _idle double precision, _clock double precision
) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM @schema@.guard(_ids);
    PERFORM @schema@.make_counters(
        _ids, _details, @schema@.clock(_clock), _idle, false, true
    );
    UPDATE @schema@.counters AS counter SET blocked = blocked + each.count
    FROM unnest(_ids, _counts) AS each(id, count) WHERE counter.id = each.id;
END
$body$;
