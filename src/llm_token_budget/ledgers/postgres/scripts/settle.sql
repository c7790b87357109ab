-- Replaces what is reserved by what was charged; with _charge = NULL gives it back. (settle_open.sql is the short form.)
--
-- _reserved: tokens, nano-USD, requests, and how many of the tokens are input. _charge: input tokens, output tokens, nano-USD,
-- requests. _flags: a window slides; the charge is unconfirmed, estimated, unpriced; the call went out unguarded.
-- _times: when it was reserved, after how many idle seconds passing counters are dropped, and a test's clock.
--
-- status: 1 done (or done before: then first is false), 2 settled before with another amount, 3 given back although it was
-- settled with an amount, 4 older than what is remembered, 5 somebody else was at it: ask again.
-- before: what had been charged until then: the amounts, and 1 or 0 for unconfirmed, estimated, unpriced.
CREATE FUNCTION @schema@.settle(
    _id uuid, _ids uuid[], _details text, _handle text, _reserved bigint[], _charge bigint[], _flags boolean[],
    _times double precision[],
    OUT status integer, OUT first boolean, OUT before bigint[]
)
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision := @schema@.clock(_times[3]);
    _unconfirmed boolean;
    _was @schema@.reservations;
    _horizon double precision;
    _lost boolean;
    _nothing bigint[] := '{0,0,0}';
    _all bigint[];
BEGIN
    status := 1;
    first := true;
    _unconfirmed := _flags[2] AND _charge IS NOT NULL;
    SELECT * INTO _was FROM @schema@.reservations WHERE id = _id FOR UPDATE;
    IF _was.state IN (1, 2) THEN
        PERFORM 1 FROM @schema@.counters WHERE id = ANY (_was.counters) ORDER BY id FOR UPDATE;
    END IF;
    IF _was.state = 1 AND _was.expires > _now THEN
        PERFORM @schema@.close(
            _id, _was.counters, _was.slides, _was.created, _was.reserved, _charge, _unconfirmed, _flags[3], _flags[4], _now
        );
        RETURN;
    END IF;
    IF _was.state = 1 THEN
        -- Its lease has ended, whoever notices it: that comes first.
        PERFORM @schema@.expire(_id, _now);
        SELECT * INTO _was FROM @schema@.reservations WHERE id = _id;
    END IF;
    _horizon := @schema@.horizon();
    IF _was.state = 2 AND _was.ended + _horizon <= _now THEN
        _was.state := 3;  -- After the horizon no truth comes any more: what was charged stands.
    END IF;
    IF _was.state IN (2, 3) THEN
        before := _was.charge || ARRAY[_was.unconfirmed::integer, _was.estimated::integer, _was.unpriced::integer]::bigint[];
    END IF;
    IF _was.state = 2 THEN
        IF _unconfirmed THEN
            first := false;
            RETURN;
        END IF;
        PERFORM @schema@.replace(_id, _charge, _flags[3], _flags[4], _now);
        RETURN;
    END IF;
    IF _was.state = 3 THEN
        first := false;
        IF _charge IS NULL THEN
            before := NULL;
            IF _was.charge[1] + _was.charge[2] <> 0 OR _was.charge[3] <> 0 OR _was.charge[4] <> 0 THEN
                status := 3;
            END IF;
        ELSIF NOT _unconfirmed AND _charge <> _was.charge THEN
            status := 2;
        END IF;
        RETURN;
    END IF;
    _lost := _was.state IS NULL;
    IF NOT _lost AND (_charge IS NULL OR _unconfirmed) THEN
        first := false;
        RETURN;
    END IF;
    IF _times[1] < _now - _horizon OR (_lost AND _times[1] <= (SELECT forgotten FROM @schema@.meta)) THEN
        status := 4;
        RETURN;
    END IF;
    IF _charge IS NULL THEN
        -- Nobody knows it yet: a reserve that comes after this, because its caller was cancelled, holds nothing.
        first := false;
        INSERT INTO @schema@.reservations (
            id, state, slides, created, expires, input_tokens, output_tokens, bounded, ended
        ) VALUES (_id, 4, _flags[1], _times[1], _times[1], 0, 0, false, _now) ON CONFLICT (id) DO NOTHING;
        status := CASE WHEN FOUND THEN 1 ELSE 5 END;
        RETURN;
    END IF;
    -- Given back before, or lost: the truth is counted all the same, and all of it was unforeseen.
    PERFORM @schema@.guard(_ids);
    IF _lost THEN
        INSERT INTO @schema@.reservations (
            id, state, slides, created, expires, input_tokens, output_tokens, bounded, ended
        ) VALUES (_id, 3, _flags[1], _times[1], _times[1], _reserved[4], 0, false, _now) ON CONFLICT (id) DO NOTHING;
        IF NOT FOUND THEN
            status := 5;
            RETURN;
        END IF;
    END IF;
    PERFORM @schema@.make_counters(_ids, _details, _now, _times[2], true, false);
    _all := ARRAY[_charge[1] + _charge[2], _charge[3], _charge[4]];
    PERFORM @schema@.change(
        _ids, _flags[1], _times[1], _now, 0, _nothing,
        _charge || CASE WHEN _unconfirmed THEN _all ELSE _nothing END || ARRAY[_flags[3]::integer, _flags[4]::integer]::bigint[],
        CASE WHEN _lost AND _flags[5] THEN _nothing ELSE _all END,
        CASE WHEN _lost AND _flags[5] THEN _all ELSE _nothing END,
        true
    );
    IF _unconfirmed THEN
        UPDATE @schema@.reservations SET counters = _ids, handle = _handle, reserved = _reserved[1:3] WHERE id = _id;
        PERFORM @schema@.list_charge(_id, _charge, _flags[3], _flags[4], _nothing, _now);
    ELSE
        UPDATE @schema@.reservations SET
            state = 3, ended = _now, charge = _charge, estimated = _flags[3], unpriced = _flags[4]
        WHERE id = _id;
    END IF;
END
$body$;
