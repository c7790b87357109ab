-- Seconds for which an ended reservation can still be told the truth: the longest lease and a day.
CREATE FUNCTION @schema@.horizon() RETURNS double precision
LANGUAGE sql STABLE AS $body$
    SELECT longest_lease + 86400 FROM @schema@.meta
$body$;
