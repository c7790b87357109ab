-- Made on first use, beside the tables of the ledger. Keys are UTF-8 in BLOBs; amounts are what a line changes.
CREATE TABLE IF NOT EXISTS journal (
    at REAL NOT NULL,               -- when the call was admitted
    key TEXT NOT NULL,
    user_key BLOB,
    session_id BLOB,
    provider BLOB,
    model BLOB,
    dimensions TEXT NOT NULL,       -- JSON, or nothing
    tokens INTEGER NOT NULL,
    nano_usd INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    line TEXT NOT NULL,             -- all of it, as JSON
    PRIMARY KEY (at, key)
);
