-- What is still in a sliding window's sums though it has left the window: tokens, nano-USD, requests, the unconfirmed part of each,
-- and the oldest step that is still in it (NULL: none).
CREATE FUNCTION @schema@.left_window(_counter uuid, _oldest bigint) RETURNS bigint[]
LANGUAGE sql STABLE AS $body$
    SELECT ARRAY[
        coalesce(sum(tokens) FILTER (WHERE step < _oldest), 0), coalesce(sum(nano_usd) FILTER (WHERE step < _oldest), 0),
        coalesce(sum(requests) FILTER (WHERE step < _oldest), 0),
        coalesce(sum(unconfirmed_tokens) FILTER (WHERE step < _oldest), 0),
        coalesce(sum(unconfirmed_nano_usd) FILTER (WHERE step < _oldest), 0),
        coalesce(sum(unconfirmed_requests) FILTER (WHERE step < _oldest), 0),
        min(step) FILTER (WHERE step >= _oldest)
    ]::bigint[]
    FROM @schema@.buckets WHERE counter = _counter
$body$;
