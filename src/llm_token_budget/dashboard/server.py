"""The pages, live. Binds this machine alone; elsewhere, whoever looks needs a token."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from llm_token_budget.dashboard import pages
from llm_token_budget.dashboard.rates import BurnRate
from llm_token_budget.dashboard.snapshot import Snapshot, take_snapshot
from llm_token_budget.dashboard.spending import JournalLook
from llm_token_budget.errors import ConfigurationError, LedgerUnavailable
from llm_token_budget.manager import BudgetManager
from llm_token_budget.serialising import plain

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
COOKIE: Final = "llm_token_budget"


def build_app(budget: BudgetManager, *, token: str | None = None, hosts: tuple[str, ...] = ()) -> Starlette:
    """The dashboard as an ASGI application.

    Args:
        budget: what is shown.
        token: whoever looks must bring it once, as `/?token=...` (a cookie remembers it) or as a bearer token. None: nobody.
        hosts: names under which it may be called; a page of somebody else's must not reach it through a name that points
            here. Empty: those of this machine.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    rates, look = BurnRate(), JournalLook(budget)
    lock = asyncio.Lock()

    async def snapshot(request: Request) -> Snapshot:
        query = request.query_params
        users = [query["user"]] if query.get("user") else []
        number = int(query["page"]) if query.get("page", "").isascii() and query.get("page", "").isdigit() else 0
        options: dict[str, Any] = {"users": users, "page": min(number, 10**6), "search": query.get("search", "")[:1024]}
        options["look"] = look
        async with lock:  # However many windows are open, the ledger is asked by one at a time.
            return await asyncio.to_thread(take_snapshot, budget, rates, **options)

    def door(answer: Callable[[Snapshot], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def open_door(request: Request) -> Response:
            return await _answered(request, token, snapshot, answer)

        return open_door

    from starlette.responses import HTMLResponse, JSONResponse

    return Starlette(
        routes=[
            Route("/", door(lambda found: HTMLResponse(pages.page(found)))),
            Route("/body", door(lambda found: HTMLResponse(pages.body(found)))),
            Route("/api/snapshot", door(lambda found: JSONResponse(plain(found)))),
            Mount("/static", StaticFiles(directory=pages.HERE / "static")),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[*(hosts or ("127.0.0.1", "localhost", "[::1]"))]),
        ],
    )


async def _answered(
    request: Request,
    token: str | None,
    snapshot: Callable[[Request], Awaitable[Snapshot]],
    answer: Callable[[Snapshot], Response],
) -> Response:
    from starlette.responses import PlainTextResponse, RedirectResponse

    if token is not None:
        brought = request.query_params.get("token")
        if brought is not None and _same(brought, token):
            # Out of the address, and so out of histories and logs.
            response: Response = RedirectResponse(request.url.remove_query_params("token"), 303, headers=HEADERS)
            response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
            return response
        if not _same(_token_of(request), token):
            return PlainTextResponse("a token is needed: /?token=...", 401, headers=HEADERS)
    try:
        response = answer(await snapshot(request))
    except (LedgerUnavailable, OSError) as away:
        return PlainTextResponse(str(away), 503, headers=HEADERS)
    except ConfigurationError as wrong:
        return PlainTextResponse(str(wrong), 400, headers=HEADERS)
    response.headers.update(HEADERS)
    return response


def _token_of(request: Request) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def is_this_machine(host: str) -> bool:
    """Whether an address to bind is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
