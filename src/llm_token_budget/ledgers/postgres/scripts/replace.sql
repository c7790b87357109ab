-- Puts a truth (or, with NULL, nothing) in the place of an unconfirmed charge, in those counters in which it still stands.
CREATE FUNCTION @schema@.replace(
    _id uuid, _charge bigint[], _estimated boolean, _unpriced boolean, _now double precision
) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _was @schema@.reservations;
    _standing uuid[];
    _truth bigint[] := coalesce(_charge, '{0,0,0,0}');
    _guess bigint[];
    _actual bigint[];
    _overrun bigint[];
BEGIN
    SELECT * INTO _was FROM @schema@.reservations WHERE id = _id;
    _standing := ARRAY(
        SELECT counter.id FROM unnest(_was.counters, _was.eras) AS charged(id, era)
        JOIN @schema@.counters AS counter ON counter.id = charged.id AND counter.era = charged.era
    );
    _guess := ARRAY[_was.charge[1] + _was.charge[2], _was.charge[3], _was.charge[4]];
    _actual := ARRAY[_truth[1] + _truth[2], _truth[3], _truth[4]];
    -- What the guess had left uncovered was given back, and may be somebody else's by now.
    FOR _u IN 1..3 LOOP
        _overrun[_u] := CASE WHEN _charge IS NULL THEN 0 ELSE greatest(_actual[_u] - least(_guess[_u], _was.covered[_u]), 0) END
            - greatest(_guess[_u] - _was.covered[_u], 0);
    END LOOP;
    PERFORM @schema@.change(
        _standing, _was.slides, _was.created, _now, 0, '{0,0,0}',
        ARRAY[
            _truth[1] - _was.charge[1], _truth[2] - _was.charge[2], _truth[3] - _was.charge[3], _truth[4] - _was.charge[4],
            -_guess[1], -_guess[2], -_guess[3],
            _estimated::integer - _was.estimated::integer, _unpriced::integer - _was.unpriced::integer
        ],
        _overrun, '{0,0,0}', false
    );
    UPDATE @schema@.reservations SET
        state = CASE WHEN _charge IS NULL THEN 4 ELSE 3 END, ended = _now, charge = _charge, unconfirmed = false,
        estimated = _estimated, unpriced = _unpriced, handle = NULL, shadow = NULL, counters = NULL, reserved = NULL, eras = NULL,
        covered = NULL
    WHERE id = _id;
END
$body$;
