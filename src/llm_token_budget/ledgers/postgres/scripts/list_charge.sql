-- Marks a reservation as charged without the provider's word, with what a truth that comes later needs to take its place.
CREATE FUNCTION @schema@.list_charge(
    _id uuid, _charge bigint[], _estimated boolean, _unpriced boolean, _covered bigint[], _now double precision
) RETURNS void
LANGUAGE sql VOLATILE AS $body$
    UPDATE @schema@.reservations AS reservation SET
        state = 2, ended = _now, charge = _charge, unconfirmed = true, estimated = _estimated, unpriced = _unpriced,
        covered = _covered, listed = nextval('@literal@.ticks'),
        eras = ARRAY(
            SELECT coalesce(counter.era, 0) FROM unnest(reservation.counters) WITH ORDINALITY AS each(id, place)
            LEFT JOIN @schema@.counters AS counter ON counter.id = each.id ORDER BY each.place
        )
    WHERE id = _id
$body$;
