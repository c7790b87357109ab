-- Adds to counters (which the caller has locked) what one event changes in each of them.
--
-- _at: the instant in whose step of a sliding window the charge is booked. Where that has left the window, only what was held
-- comes back; the rest is history.
-- _charged: input tokens, output tokens, nano-USD, requests; unconfirmed tokens, nano-USD, requests; estimated, unpriced.
-- NULL: nothing is booked. Everything may be negative: a charge that is replaced is taken back.
CREATE FUNCTION @schema@.change(
    _ids uuid[], _slides boolean, _at double precision, _now double precision, _open integer, _reserved bigint[],
    _charged bigint[], _overrun bigint[], _unreserved bigint[], _touch boolean
) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    _counting uuid[] := _ids;
    _left uuid[];
    _one record;
    _tokens bigint;
    _touched double precision := CASE WHEN _touch THEN _now ELSE 0 END;
BEGIN
    IF _charged IS NULL THEN
        UPDATE @schema@.counters SET
            open = open + _open,
            reserved_tokens = reserved_tokens + _reserved[1],
            reserved_nano_usd = reserved_nano_usd + _reserved[2],
            reserved_requests = reserved_requests + _reserved[3],
            touched = greatest(touched, _touched)
        WHERE id = ANY (_ids);
        RETURN;
    END IF;
    _tokens := _charged[1] + _charged[2];
    IF _slides THEN
        FOR _one IN SELECT id, sliding FROM @schema@.counters WHERE id = ANY (_ids) AND sliding > 0 LOOP
            PERFORM @schema@.slide(_one.id, @schema@.step(_now, _one.sliding) - 60);
            IF @schema@.step(_at, _one.sliding) < @schema@.step(_now, _one.sliding) - 60 THEN
                _left := _left || _one.id;
                CONTINUE;
            END IF;
            INSERT INTO @schema@.buckets AS bucket VALUES (
                _one.id, @schema@.step(_at, _one.sliding), _tokens, _charged[3], _charged[4], _charged[5], _charged[6], _charged[7]
            )
            ON CONFLICT (counter, step) DO UPDATE SET
                tokens = bucket.tokens + excluded.tokens,
                nano_usd = bucket.nano_usd + excluded.nano_usd,
                requests = bucket.requests + excluded.requests,
                unconfirmed_tokens = bucket.unconfirmed_tokens + excluded.unconfirmed_tokens,
                unconfirmed_nano_usd = bucket.unconfirmed_nano_usd + excluded.unconfirmed_nano_usd,
                unconfirmed_requests = bucket.unconfirmed_requests + excluded.unconfirmed_requests;
        END LOOP;
        IF _left IS NOT NULL THEN
            _counting := ARRAY(SELECT id FROM unnest(_ids) AS id WHERE id <> ALL (_left));
            UPDATE @schema@.counters SET
                open = open + _open,
                reserved_tokens = reserved_tokens + _reserved[1],
                reserved_nano_usd = reserved_nano_usd + _reserved[2],
                reserved_requests = reserved_requests + _reserved[3],
                overrun_tokens = overrun_tokens + _overrun[1],
                overrun_nano_usd = overrun_nano_usd + _overrun[2],
                overrun_requests = overrun_requests + _overrun[3],
                unreserved_tokens = unreserved_tokens + _unreserved[1],
                unreserved_nano_usd = unreserved_nano_usd + _unreserved[2],
                unreserved_requests = unreserved_requests + _unreserved[3],
                touched = greatest(touched, _touched)
            WHERE id = ANY (_left);
        END IF;
    END IF;
    UPDATE @schema@.counters SET
        open = open + _open,
        reserved_tokens = reserved_tokens + _reserved[1],
        reserved_nano_usd = reserved_nano_usd + _reserved[2],
        reserved_requests = reserved_requests + _reserved[3],
        tokens = tokens + _tokens,
        nano_usd = nano_usd + _charged[3],
        requests = requests + _charged[4],
        ranked_nano_usd = ranked_nano_usd + _charged[3],
        ranked_tokens = ranked_tokens + _tokens,
        input_tokens = input_tokens + _charged[1],
        output_tokens = output_tokens + _charged[2],
        unconfirmed_tokens = unconfirmed_tokens + _charged[5],
        unconfirmed_nano_usd = unconfirmed_nano_usd + _charged[6],
        unconfirmed_requests = unconfirmed_requests + _charged[7],
        estimated = estimated + _charged[8],
        unpriced = unpriced + _charged[9],
        overrun_tokens = overrun_tokens + _overrun[1],
        overrun_nano_usd = overrun_nano_usd + _overrun[2],
        overrun_requests = overrun_requests + _overrun[3],
        unreserved_tokens = unreserved_tokens + _unreserved[1],
        unreserved_nano_usd = unreserved_nano_usd + _unreserved[2],
        unreserved_requests = unreserved_requests + _unreserved[3],
        touched = greatest(touched, _touched)
    WHERE id = ANY (_counting);
END
$body$;
