-- Version 2 of the tables. @schema@ stands for the quoted name of the schema.
--
-- Counters, reservations, records and limits are found by a digest of their identity (16 bytes): a key of 4,096 bytes of
-- emoji, or with a NUL in it, costs no more than "ada". Whoever locks several rows does so in this order: a reservation that is
-- there, counters by id, then meta; what is made new comes last. So nobody waits for somebody who waits for them.

CREATE SEQUENCE @schema@.ticks;

-- One row: what holds for the whole ledger.
CREATE TABLE @schema@.meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    longest_lease double precision NOT NULL DEFAULT 0,
    -- The youngest reservation that was forgotten: what is unknown and not younger is applied no more.
    forgotten double precision NOT NULL DEFAULT -1,
    -- Whether an amount was ever overridden: until then nobody has to look.
    overridden boolean NOT NULL DEFAULT false
);

INSERT INTO @schema@.meta (version) VALUES (1);

-- The running sums. A third of each page is left free, so that a new version of a row finds room on its page and no index learns
-- of it; the ranked columns, which an index holds, are NULL where there is no key, as in the row that everybody updates.
CREATE TABLE @schema@.counters (
    id uuid PRIMARY KEY,
    -- Scope, key and window, as JSON: for lists of all.
    identity text NOT NULL,
    -- Scope and window without the key: those of one family are ranked among each other.
    family uuid NOT NULL,
    -- The last part of the key, as UTF-8; NULL if there is no key.
    name bytea,
    of_user uuid,
    of_session uuid,
    ends bigint,
    sliding bigint NOT NULL,
    -- When somebody should look whether the row can be dropped; NULL: never.
    due double precision,
    touched double precision NOT NULL,
    -- The tick of its making or its last reset: charges from before are not in it.
    era bigint NOT NULL DEFAULT nextval('@literal@.ticks'),
    open integer NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    nano_usd bigint NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    reserved_tokens bigint NOT NULL DEFAULT 0,
    reserved_nano_usd bigint NOT NULL DEFAULT 0,
    reserved_requests bigint NOT NULL DEFAULT 0,
    unconfirmed_tokens bigint NOT NULL DEFAULT 0,
    unconfirmed_nano_usd bigint NOT NULL DEFAULT 0,
    unconfirmed_requests bigint NOT NULL DEFAULT 0,
    overrun_tokens bigint NOT NULL DEFAULT 0,
    overrun_nano_usd bigint NOT NULL DEFAULT 0,
    overrun_requests bigint NOT NULL DEFAULT 0,
    unreserved_tokens bigint NOT NULL DEFAULT 0,
    unreserved_nano_usd bigint NOT NULL DEFAULT 0,
    unreserved_requests bigint NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    blocked bigint NOT NULL DEFAULT 0,
    estimated bigint NOT NULL DEFAULT 0,
    unpriced bigint NOT NULL DEFAULT 0,
    ranked_nano_usd bigint,
    ranked_tokens bigint
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX counters_by_cost ON @schema@.counters
    (family, ranked_nano_usd DESC, ranked_tokens DESC, substring(name FROM 1 FOR 256)) WHERE ranked_nano_usd IS NOT NULL;
CREATE INDEX counters_of_users ON @schema@.counters (of_user) WHERE of_user IS NOT NULL;
CREATE INDEX counters_of_sessions ON @schema@.counters (of_session) WHERE of_session IS NOT NULL;
CREATE INDEX counters_due ON @schema@.counters (due) WHERE due IS NOT NULL;

-- Of sliding windows: what was spent by step, and the unconfirmed part of it.
CREATE TABLE @schema@.buckets (
    counter uuid,
    step bigint,
    tokens bigint NOT NULL,
    nano_usd bigint NOT NULL,
    requests bigint NOT NULL,
    unconfirmed_tokens bigint NOT NULL,
    unconfirmed_nano_usd bigint NOT NULL,
    unconfirmed_requests bigint NOT NULL,
    PRIMARY KEY (counter, step)
) WITH (fillfactor = 70);

-- Reservations: open, and ended ones for as long as a truth may come, or come again.
CREATE TABLE @schema@.reservations (
    id uuid PRIMARY KEY,
    -- 1 open, 2 charged without the provider's word, 3 settled, 4 given back
    state smallint NOT NULL,
    counters uuid[],
    slides boolean NOT NULL,
    -- The handle as JSON, for the list of unconfirmed charges; not kept once the outcome is known.
    handle text,
    created double precision NOT NULL,
    expires double precision NOT NULL,
    reserved bigint[],
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    bounded boolean NOT NULL,
    -- When its lease ends it is charged nothing, instead of all that it holds.
    gives_back boolean NOT NULL DEFAULT false,
    shadow text,
    ended double precision,
    -- Input tokens, output tokens, nano-USD, requests.
    charge bigint[],
    unconfirmed boolean NOT NULL DEFAULT false,
    estimated boolean NOT NULL DEFAULT false,
    unpriced boolean NOT NULL DEFAULT false,
    -- Of an unconfirmed charge: what was held for it, the eras of the counters it is in, and its place in the list.
    covered bigint[],
    eras bigint[],
    listed bigint
) WITH (autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX reservations_by_lease ON @schema@.reservations (expires) WHERE state = 1;
CREATE INDEX reservations_unconfirmed ON @schema@.reservations (listed) WHERE state = 2;
CREATE INDEX reservations_ended ON @schema@.reservations (ended) WHERE ended IS NOT NULL;

-- Records that were booked, so that none is booked twice.
CREATE TABLE @schema@.records (
    id uuid PRIMARY KEY,
    at double precision NOT NULL
);

CREATE INDEX records_by_time ON @schema@.records (at);

-- Amounts that go before a limit's own: for one key, or for all that have none of their own. NULL: unlimited.
CREATE TABLE @schema@.limits (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    key text NOT NULL,
    amount bigint
);
