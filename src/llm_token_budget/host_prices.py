"""Whose prices count at which host, as the user says it: `BudgetManager(hosts={"llm.internal": 0})`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, cast

from llm_token_budget.errors import ConfigurationError, shown, shown_value
from llm_token_budget.pricing import PriceBook, RateCard
from llm_token_budget.pricing.custom import CustomPrices, read_custom_pricing
from llm_token_budget.pricing.names import known_provider

HostPrice = str | int | float | Decimal | Mapping[str, object]
"""A provider's name, 0, or prices in USD per million tokens, as in `custom_pricing`."""

_HOST: Final = re.compile(r"[a-z0-9._-]+(:\d{1,5})?|\[?[0-9a-f:]+\]?", re.IGNORECASE)
_FREE: Final = {"input": 0, "output": 0}


class HostPrices(PriceBook):
    """A price book in which a host can have prices of its own, the same for all models that it serves.

    Args:
        custom_pricing: as in `PriceBook`.
        aliases: as in `PriceBook`.
        hosts: whose prices count at a host, as `llm.internal` or `llm.internal:8080`.
        discounts: as in `PriceBook`.
        trust_cost: as in `PriceBook`.

    Raises:
        ConfigurationError: a price, an alias or a host that can't be.
    """

    def __init__(
        self,
        custom_pricing: Mapping[str, CustomPrices] | None,
        aliases: Mapping[str, str] | None,
        hosts: Mapping[str, HostPrice] | None,
        *,
        discounts: Mapping[str, object] | None = None,
        trust_cost: Collection[str] = (),
    ) -> None:
        super().__init__(custom_pricing, aliases, discounts=discounts, trust_cost=trust_cost)
        self._of_hosts: dict[str, RateCard] = {}
        self._named: dict[str, str] = {}
        own = {provider for name in custom_pricing or () if (provider := str(name).lower().partition(":")[0]) != name}
        for host, value in _read_hosts(hosts):
            if isinstance(value, str):
                self._named[host] = known_provider(f"hosts[{shown(host)}]", value, also=own)
            else:
                self._of_hosts[host] = _card(host, value)
                self._named[host] = host

    def provider_at(self, host: str, place: str) -> str | None:
        """The provider in whose name a host's calls are priced and counted; None if nobody said.

        Args:
            host: the host alone.
            place: the host with its port, which goes first.
        """
        return self._named.get(place) or self._named.get(host)

    def _look_up(self, key: Any) -> RateCard:
        """A host's own prices hold for all its models, and are never among the cards that the book remembers by model."""
        _, provider, *_ = key
        card = self._of_hosts.get(provider or "")
        return super()._look_up(key) if card is None else card


def _read_hosts(hosts: object) -> list[tuple[str, HostPrice]]:
    if hosts is None:
        return []
    if not isinstance(hosts, Mapping):
        raise ConfigurationError(f"hosts is like {{'llm.internal:8080': 0}}, not {shown_value(hosts)}")
    return [_read_host(host, value) for host, value in cast("Mapping[object, object]", hosts).items()]


def _read_host(host: object, value: object) -> tuple[str, HostPrice]:
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        # A whole address may hold a password: it is not repeated.
        raise ConfigurationError(
            "hosts names hosts as 'llm.internal' or 'llm.internal:8080', without scheme, user and path"
        )
    if isinstance(value, str) and re.search("[a-z]", value, re.IGNORECASE):
        return host.lower(), value
    if isinstance(value, Mapping):
        return host.lower(), cast("Mapping[str, object]", value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value == 0:
        return host.lower(), _FREE
    raise ConfigurationError(
        f"hosts[{shown(host)}] is a provider's name such as 'openai', 0 for a server of your own, or prices in USD per million "
        f"tokens such as {{'input': '0.50', 'output': '1.50'}}, not {shown_value(value)}"
    )


def _card(host: str, prices: object) -> RateCard:
    try:
        card = read_custom_pricing({host: cast("Mapping[str, object]", prices)})[host].card(None)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("custom_pricing", "hosts")) from error
    # Of any model: each is counted under the name that it is asked for by.
    return replace(card, provider="any")
