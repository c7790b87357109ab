"""What ledger tests are built from: a clock that tests move, counters, and short ways to say a claim."""

from __future__ import annotations

from llm_token_budget.ledgers import Ledger
from llm_token_budget.ledgers.base import (
    TOKENS,
    Amounts,
    Balance,
    Charge,
    Claim,
    Counter,
    Granted,
    Handle,
    Line,
    Refused,
    Stale,
)

HOUR = 3_600
DAY = 86_400
NOON = 1_900_000_800.0
"""When the tests begin: an hour's start, some time in 2030."""

EVERYONE = Counter(("global",), (), "total")


class FakeClock:
    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


def user(name: str = "ada") -> Counter:
    return Counter(("user",), (name,), "total")


def session(name: str, owner: str = "ada") -> Counter:
    return Counter(("user", "session"), (owner, name), "total")


def run(name: str) -> Counter:
    return Counter(("run",), (name,), "total")


def every(seconds: int, at: float, *, key: str | None = None) -> Counter:
    """The counter of a fixed window: for everyone, or for a user."""
    start = int(at // seconds) * seconds
    scope, keys = (("global",), ()) if key is None else (("user",), (key,))
    return Counter(scope, keys, f"every:{seconds}", start, start + seconds)


def sliding(seconds: int = 60) -> Counter:
    return Counter(("global",), (), f"sliding:{seconds}", sliding=seconds)


def limit(
    amount: int | None,
    unit: int = TOKENS,
    *,
    on: int = 0,
    name: str = "limit",
    key: tuple[str, ...] = (),
    enforce: bool = True,
) -> Line:
    return Line(name, key, unit, amount, on, enforce)


def claim(
    name: str,
    *lines: Line,
    counters: tuple[Counter, ...] = (EVERYONE,),
    tokens: int = 0,
    nano_usd: int = 0,
    requests: int = 1,
    per_output: tuple[int, int, int] = (1000, 0, 0),
    want: int = 0,
    at_least: int = 0,
    share: int = 0,
    share_floor: int = 0,
    lease: float = 900.0,
    patient: bool = False,
) -> Claim:
    fixed = Amounts(tokens, nano_usd, requests)
    return Claim(name, counters, lines, fixed, per_output, want, at_least, share, share_floor, lease, patient)


def grant(ledger: Ledger, asked: Claim) -> Granted:
    answer = ledger.reserve(asked)
    assert isinstance(answer, Granted)
    return answer


def refuse(ledger: Ledger, asked: Claim) -> Refused:
    answer = ledger.reserve(asked)
    assert isinstance(answer, Refused)
    return answer


def hold(ledger: Ledger, name: str, tokens: int, *counters: Counter, lease: float = 900.0) -> Handle:
    """A reservation of some input tokens, without any limit."""
    return grant(ledger, claim(name, counters=counters or (EVERYONE,), tokens=tokens, lease=lease)).handle


def truth(tokens: int, output_tokens: int = 0, nano_usd: int = 0, requests: int = 1) -> Charge:
    return Charge(tokens, output_tokens, nano_usd, requests)


def unknown(tokens: int, output_tokens: int = 0, nano_usd: int = 0, requests: int = 1) -> Charge:
    return Charge(tokens, output_tokens, nano_usd, requests, unconfirmed=True)


def balance(ledger: Ledger, counter: Counter = EVERYONE) -> Balance:
    balances = ledger.read([counter])
    assert not isinstance(balances, Stale)
    return balances[0]


def balance_at(ledger: Ledger, clock: FakeClock, counter: Counter, at: float) -> Balance:
    """What a counter whose window has ended says, seen from within its window."""
    now, clock.at = clock.at, at
    try:
        return balance(ledger, counter)
    finally:
        clock.at = now


def spent(ledger: Ledger, counter: Counter = EVERYONE) -> int:
    return balance(ledger, counter).spent.tokens


def reserved(ledger: Ledger, counter: Counter = EVERYONE) -> int:
    return balance(ledger, counter).reserved.tokens
