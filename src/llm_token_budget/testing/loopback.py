"""The provider itself: start it, tell it what to answer, read its bill."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.testing.billing import Bill, Cashier
from llm_token_budget.testing.counting import tokenizer
from llm_token_budget.testing.fields import BadRequest
from llm_token_budget.testing.http1 import HttpRequest
from llm_token_budget.testing.performance import Performance, perform, receive, refuse
from llm_token_budget.testing.prices import Price, read_price
from llm_token_budget.testing.received import ReceivedRequest
from llm_token_budget.testing.reply import Reply
from llm_token_budget.testing.routes import PREFIXES, split_address
from llm_token_budget.testing.script import Script

if TYPE_CHECKING:
    from llm_token_budget.testing.server import Server


class LoopbackProvider:
    """OpenAI, Azure OpenAI, Anthropic, Groq and Ollama on 127.0.0.1, in one thread of their own, with one bill.

    Use it as a context manager, or call `start()` and `stop()`. Everything but those two may be called from any
    thread, at any time.

    Args:
        prices: USD per million tokens by model, as `("0.50", "1.50")` for input and output, with a third number for
            cached input, or as a `Price`; beside (and before) the table in `prices`. `"azure:name"` prices a name for
            one provider only.
        bill_aborted: what a stream is billed that ends early: the output "produced" by then, or all of it ("full").
        keep_requests: how many of the latest requests `requests` shows.

    Raises:
        ConfigurationError: prices that are none, an unknown `bill_aborted`.
    """

    def __init__(
        self,
        *,
        prices: Mapping[str, Price | Sequence[str | int | float | Decimal]] | None = None,
        bill_aborted: Literal["produced", "full"] = "produced",
        keep_requests: int = 1_000,
    ) -> None:
        if bill_aborted not in ("produced", "full"):
            raise ConfigurationError(f"bill_aborted must be 'produced' or 'full', not {bill_aborted!r:.80}")
        self._cashier = Cashier({model: read_price(model, price) for model, price in (prices or {}).items()})
        self._bills_in_full = bill_aborted == "full"
        self._script = Script()
        self._requests: deque[ReceivedRequest] = deque(maxlen=keep_requests)
        self._count = 0
        self._numbers = itertools.count(1)
        self._failures: list[Exception] = []
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._port: int | None = None

    def start(self) -> Self:
        """Start serving on a free port."""
        from llm_token_budget.testing.server import Server

        if self._server is not None:
            raise ConfigurationError("this provider is running already: start another, or stop() it first")
        tokenizer()  # Now, and not while the first client waits.
        self._server = Server(self._answer, self._book)
        self._port = self._server.start()
        return self

    def stop(self) -> None:
        """End every connection and the thread; the bill and the requests stay. Stopping twice is nothing.

        Raises:
            Exception: what a callable given to `on` raised, if one did.
        """
        server, self._server, self._port = self._server, None, None
        if server is not None:
            server.stop()
        if self._failures:
            raise self._failures.pop(0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is not None:
            self._failures.clear()
        self.stop()

    def reply(self, reply: Reply) -> None:
        """What every request to a billed endpoint gets from now on, if nothing else was ordered for it."""
        self._script.set_default(reply)

    def enqueue(self, *replies: Reply) -> None:
        """What the next requests to billed endpoints get, one each, in the order in which they arrive."""
        self._script.enqueue(replies)

    def on(self, handler: Callable[[ReceivedRequest], Reply | None]) -> None:
        """Ask `handler` about every request, free endpoints included; None leaves it to the next handler or the queue.

        It runs in the server's thread: while it computes, nobody is served. If it raises, the client gets a 500,
        and `stop()` raises it. Requests that the vendor would refuse as malformed are refused before it is asked.
        """
        self._script.add_handler(handler)

    @property
    def bill(self) -> Bill:
        """What has been billed up to now."""
        return self._cashier.bill()

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The latest requests, oldest first."""
        with self._lock:
            return tuple(self._requests)

    @property
    def request_count(self) -> int:
        """How many requests have arrived, SDK retries included."""
        return self._count

    def wait_until_idle(self, timeout: float = 5.0) -> None:
        """Block until every request that arrived is answered, and every stream that was left is booked.

        Raises:
            TimeoutError: some are not, after `timeout` seconds.
        """
        if self._server is not None:
            self._server.wait_until_idle(timeout)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`."""
        if self._port is None:
            raise ConfigurationError(
                "the provider is not running: use `with LoopbackProvider() as provider:` or start()"
            )
        return f"http://127.0.0.1:{self._port}"

    @property
    def openai_base_url(self) -> str:
        """For `OpenAI(base_url=...)`."""
        return f"{self.url}{PREFIXES['openai']}/v1"

    @property
    def azure_endpoint(self) -> str:
        """For `AzureOpenAI(azure_endpoint=...)`; with `/openai/v1` behind it, for `OpenAI(base_url=...)`."""
        return f"{self.url}{PREFIXES['azure']}"

    @property
    def anthropic_base_url(self) -> str:
        """For `Anthropic(base_url=...)`."""
        return f"{self.url}{PREFIXES['anthropic']}"

    @property
    def groq_base_url(self) -> str:
        """For `Groq(base_url=...)`."""
        return f"{self.url}{PREFIXES['groq']}"

    @property
    def ollama_base_url(self) -> str:
        """For `ollama.Client(host=...)`."""
        return f"{self.url}{PREFIXES['ollama']}"

    def _answer(self, http: HttpRequest) -> Performance:
        number = next(self._numbers)
        self._count = number
        provider, _ = split_address(http.target)
        try:
            request = receive(http, number)
            with self._lock:
                self._requests.append(request)
            return perform(request, self._script)
        except BadRequest as error:
            return refuse(provider, number, 400, error.message)
        except Exception as error:  # noqa: BLE001 - mostly a handler's own: it is raised again where its owner sees it
            self._failures.append(error)
            return refuse(provider, number, 500, f"the loopback provider failed: {type(error).__name__}")

    def _book(self, performance: Performance, output_tokens: int, complete: bool) -> None:  # noqa: FBT001
        line = performance.line
        if line is None:
            return
        if not complete and not self._bills_in_full:
            reasoning = min(line.reasoning_tokens, output_tokens)
            line = replace(line, output_tokens=output_tokens, reasoning_tokens=reasoning)
        self._cashier.book(replace(line, complete=complete))
