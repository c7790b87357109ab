"""What was parsed for the bill, lent to the SDK: it would parse the same bytes again a moment later."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

_HTTP_LIBRARIES: Final = {"httpx", "httpx2"}


def lend(response: Any, body: object) -> None:
    """Let the next `response.json()` answer with what was parsed already. The one after it parses anew, as always."""
    if not _is_usual(response.__class__):
        return
    attributes = response.__dict__

    def json(**options: Any) -> Any:
        del attributes["json"]
        return response.json(**options) if options else body

    attributes["json"] = json


def take_back(response: Any) -> None:
    """Nobody has asked for it: leave the response as it was."""
    response.__dict__.pop("json", None)


@lru_cache(maxsize=16)
def _is_usual(kind: Any) -> bool:
    """Whether responses are httpx's own, whose `json` does nothing but parse. Somebody's subclass may read it otherwise."""
    return kind.__qualname__ == "Response" and kind.__module__.partition(".")[0] in _HTTP_LIBRARIES
