"""Newer published prices, taken on request and only if they look right.

Importing this module imports genai-prices: see `published`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from genai_prices.data_snapshot import DataSnapshot

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.pricing.priced import STANDARD, Priced
from llm_token_budget.pricing.published import Published
from llm_token_budget.pricing.rates import COMPONENTS
from llm_token_budget.pricing.vendors import UPPER_BOUND_PROVIDERS

if TYPE_CHECKING:
    from llm_token_budget.pricing.search import Search

logger: Final = logging.getLogger("llm_token_budget")

MOST_MOVED: Final = 5
"""So many times dearer or cheaper a price may become at once; more looks like a slipped decimal point."""

MOST_BYTES: Final = 64 * 2**20

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """What came of looking for newer prices."""

    accepted: bool
    updated_at: str
    """The date of the prices that are used now."""
    problems: tuple[str, ...] = ()
    """Why it was rejected; the first few of them."""


def refresh(
    search: Search,
    old: Published,
    in_use: Sequence[tuple[str, str | None]],
    now: datetime,
    source: str | Callable[[], bytes] | None,
    timeout: float,
) -> tuple[Refresh, Published | None]:
    """Fetch a book and compare it with the old one: (what came of it, the new book if it is accepted)."""
    try:
        new = _parse(_fetch(source, timeout))
    except (OSError, URLError, ValueError, TypeError, KeyError, AttributeError) as error:
        problem = f"the prices can't be read: {type(error).__name__}"
        return _rejected(old, now, (problem,)), None
    problems = tuple(
        _problems(replace(search, published=lambda: old), replace(search, published=lambda: new), in_use, now)
    )
    if problems:
        return _rejected(old, now, problems[:_SHOWN]), None
    return Refresh(accepted=True, updated_at=new.updated_at(now)), new


def _rejected(old: Published, now: datetime, problems: tuple[str, ...]) -> Refresh:
    logger.warning("newer prices are rejected, the old ones stay in use: %s", "; ".join(problems[:3]))
    return Refresh(accepted=False, updated_at=old.updated_at(now), problems=problems)


def _fetch(source: object, timeout: float) -> bytes:
    if source is None:
        from genai_prices.update_prices import DEFAULT_UPDATE_URL

        source = DEFAULT_UPDATE_URL
    if callable(source):
        content = source()
        if not isinstance(content, bytes | str):
            raise ConfigurationError(f"a source of prices returns bytes, not {shown_value(content)}")
        return content.encode() if isinstance(content, str) else content
    if not isinstance(source, str):
        raise ConfigurationError(f"a source of prices is an address, a path or a function, not {shown_value(source)}")
    if not source.lower().startswith(("http://", "https://")):
        return Path(source).read_bytes()
    request = Request(source, headers={"User-Agent": "llm-token-budget"})  # noqa: S310 - http or https
    with urlopen(request, timeout=timeout) as answer:  # noqa: S310 - http or https
        read: bytes = answer.read(MOST_BYTES + 1)
    if len(read) > MOST_BYTES:
        raise ValueError("absurdly long")
    return read


def _parse(content: bytes) -> Published:
    from genai_prices import types

    raw = json.loads(content)
    if not isinstance(raw, list) or not raw:
        raise ValueError("no list of providers")
    # What genai-prices' own updates use: the public classes have no other way in.
    providers: Any = types._providers_from_raw(raw)  # pyright: ignore[reportPrivateUsage] # noqa: SLF001
    snapshot = DataSnapshot(providers=providers, from_auto_update=True)
    return Published(snapshot, {provider.id: provider for provider in providers})


def _problems(before: Search, after: Search, in_use: Sequence[tuple[str, str | None]], now: datetime) -> Iterator[str]:
    for model, provider in dict.fromkeys(in_use):
        name = model.strip().lower()
        had, has = before.find(name, provider, now), after.find(name, provider, now)
        if had is not None and has is None:
            yield f"{name[:80]} is in use and would have no price"
        elif had is not None and has is not None:
            yield from _moves(name, had, has)
    old, new = before.published(), after.published()
    for seller in UPPER_BOUND_PROVIDERS:
        if seller not in new.providers:
            yield f"{seller} is missing"
            continue
        for name in old.names(seller):
            had, has = old.price(seller, name, now), new.price(seller, name, now)
            if had is not None and has is not None:
                yield from _moves(f"{seller}:{name}", had, has)


def _moves(name: str, before: Priced, after: Priced) -> Iterator[str]:
    """What a price would move by more than is believable, for a small and a large request."""
    for tier, old in before.tariffs.items():
        new = after.tariffs.get(tier)
        for size in (1, 10**6) if new is not None else ():
            assert new is not None
            was, would = old.rates_at(size), new.rates_at(size)
            for component in COMPONENTS:
                first, second = getattr(was, component), getattr(would, component)
                if max(first, second) > MOST_MOVED * min(first, second):
                    label = name if tier == STANDARD else f"{name} ({tier})"
                    yield f"{label[:80]} would move from {first} to {second} pico-USD per token of {component}"
                    return
