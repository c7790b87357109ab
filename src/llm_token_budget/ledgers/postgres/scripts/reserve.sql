-- Holds a claim on all its counters, or on none; with _hold = false says what it would answer, changing nothing.
--
-- _asked: what is asked for, in this order: fixed tokens, nano-USD, requests; their slopes; want, at_least, share, share_floor;
-- the latest start and the first end of the windows; 1 if one of them slides.
-- _lines: four numbers each: the counter's place in _ids (0: none), the unit (1 tokens, 2 nano-USD, 3 requests), the amount (NULL:
-- unlimited), 1 if it is enforced. _limits: two each: where an override of its amount is kept for its key, and for all.
-- _times: the lease, after how many idle seconds passing counters are dropped, and a test's clock.
--
-- status: 1 granted, 2 refused, 3 a window has ended, 4 the id belongs to a reservation that has ended.
-- shortages: of lines without room, [line, amount, spent, reserved, unconfirmed, oldest step of a sliding window].
CREATE FUNCTION @schema@.reserve(
    _hold boolean, _id uuid, _ids uuid[], _details text, _handle text, _asked bigint[], _lines bigint[], _limits uuid[],
    _times double precision[],
    OUT status integer, OUT now double precision, OUT output_tokens bigint, OUT expires double precision,
    OUT bounded boolean, OUT shortages text
)
LANGUAGE plpgsql AS $body$
DECLARE
    _longest double precision;
    _overridden boolean;
    _counter uuid;
    _missing boolean := false;
    _sums bigint[] := '{}';  -- Nine of each counter: spent, reserved, unconfirmed.
    _row bigint[];
    _sliding bigint[] := '{}';
    _slides bigint;
    _left bigint[];
    _oldest bigint[];
    _unit integer;
    _at integer;
    _limit bigint;
    _room numeric;
    _most numeric;
    _allowed numeric;
    _k numeric;
    _short jsonb;
    _refused boolean := false;
    _reserved bigint[];
    _before record;
BEGIN
    SELECT longest_lease, overridden INTO _longest, _overridden FROM @schema@.meta;
    FOREACH _counter IN ARRAY _ids LOOP
        IF _hold THEN
            SELECT sliding, ARRAY[
                tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests
            ] INTO _slides, _row FROM @schema@.counters WHERE id = _counter FOR UPDATE;
            IF NOT FOUND THEN
                PERFORM @schema@.guard_name(_counter);
                SELECT sliding, ARRAY[
                    tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                    unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests
                ] INTO _slides, _row FROM @schema@.counters WHERE id = _counter FOR UPDATE;
            END IF;
        ELSE
            SELECT sliding, ARRAY[
                tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests
            ] INTO _slides, _row FROM @schema@.counters WHERE id = _counter;
        END IF;
        IF _row IS NULL THEN
            _missing := true;
            _row := '{0,0,0,0,0,0,0,0,0}';
            _slides := 0;
        END IF;
        _sums := _sums || _row;
        _sliding := _sliding || _slides;
    END LOOP;
    now := @schema@.clock(_times[3]);
    IF _asked[11] > now OR _asked[12] <= now THEN
        status := 3;
    ELSE
        IF _asked[13] = 1 THEN
            FOR _i IN 1..cardinality(_ids) LOOP
                CONTINUE WHEN _sliding[_i] = 0;
                _left := @schema@.left_window(_ids[_i], @schema@.step(now, _sliding[_i]) - 60);
                FOR _part IN 1..3 LOOP
                    _at := (_i - 1) * 9 + _part;
                    _sums[_at] := _sums[_at] - _left[_part];
                    _sums[_at + 6] := _sums[_at + 6] - _left[_part + 3];
                END LOOP;
                _oldest[_i] := _left[7];
            END LOOP;
        END IF;
        FOR _i IN 0..cardinality(_lines) / 4 - 1 LOOP
            _limit := _lines[_i * 4 + 3];
            IF _overridden THEN
                SELECT amount INTO _limit FROM @schema@.limits
                WHERE id IN (_limits[_i * 2 + 1], _limits[_i * 2 + 2]) ORDER BY id <> _limits[_i * 2 + 1] LIMIT 1;
                IF NOT FOUND THEN
                    _limit := _lines[_i * 4 + 3];
                END IF;
            END IF;
            CONTINUE WHEN _limit IS NULL;
            _unit := _lines[_i * 4 + 2];
            _at := (_lines[_i * 4 + 1] - 1) * 9 + _unit;  -- Below 0: a limit on the single call.
            _room := _limit::numeric - _asked[_unit] - CASE WHEN _at < 0 THEN 0 ELSE _sums[_at]::numeric + _sums[_at + 3] END;
            -- An amount of 0 means blocked, even for a call that needs none of this unit.
            _most := CASE
                WHEN _room < 0 OR _limit = 0 OR _asked[3 + _unit]::numeric * _asked[8] > _room * 1000 THEN -1
                WHEN _asked[3 + _unit] <> 0 AND _lines[_i * 4 + 4] = 1 THEN div(_room * 1000, _asked[3 + _unit])
            END;
            IF _most < 0 THEN
                _refused := _refused OR _lines[_i * 4 + 4] = 1;
                _short := coalesce(_short, '[]') || jsonb_build_array(jsonb_build_array(
                    _i, _limit, CASE WHEN _at < 0 THEN 0 ELSE _sums[_at] END, CASE WHEN _at < 0 THEN 0 ELSE _sums[_at + 3] END,
                    CASE WHEN _at < 0 THEN 0 ELSE _sums[_at + 6] END, _oldest[_lines[_i * 4 + 1]]
                ));
            ELSE
                _allowed := least(_allowed, _most);
            END IF;
        END LOOP;
        shortages := _short;
        bounded := _allowed IS NOT NULL;
        IF _refused THEN
            status := 2;
        ELSE
            -- Where nothing limits there is nothing to share.
            _k := CASE
                WHEN bounded AND _asked[9] > 0 THEN
                    greatest(least(_asked[7], greatest(div(_allowed, _asked[9]), _asked[10]), _allowed), _asked[8])
                WHEN bounded THEN greatest(least(_asked[7], _allowed), _asked[8])
                WHEN _asked[9] > 0 THEN greatest(_asked[7], _asked[8])
                ELSE _asked[7]
            END;
            status := 1;
            output_tokens := _k;
            expires := now + _times[1];
        END IF;
    END IF;
    IF NOT _hold THEN
        RETURN;
    END IF;
    IF status = 1 THEN
        _reserved := ARRAY[
            _asked[1] + div(_asked[4] * _k + 999, 1000), _asked[2] + div(_asked[5] * _k + 999, 1000),
            _asked[3] + div(_asked[6] * _k + 999, 1000)
        ];
        INSERT INTO @schema@.reservations (
            id, state, counters, slides, handle, created, expires, reserved, input_tokens, output_tokens, bounded, shadow
        ) VALUES (
            _id, 1, _ids, _asked[13] = 1, _handle, now, reserve.expires, _reserved, _asked[1], reserve.output_tokens,
            reserve.bounded, shortages
        ) ON CONFLICT (id) DO NOTHING;
        IF FOUND THEN
            IF _missing THEN
                PERFORM @schema@.make_counters(_ids, _details, now, _times[2], false, false);
            END IF;
            FOREACH _counter IN ARRAY _ids LOOP
                UPDATE @schema@.counters SET
                    open = open + 1,
                    reserved_tokens = reserved_tokens + _reserved[1],
                    reserved_nano_usd = reserved_nano_usd + _reserved[2],
                    reserved_requests = reserved_requests + _reserved[3],
                    touched = greatest(touched, now)
                WHERE id = _counter;
            END LOOP;
            IF _times[1] > _longest THEN
                UPDATE @schema@.meta SET longest_lease = greatest(longest_lease, _times[1]);
            END IF;
            RETURN;
        END IF;
    END IF;
    -- The same id again, while it is open, has the answer of the first time.
    SELECT * INTO _before FROM @schema@.reservations WHERE id = _id;
    IF _before.state = 1 AND _before.expires > now THEN
        status := 1;
        now := _before.created;
        output_tokens := _before.output_tokens;
        expires := _before.expires;
        bounded := _before.bounded;
        shortages := _before.shadow;
    ELSIF _before.state IS NOT NULL THEN
        status := 4;
    END IF;
END
$body$;
