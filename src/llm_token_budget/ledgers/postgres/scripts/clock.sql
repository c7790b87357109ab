-- Seconds since the epoch: the server's clock, unless a test brings its own.
CREATE FUNCTION @schema@.clock(_clock double precision) RETURNS double precision
LANGUAGE sql VOLATILE AS $body$
    SELECT coalesce(_clock, extract(epoch FROM clock_timestamp())::double precision)
$body$;
