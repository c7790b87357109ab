"""A provider on your own machine: four wire formats, real sockets, and its own bill.

Tests of anything that spends money need a provider that answers on order and keeps books that nobody can argue with.
`LoopbackProvider` is one: an HTTP server on 127.0.0.1 that speaks OpenAI (and Azure OpenAI), Anthropic, Groq and
Ollama well enough for their real SDKs, plain and streamed, and books every request that a vendor would bill.
It shares no code with the rest of this library: its token counts, its prices and its sums are its own.

```python
from openai import OpenAI

from llm_token_budget.testing import LoopbackProvider, Reply

with LoopbackProvider() as provider:
    provider.enqueue(Reply(status=429, retry_after=0), Reply("Hello there.", input_tokens=12))
    client = OpenAI(base_url=provider.openai_base_url, api_key="unused")
    completion = client.chat.completions.create(
        model="gpt-6.1-terra", messages=[{"role": "user", "content": "Hello?"}]
    )
    assert completion.choices[0].message.content == "Hello there."
    assert provider.request_count == 2  # the SDK tried again after the 429
    assert provider.bill.total_tokens == completion.usage.total_tokens == 14
    assert str(provider.bill.usd) == "0.000022"  # 12 x $1 + 2 x $5 per million
```

**Addresses.** `openai_base_url` (`OpenAI(base_url=)`), `azure_endpoint` (`AzureOpenAI(azure_endpoint=)`),
`anthropic_base_url` (`Anthropic(base_url=)`), `groq_base_url` (`Groq(base_url=)`), `ollama_base_url`
(`ollama.Client(host=)`). One server is behind all of them.

**Orders.** `provider.reply(Reply(...))` is what everybody gets, `provider.enqueue(*replies)` are used up first and in
order of arrival, and `provider.on(callable)` may answer a request by what is in it. `Reply` says what can be ordered:
lengths, latencies, errors, dropped and cut connections, odd usage.

**The bill.** `provider.bill` is a snapshot: `.requests`, `.input_tokens`, `.output_tokens`, `.total_tokens`, `.usd`,
`.lines`, and `.where(provider=, model=, since=)`. `provider.wait_until_idle()` waits until nothing is in flight: call
it before reading the bill of streams that were left early. What is billed:

* an answer (2xx): in full, also if the client no longer waits for it; a `hang` and a `drop="after"` too, since the
  answer was computed and then lost;
* a stream that ends early, whoever ended it: the input and the output produced by then (`bill_aborted="produced"`), or
  all of it (`bill_aborted="full"`);
* an error answer, a `drop="before"`, a token count, a list of models, a moderation: nothing.

`Reply(billed=...)` orders it otherwise.

**Counts.** Output: each word of the answer is one token. Input: `Reply(input_tokens=)`, or what `counting` finds.

With pytest, the fixture `loopback_provider` is a fresh, started one for each test. Importing this package imports
neither asyncio nor pytest nor any SDK; starting a provider imports asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_token_budget.testing.billing import Bill, BillLine
    from llm_token_budget.testing.loopback import LoopbackProvider
    from llm_token_budget.testing.prices import Price
    from llm_token_budget.testing.received import ReceivedRequest
    from llm_token_budget.testing.reply import PROXY_PAGE, Reply

__all__ = ["PROXY_PAGE", "Bill", "BillLine", "LoopbackProvider", "Price", "ReceivedRequest", "Reply"]

# Imported when they are asked for: pytest imports this package in every run, for the sake of the plugin in it.
_HOMES = {
    "PROXY_PAGE": "reply",
    "Bill": "billing",
    "BillLine": "billing",
    "LoopbackProvider": "loopback",
    "Price": "prices",
    "ReceivedRequest": "received",
    "Reply": "reply",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
