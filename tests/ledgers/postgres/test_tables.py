"""What the tables of a PostgreSQL ledger look like from the outside: found by index, tidied up, small."""

from __future__ import annotations

import pytest

from llm_token_budget.ledgers.base import Charge
from llm_token_budget.ledgers.operations import Settle
from llm_token_budget.ledgers.postgres.calls import Calls

from ..building import DAY, HOUR, FakeClock, every, hold, run, session, sliding, truth, unknown, user
from ..postgres_server import new_schema

PAGE = """
SELECT * FROM "{0}".counters WHERE family = (SELECT family FROM "{0}".counters LIMIT 1) AND ranked_nano_usd IS NOT NULL
ORDER BY ranked_nano_usd DESC, ranked_tokens DESC, substring(name FROM 1 FOR 256), name LIMIT 10
"""


@pytest.fixture
def schema():
    return new_schema()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def ledger(make, clock):
    return make(clock=clock)


def count(database, schema, table) -> int:
    return database.execute(f'SELECT count(*) FROM "{schema}".{table}').fetchone()[0]


def test_a_page_of_users_is_read_from_an_index(ledger, database, schema):
    """The ten dearest of thousands cost as much as the ten dearest of ten."""
    ledger.record((user(),), truth(1))
    database.execute(
        f"""INSERT INTO "{schema}".counters (id, identity, family, name, sliding, touched, ranked_nano_usd, ranked_tokens)
        SELECT gen_random_uuid(), '', family, convert_to('user ' || n, 'UTF8'), 0, 0, n, n
        FROM "{schema}".counters, generate_series(1, 5000) AS n"""
    )
    database.execute(f'ANALYZE "{schema}".counters')
    plan = "\n".join(row[0] for row in database.execute("EXPLAIN " + PAGE.format(schema)).fetchall())
    assert "counters_by_cost" in plan
    assert [name for name, _ in ledger.users(user(), limit=2)] == ["user 5000", "user 4999"]


def test_names_that_differ_late_are_told_apart_and_ordered(ledger):
    """The index holds the beginning of a name; the order is that of the whole name, by code point."""
    names = ["x" * 1_024 + end for end in ("b", "a", "\N{OCTOPUS}", "\0", "")]
    for name in names:
        ledger.record((user(name),), Charge(1, 0, 1))
    assert [name for name, _ in ledger.users(user())] == sorted(names)


@pytest.mark.parametrize(
    "name", ["\ud800", "a\0b", "a\\u0000b", '"', "\N{OCTOPUS}" * 1_024, "", "{NULL}", "NULL", "é", "e\u0301"]
)
def test_any_name_comes_back_as_it_was(ledger, name):
    """Lone surrogates and NUL characters too, in users, reservations and overrides."""
    handle = hold(ledger, name, 100, user(name), session(name, name))
    ledger.settle(handle, unknown(100))
    ledger.set_limit(name, (name,), 7)
    assert [listed.handle for listed in ledger.unconfirmed()] == [handle]
    assert [who for who, _ in ledger.users(user())] == [name]
    assert ledger.overrides() == [(name, (name,), 7)]


def test_what_is_over_is_dropped(ledger, clock, database, schema):
    """Finished windows, idle sessions and runs, ended reservations, records and steps: after their time no row is left."""
    counters = every(HOUR, clock.at, key="ada"), session("chat"), run("job"), sliding(60)
    ledger.settle(hold(ledger, "a", 100, *counters), truth(60))
    ledger.settle(hold(ledger, "b", 100, *counters), unknown(60))
    ledger.record(counters, truth(5))
    hold(ledger, "c", 100, *counters)
    clock.advance(40 * DAY)
    ledger.ping()
    clock.advance(40 * DAY)
    ledger.ping()
    assert [count(database, schema, table) for table in ("counters", "buckets", "reservations", "records")] == [
        0,
        0,
        0,
        0,
    ]


def test_the_steps_of_a_sliding_window_do_not_pile_up(ledger, clock, database, schema):
    """However long it slides, at most a window's length of them is kept."""
    for number in range(150):
        ledger.settle(hold(ledger, str(number), 10, sliding(60)), truth(10))
        clock.advance(1)
    assert count(database, schema, "buckets") <= 61


def test_an_ended_reservation_leaves_the_index_of_leases(ledger, database, schema):
    """The next lease to end is found without passing the ended ones."""
    for number in range(20):
        ledger.settle(hold(ledger, str(number), 10), truth(10))
    open_one = hold(ledger, "open", 10)
    found = database.execute(f'SELECT count(*), min(created) FROM "{schema}".reservations WHERE state = 1').fetchone()
    assert found == (1, open_one.created)


def test_a_settlement_does_not_look_through_what_is_open(ledger, clock, schema):
    """It finds its reservation by its id alone: the index of leases, as long as there are open ones, is left in peace."""
    handles = [hold(ledger, str(number), 10) for number in range(3)]
    settlement = Calls(f'"{schema}"', DAY, clock).call(Settle(handles[1], truth(7)))

    def scans(connection, index):
        counted = "SELECT pg_stat_get_xact_numscans(format('%%I.%%I', %s::text, %s::text)::regclass)"
        return connection.execute(counted, (schema, index)).fetchone()[0]

    def settle(connection):
        with connection.transaction():
            before = [scans(connection, index) for index in indexes]
            done = connection.ask(settlement.sql, settlement.parameters)
            return done, [scans(connection, index) - count for index, count in zip(indexes, before, strict=True)]

    indexes = "reservations_by_lease", "reservations_pkey"
    assert ledger.run(settle) == (b"t", [0, 1])
