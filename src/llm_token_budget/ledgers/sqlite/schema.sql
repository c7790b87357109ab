-- Version 1. Keys and ids are UTF-8 in BLOBs: whatever a key holds, it sorts by code points. Amounts are whole numbers.

CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    tick INTEGER NOT NULL,          -- counts changes: what was charged before a counter's reset is told by it
    longest_lease REAL NOT NULL     -- with a day more, how long ended reservations are remembered
);
INSERT INTO state VALUES (1, 0, 0);

CREATE TABLE counters (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,      -- JSON: [scope, key, window, start, end, sliding]
    family TEXT,                    -- the same with an empty key; NULL for a counter without a key
    member BLOB,                    -- the key's last part
    owner BLOB,                     -- the user in the key
    session BLOB,                   -- the session in the key
    reserved_tokens INTEGER NOT NULL DEFAULT 0,
    reserved_nano_usd INTEGER NOT NULL DEFAULT 0,
    reserved_requests INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 0,
    touched REAL NOT NULL DEFAULT 0,
    since INTEGER NOT NULL,         -- the tick of its making, or of its last reset
    due REAL,                       -- when to see whether it can be dropped
    spent_tokens INTEGER NOT NULL DEFAULT 0,
    spent_nano_usd INTEGER NOT NULL DEFAULT 0,
    spent_requests INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    unconfirmed_tokens INTEGER NOT NULL DEFAULT 0,
    unconfirmed_nano_usd INTEGER NOT NULL DEFAULT 0,
    unconfirmed_requests INTEGER NOT NULL DEFAULT 0,
    overrun_tokens INTEGER NOT NULL DEFAULT 0,
    overrun_nano_usd INTEGER NOT NULL DEFAULT 0,
    overrun_requests INTEGER NOT NULL DEFAULT 0,
    unreserved_tokens INTEGER NOT NULL DEFAULT 0,
    unreserved_nano_usd INTEGER NOT NULL DEFAULT 0,
    unreserved_requests INTEGER NOT NULL DEFAULT 0,
    estimated INTEGER NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,
    buckets TEXT                    -- JSON, of a sliding window: [[step, three amounts spent, three unconfirmed], ...]
);
CREATE INDEX counters_by_cost ON counters (family, spent_nano_usd DESC, spent_tokens DESC, member)
    WHERE family IS NOT NULL;
CREATE INDEX counters_by_owner ON counters (owner) WHERE owner IS NOT NULL;
CREATE INDEX counters_by_session ON counters (session) WHERE session IS NOT NULL;
CREATE INDEX counters_by_due ON counters (due) WHERE due IS NOT NULL;

-- Few at a time: looked through for leases that have ended. An index of those would cost each call more than that does.
CREATE TABLE open (
    id BLOB PRIMARY KEY,
    created REAL NOT NULL,
    expires REAL NOT NULL,          -- the end of its lease
    held TEXT NOT NULL              -- JSON: [counters, reserved, input, output, marks, shadow]; marks: 1 bounded + 2 expires for nothing
) WITHOUT ROWID;

CREATE TABLE ended (
    id BLOB PRIMARY KEY,
    created REAL NOT NULL,
    charge TEXT,                    -- JSON: [input, output, nano-USD, requests, three flags]; NULL: given back
    held TEXT,                      -- these four of one that was charged without the provider's word: as above,
    covered TEXT,                   -- JSON: what was held for it,
    at REAL,                        -- when it was charged,
    tick INTEGER                    -- and the tick of that
) WITHOUT ROWID;
CREATE INDEX ended_unconfirmed ON ended (tick) WHERE tick IS NOT NULL;

CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    at REAL NOT NULL
);

CREATE TABLE overrides (
    name BLOB NOT NULL,
    key TEXT NOT NULL,              -- JSON; null for all keys that have no amount of their own
    amount INTEGER,                 -- NULL: unlimited
    PRIMARY KEY (name, key)
) WITHOUT ROWID;
