-- Ends an open reservation: gives back what it holds and books what it was charged. The caller has locked its counters and itself.
--
-- _charge: input tokens, output tokens, nano-USD, requests; NULL: nothing is charged.
CREATE FUNCTION @schema@.close(
    _id uuid, _ids uuid[], _slides boolean, _created double precision, _reserved bigint[], _charge bigint[],
    _unconfirmed boolean, _estimated boolean, _unpriced boolean, _now double precision
) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _tokens bigint := _charge[1] + _charge[2];
BEGIN
    IF _charge IS NULL THEN
        PERFORM @schema@.change(
            _ids, _slides, _created, _now, -1, ARRAY[-_reserved[1], -_reserved[2], -_reserved[3]], NULL, NULL, NULL, true
        );
    ELSE
        PERFORM @schema@.change(
            _ids, _slides, _created, _now, -1, ARRAY[-_reserved[1], -_reserved[2], -_reserved[3]],
            _charge || CASE WHEN _unconfirmed THEN ARRAY[_tokens, _charge[3], _charge[4]] ELSE '{0,0,0}'::bigint[] END
                || ARRAY[_estimated::integer, _unpriced::integer]::bigint[],
            ARRAY[greatest(_tokens - _reserved[1], 0), greatest(_charge[3] - _reserved[2], 0), greatest(_charge[4] - _reserved[3], 0)],
            '{0,0,0}', true
        );
    END IF;
    IF _unconfirmed AND _charge IS NOT NULL THEN
        PERFORM @schema@.list_charge(_id, _charge, _estimated, _unpriced, _reserved, _now);
    ELSE
        UPDATE @schema@.reservations SET
            state = CASE WHEN _charge IS NULL THEN 4 ELSE 3 END, ended = _now, charge = _charge, unconfirmed = false,
            estimated = _estimated, unpriced = _unpriced, handle = NULL, shadow = NULL, counters = NULL, reserved = NULL
        WHERE id = _id;
    END IF;
END
$body$;
