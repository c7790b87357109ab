-- Books what was spent without asking, once for each id. Answers the clock if a window has ended, else NULL.
CREATE FUNCTION @schema@.record(
    _id uuid, _ids uuid[], _details text, _slides boolean, _start bigint, _end bigint, _charge bigint[],
    _unconfirmed boolean, _estimated boolean, _unpriced boolean, _at double precision, _idle double precision,
    _clock double precision
) RETURNS double precision
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision;
    _all bigint[] := ARRAY[_charge[1] + _charge[2], _charge[3], _charge[4]];
BEGIN
    IF EXISTS (SELECT FROM @schema@.records WHERE id = _id) THEN
        RETURN NULL;
    END IF;
    PERFORM @schema@.guard(_ids);
    _now := @schema@.clock(_clock);
    IF _at IS NULL AND (_start > _now OR _end <= _now) THEN
        RETURN _now;
    END IF;
    INSERT INTO @schema@.records VALUES (_id, _now) ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM @schema@.make_counters(_ids, _details, _now, _idle, false, false);
    PERFORM @schema@.change(
        _ids, _slides, coalesce(_at, _now), _now, 0, '{0,0,0}',
        _charge || CASE WHEN _unconfirmed THEN _all ELSE '{0,0,0}'::bigint[] END
            || ARRAY[_estimated::integer, _unpriced::integer]::bigint[],
        '{0,0,0}', _all, true
    );
    RETURN NULL;
END
$body$;
