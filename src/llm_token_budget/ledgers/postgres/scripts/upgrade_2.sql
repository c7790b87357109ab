-- From version 1 to version 2: reservations say themselves what becomes of them when their lease ends; counters take less room.
ALTER TABLE @schema@.reservations ADD COLUMN gives_back boolean NOT NULL DEFAULT false;
ALTER TABLE @schema@.counters SET (fillfactor = 70);
