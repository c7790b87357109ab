"""Alerts over HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from llm_token_budget.alerts.alert import Alert
from llm_token_budget.errors import ConfigurationError, shown

logger: Final = logging.getLogger("llm_token_budget")

TIMEOUT: Final = 5.0
"""Seconds for one attempt."""
ATTEMPTS: Final = 3
FIRST_PAUSE: Final = 0.5
"""Seconds before the second attempt; twice as long before each further one."""


class Webhook:
    """POSTs each alert as JSON; its `text` is what Slack, Mattermost and Google Chat show.

    It is called in a thread of its budget's, never in a call's. Neither the address nor the headers, which may hold secrets,
    ever go into a log or an error.

    Args:
        url: an http or https address.
        headers: sent along, such as `Authorization`.
        timeout: seconds for one attempt; there are three, for failures that may pass (no connection, 429, 5xx).

    Raises:
        ConfigurationError: no such address.
    """

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url) if isinstance(url, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError("a webhook needs an address that begins with https:// (or http://)")
        self._url = url
        self._host = parts.hostname
        self._headers = dict(headers or {})
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"Webhook({shown(self._host)})"

    def __call__(self, alert: Alert) -> None:
        """Send it. What can't be delivered is logged, and raises nothing."""
        import httpx2

        pause = FIRST_PAUSE
        problem = ""
        with httpx2.Client(timeout=self._timeout, follow_redirects=False) as client:
            for attempt in range(ATTEMPTS):
                if attempt:
                    time.sleep(pause)
                    pause *= 2
                problem, final = self._attempt(client, alert)
                if not problem:
                    return
                if final:
                    break
        logger.error("an alert could not be delivered to %s (%s): %s", self._host, problem, alert)

    def _attempt(self, client: Any, alert: Alert) -> tuple[str, bool]:
        """What went wrong, if anything, and whether trying again is in vain."""
        import httpx2

        try:
            status = client.post(self._url, json=alert.as_json(), headers=self._headers).status_code
        except httpx2.HTTPError as error:
            return type(error).__name__, False
        if status < 300:
            return "", True
        return f"HTTP {status}", status != 429 and status < 500
