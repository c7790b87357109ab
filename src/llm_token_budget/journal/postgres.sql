-- Made on first use, beside the tables of the ledger. Keys are UTF-8 in bytes; amounts are what a line changes.
CREATE TABLE IF NOT EXISTS @schema@.journal (
    -- When the call was admitted.
    at double precision NOT NULL,
    key text COLLATE "C" NOT NULL,
    user_key bytea,
    session_id bytea,
    provider bytea,
    model bytea,
    -- JSON, or nothing.
    dimensions text NOT NULL,
    tokens bigint NOT NULL,
    nano_usd bigint NOT NULL,
    requests bigint NOT NULL,
    -- All of it, as JSON in ASCII.
    line text NOT NULL,
    PRIMARY KEY (at, key)
)
