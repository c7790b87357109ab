-- What set_limit stored.
CREATE FUNCTION @schema@.overrides() RETURNS TABLE (name text, key text, amount bigint)
LANGUAGE sql STABLE AS $body$
    SELECT name, key, amount FROM @schema@.limits ORDER BY name, key
$body$;
