-- Removes what set_limit stored.
CREATE FUNCTION @schema@.clear_limit(_id uuid) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    DELETE FROM @schema@.limits WHERE id = _id
$body$;
