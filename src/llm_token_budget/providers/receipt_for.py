"""`receipt_for`: the receipt of a call, from its answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import ref

from llm_token_budget.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from llm_token_budget.manager import BudgetManager
    from llm_token_budget.receipts import Draft, Receipt
    from llm_token_budget.reservation import Reservation

_EXTENSION: Final = "llm_token_budget"
"""Where an HTTP response keeps what its call was charged to. httpx gives `extensions` to whoever needs them."""

_HTTP: Final = ("http_response", "response", "_response", "_raw_stream", "_raw_response")
"""Where SDKs' raw responses, streams and helpers of streams keep the HTTP response, or what has it."""

_Kept = Sequence["Reservation | Draft"]

_known: Final[dict[int, tuple[ref[Any], _Kept]]] = {}
"""By the id of an answer that is alive: it goes when the answer does."""


def remember(http_response: Any, answer: Any, reservations: Sequence[Reservation]) -> None:
    """Note what an answer was charged to, for as long as somebody holds it. Never raises."""
    if not reservations:
        return
    kept: list[Reservation | Draft] = []
    for reservation in reservations:
        kept.append(reservation.kept)  # noqa: PERF401 - a comprehension is one call more, for every call
    if http_response is not None:
        http_response.extensions[_EXTENSION] = kept
    if answer is not http_response:
        key = id(answer)
        try:
            _known[key] = ref(answer, partial(_forget, key)), kept
        except TypeError:  # A plain str, say: a transcript.
            return


def _forget(key: int, _: object) -> None:
    """An answer is gone. Called by the garbage collector: one operation of a dict, no lock."""
    _known.pop(key, None)


def receipt_for(response: object, *, budget: BudgetManager | None = None) -> Receipt | None:
    """The receipt of a call through a wrapped client: what it was charged, and how that came about.

    Args:
        response: what the call returned: an SDK's object, a raw response, or a stream (or the SDK's helper of one).
        budget: whose receipt, where several budgets guard the client; the first one's where left out.

    Returns:
        The receipt; None while the call is open, such as a stream that is still read.

    Raises:
        ConfigurationError: not an answer of a wrapped client, or one that was made anew (`.parse()` of a raw response, the
            final message of a stream): ask with the raw response or the stream itself.
    """
    reservations = _reservations(response, 3)
    if reservations is None:
        raise ConfigurationError(
            f"receipt_for() takes what a wrapped client returned, not {shown(type(response).__name__)}: "
            "of a stream's final message, or a parsed raw response, pass the stream or the raw response"
        )
    mine = [each for each in reservations if budget is None or each.is_of(budget)]
    if not mine:
        raise ConfigurationError("receipt_for(): this call was not charged to that budget")
    return mine[0].receipt


def _reservations(answer: Any, depth: int) -> _Kept | None:
    known = _known.get(id(answer))
    if known is not None and known[0]() is answer:
        return known[1]
    extensions = getattr(answer, "extensions", None)
    if type(extensions) is dict and _EXTENSION in extensions:
        return cast("_Kept", extensions[_EXTENSION])
    for name in _HTTP if depth else ():
        # Not what a class computes: some of those properties raise.
        inner = getattr(answer, "__dict__", {}).get(name)
        if inner is not None and (found := _reservations(inner, depth - 1)) is not None:
            return found
    return None
