"""Models in others' clouds: clients that are no subclass of the vendor's own, but share its base."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest

from llm_token_budget import BudgetExceeded, BudgetManager, wrap

from .driving import closed, got, http_library, plenty
from .forms import ASKED

OPUS = "claude-opus-4-8"
ANSWER = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": OPUS,
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 3},
}
CLOUDS: list[tuple[str, str, dict[str, Any]]] = [
    ("AnthropicVertex", OPUS, {"region": "us-east5", "project_id": "mine", "access_token": "secret"}),
    ("AnthropicBedrock", f"anthropic.{OPUS}", {"aws_region": "us-east-1", "api_key": "secret"}),
    ("AnthropicFoundry", OPUS, {"resource": "mine", "api_key": "secret"}),
]


@pytest.mark.parametrize(("name", "model", "options"), CLOUDS, ids=[each[0] for each in CLOUDS])
def test_clients_of_clouds_are_guarded_in_copies_too(bench, name, model, options):
    """Though the model may stand in the path: counted, priced, lowered, and refused."""
    library = http_library("anthropic")
    sent: list[dict[str, Any]] = []

    def answer(request: Any) -> Any:
        sent.append(json.loads(request.content))
        return library.Response(200, json=ANSWER)

    cls = getattr(anthropic, f"Async{name}" if bench.is_async else name, None)
    http = bench.http_client("anthropic", transport=library.MockTransport(answer))
    try:
        assert cls is not None
        plain = cls(http_client=http, max_retries=0, **options)
    except (AssertionError, TypeError):
        pytest.skip("this SDK has no such client")
    assert plain.messages
    budget = plenty()
    client = wrap(plain, budget)

    async def use(client: Any, **more: Any) -> Any:
        arguments: Any = {"model": model, "messages": ASKED, "max_tokens": 200} | more
        return await got(client.messages.create(**arguments))

    for each in (client, *copies(plain, client)):
        assert bench.run(use(each)).usage.output_tokens == 3
    stats = budget.get_global_stats()
    assert (stats.input_tokens, stats.output_tokens, stats.requests) == (7 * len(sent), 3 * len(sent), len(sent))
    assert stats.total_cost > 0
    assert not stats.reserved
    bench.run(use(plain))
    assert sent[0] == sent[-1]
    bench.run(use(wrap(plain, BudgetManager(global_token_limit=1500)), max_tokens=9000))
    assert sent[-1]["max_tokens"] < 1500
    with pytest.raises(BudgetExceeded):
        bench.run(use(wrap(plain, BudgetManager(global_token_limit=1))))
    bench.run(closed(http))


def copies(plain: Any, client: Any) -> list[Any]:
    """Copies of a wrapped client, where the plain one can be copied: some versions of the SDK fail at that."""
    try:
        plain.copy()
    except TypeError:
        return []
    return [client.with_options(timeout=9), client.copy()]
