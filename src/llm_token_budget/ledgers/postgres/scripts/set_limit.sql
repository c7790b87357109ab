-- Stores an amount that goes before the limit's own.
CREATE FUNCTION @schema@.set_limit(_id uuid, _name text, _key text, _amount bigint) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    INSERT INTO @schema@.limits VALUES (_id, _name, _key, _amount)
    ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
    UPDATE @schema@.meta SET overridden = true WHERE NOT overridden
$body$;
