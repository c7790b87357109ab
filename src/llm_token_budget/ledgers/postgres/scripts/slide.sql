-- Lets go of the steps of a sliding window from before _oldest. The caller has locked the counter.
CREATE FUNCTION @schema@.slide(_counter uuid, _oldest bigint) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    WITH gone AS (
        DELETE FROM @schema@.buckets WHERE counter = _counter AND step < _oldest RETURNING *
    ), sums AS (
        SELECT
            sum(tokens)::bigint AS tokens, sum(nano_usd)::bigint AS nano_usd, sum(requests)::bigint AS requests,
            sum(unconfirmed_tokens)::bigint AS unconfirmed_tokens, sum(unconfirmed_nano_usd)::bigint AS unconfirmed_nano_usd,
            sum(unconfirmed_requests)::bigint AS unconfirmed_requests
        FROM gone HAVING count(*) > 0
    )
    UPDATE @schema@.counters AS counter SET
        tokens = counter.tokens - sums.tokens,
        nano_usd = counter.nano_usd - sums.nano_usd,
        requests = counter.requests - sums.requests,
        ranked_nano_usd = counter.ranked_nano_usd - sums.nano_usd,
        ranked_tokens = counter.ranked_tokens - sums.tokens,
        unconfirmed_tokens = counter.unconfirmed_tokens - sums.unconfirmed_tokens,
        unconfirmed_nano_usd = counter.unconfirmed_nano_usd - sums.unconfirmed_nano_usd,
        unconfirmed_requests = counter.unconfirmed_requests - sums.unconfirmed_requests
    FROM sums WHERE counter.id = _counter
$body$;
