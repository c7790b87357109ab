-- Holds a claim on all its counters, or on none; with _hold = false says what it would answer, changing nothing.
--
-- _asked: what is asked for, in this order: fixed tokens, nano-USD, requests; their slopes; want, at_least, share, share_floor;
-- the latest start and the first end of the windows; 1 if one of them slides. Then four numbers of each line: the counter's place in
-- _ids (0: none), the unit (1 tokens, 2 nano-USD, 3 requests), the amount (NULL: unlimited), 1 if it is enforced.
-- _names: the reservation's id; then two of each line: where an override of its amount is kept for its key, and for all.
-- _times: the lease, after how many idle seconds passing counters are dropped, a test's clock, and 1 if it is given back when its
-- lease ends.
--
-- Answers, parted by spaces: 1 (granted), the clock, the output tokens, when the lease ends, t if a limit had a say in them, f if
-- not, and the lines without room, if any; 2 (refused) and those lines; 3 (a window has ended) and the clock; 4: the id belongs to a
-- reservation that has ended.
-- Lines without room, as JSON: [line, amount, spent, reserved, unconfirmed, oldest step of a sliding window] of each.
CREATE FUNCTION @schema@.reserve(
    _hold boolean, _names uuid[], _ids uuid[], _details text, _handle text, _asked bigint[], _times double precision[]
) RETURNS text
LANGUAGE plpgsql AS $body$
DECLARE
    _now double precision;
    _longest double precision;
    _overridden boolean;
    _counter uuid;
    _missing boolean;
    _sums bigint[];  -- Ten of each counter: spent, reserved, unconfirmed, and the length of a sliding window.
    _row bigint[];
    _left bigint[];
    _oldest bigint[];
    _unit integer;
    _at integer;
    _line integer;
    _limit bigint;
    _room numeric;
    _most numeric;
    _allowed numeric;
    _k bigint;
    _short jsonb;
    _refused boolean;
    _reserved bigint[];
    _answer text;
    _before record;
BEGIN
    SELECT longest_lease, overridden INTO _longest, _overridden FROM @schema@.meta;
    -- One by one: for a row that is found by one id, a plan is kept.
    FOREACH _counter IN ARRAY _ids LOOP
        IF _hold THEN
            SELECT ARRAY[
                tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests, sliding
            ] INTO _row FROM @schema@.counters WHERE id = _counter FOR UPDATE;
            IF NOT FOUND THEN
                PERFORM @schema@.guard_name(_counter);
                SELECT ARRAY[
                    tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                    unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests, sliding
                ] INTO _row FROM @schema@.counters WHERE id = _counter FOR UPDATE;
            END IF;
        ELSE
            SELECT ARRAY[
                tokens, nano_usd, requests, reserved_tokens, reserved_nano_usd, reserved_requests,
                unconfirmed_tokens, unconfirmed_nano_usd, unconfirmed_requests, sliding
            ] INTO _row FROM @schema@.counters WHERE id = _counter;
        END IF;
        IF _row IS NULL THEN
            _missing := true;
            _row := '{0,0,0,0,0,0,0,0,0,0}';
        END IF;
        _sums := _sums || _row;
    END LOOP;
    _now := @schema@.clock(_times[3]);
    IF _asked[11] > _now OR _asked[12] <= _now THEN
        _answer := concat_ws(' ', 3, _now);
    ELSE
        IF _asked[13] = 1 THEN
            FOR _i IN 1..cardinality(_ids) LOOP
                CONTINUE WHEN _sums[_i * 10] = 0;
                _left := @schema@.left_window(_ids[_i], @schema@.step(_now, _sums[_i * 10]) - 60);
                FOR _part IN 1..3 LOOP
                    _at := _i * 10 - 10 + _part;
                    _sums[_at] := _sums[_at] - _left[_part];
                    _sums[_at + 6] := _sums[_at + 6] - _left[_part + 3];
                END LOOP;
                _oldest[_i] := _left[7];
            END LOOP;
        END IF;
        FOR _i IN 0..cardinality(_asked) / 4 - 4 LOOP
            _line := 13 + _i * 4;
            _limit := _asked[_line + 3];
            IF _overridden THEN
                SELECT amount INTO _limit FROM @schema@.limits
                WHERE id IN (_names[_i * 2 + 2], _names[_i * 2 + 3]) ORDER BY id <> _names[_i * 2 + 2] LIMIT 1;
                IF NOT FOUND THEN
                    _limit := _asked[_line + 3];
                END IF;
            END IF;
            CONTINUE WHEN _limit IS NULL;
            _unit := _asked[_line + 2];
            _at := (_asked[_line + 1] - 1) * 10 + _unit;  -- Below 0: a limit on the single call.
            _room := _limit::numeric - _asked[_unit] - CASE WHEN _at < 0 THEN 0 ELSE _sums[_at]::numeric + _sums[_at + 3] END;
            -- An amount of 0 means blocked, even for a call that needs none of this unit.
            _most := CASE
                WHEN _room < 0 OR _limit = 0 OR _asked[3 + _unit]::numeric * _asked[8] > _room * 1000 THEN -1
                WHEN _asked[3 + _unit] <> 0 AND _asked[_line + 4] = 1 THEN div(_room * 1000, _asked[3 + _unit])
            END;
            IF _most < 0 THEN
                _refused := _refused OR _asked[_line + 4] = 1;
                _short := coalesce(_short, '[]') || jsonb_build_array(jsonb_build_array(
                    _i, _limit, CASE WHEN _at < 0 THEN 0 ELSE _sums[_at] END, CASE WHEN _at < 0 THEN 0 ELSE _sums[_at + 3] END,
                    CASE WHEN _at < 0 THEN 0 ELSE _sums[_at + 6] END, _oldest[_asked[_line + 1]]
                ));
            ELSE
                _allowed := least(_allowed, _most);
            END IF;
        END LOOP;
        IF _refused THEN
            _answer := concat_ws(' ', 2, _short);
        ELSE
            -- Where nothing limits there is nothing to share.
            _k := CASE
                WHEN _allowed IS NOT NULL AND _asked[9] > 0 THEN
                    greatest(least(_asked[7], greatest(div(_allowed, _asked[9]), _asked[10]), _allowed), _asked[8])
                WHEN _allowed IS NOT NULL THEN greatest(least(_asked[7], _allowed), _asked[8])
                WHEN _asked[9] > 0 THEN greatest(_asked[7], _asked[8])
                ELSE _asked[7]
            END;
            _answer := concat_ws(' ', 1, _now, _k, _now + _times[1], _allowed IS NOT NULL, _short);
        END IF;
    END IF;
    IF NOT _hold THEN
        RETURN _answer;
    END IF;
    IF _k IS NOT NULL THEN
        -- Rounded up; in two parts, which no integer is too small for.
        _reserved := ARRAY[
            _asked[1] + _asked[4] / 1000 * _k + (_asked[4] % 1000 * _k + 999) / 1000,
            _asked[2] + _asked[5] / 1000 * _k + (_asked[5] % 1000 * _k + 999) / 1000,
            _asked[3] + _asked[6] / 1000 * _k + (_asked[6] % 1000 * _k + 999) / 1000
        ];
        INSERT INTO @schema@.reservations (
            id, state, counters, slides, handle, created, expires, reserved, input_tokens, output_tokens, bounded, shadow,
            gives_back
        ) VALUES (
            _names[1], 1, _ids, _asked[13] = 1, _handle, _now, _now + _times[1], _reserved, _asked[1], _k, _allowed IS NOT NULL,
            _short, coalesce(_times[4] = 1, false)
        ) ON CONFLICT (id) DO NOTHING;
        IF FOUND THEN
            IF _missing THEN
                PERFORM @schema@.make_counters(_ids, _details, _now, _times[2], false, false);
            END IF;
            FOREACH _counter IN ARRAY _ids LOOP
                UPDATE @schema@.counters SET
                    open = open + 1,
                    reserved_tokens = reserved_tokens + _reserved[1],
                    reserved_nano_usd = reserved_nano_usd + _reserved[2],
                    reserved_requests = reserved_requests + _reserved[3],
                    touched = greatest(touched, _now)
                WHERE id = _counter;
            END LOOP;
            IF _times[1] > _longest THEN
                UPDATE @schema@.meta SET longest_lease = greatest(longest_lease, _times[1]);
            END IF;
            RETURN _answer;
        END IF;
    END IF;
    -- The same id again, while it is open, has the answer of the first time.
    SELECT * INTO _before FROM @schema@.reservations WHERE id = _names[1];
    IF _before.state = 1 AND _before.expires > _now THEN
        RETURN concat_ws(' ', 1, _before.created, _before.output_tokens, _before.expires, _before.bounded, _before.shadow);
    ELSIF _before.state IS NOT NULL THEN
        RETURN '4';
    END IF;
    RETURN _answer;
END
$body$;
