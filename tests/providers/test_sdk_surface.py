"""Every way in which the installed SDKs change something at a vendor, and what a wrapped client makes of it.

The lists are data. A release that adds a route which is on none of them fails here: then somebody decides whether it bills.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from llm_token_budget import UnmeteredCall, wrap
from llm_token_budget.providers import anthropic, groq, ollama, openai
from llm_token_budget.providers.dialect import Dialect

from .driving import plenty

DIALECTS: dict[str, Dialect] = {
    "openai": openai.DIALECT,
    "anthropic": anthropic.DIALECT,
    "groq": groq.DIALECT,
    "ollama": ollama.DIALECT,
}

METERED: dict[str, set[str]] = {
    "openai": {
        "/audio/transcriptions",
        "/audio/translations",
        "/chat/completions",
        "/completions",
        "/embeddings",
        "/images/edits",
        "/images/generations",
        "/responses",
        "/responses/compact",
    },
    "anthropic": {"/v1/messages"},
    "groq": {"/openai/v1/chat/completions", "/openai/v1/embeddings"},
    "ollama": {"/api/chat", "/api/embed", "/api/embeddings", "/api/generate"},
}
"""Held before, and settled by the usage in the answer. (Images and speech: of the models that report tokens.)"""

FREE: dict[str, set[str]] = {
    "openai": {
        "/agents",
        "/agents/automations/{id}/pause",
        "/agents/environments/templates",
        "/agents/environments/templates/{id}",
        "/agents/environments/{id}/files",
        "/agents/{id}",
        "/assistants",
        "/assistants/{id}",
        "/audio/voice_consents",
        "/audio/voice_consents/{id}",
        "/batches/{id}/cancel",
        "/chat/completions/{id}",
        "/chatkit/sessions/{id}/cancel",
        "/containers/{id}/files",
        "/conversations",
        "/conversations/{id}",
        "/conversations/{id}/items",
        "/evals",
        "/evals/{id}",
        "/evals/{id}/runs/{id}",  # Older SDKs cancel a run so.
        "/evals/{id}/runs/{id}/cancel",
        "/files",
        "/fine_tuning/alpha/graders/validate",
        "/fine_tuning/checkpoints/{id}/permissions",
        "/fine_tuning/jobs/{id}/cancel",
        "/fine_tuning/jobs/{id}/pause",
        "/live/sessions/{id}/hangup",
        "/live/sessions/{id}/refer",
        "/live/sessions/{id}/reject",
        "/moderations",
        "/organization/*",
        "/projects/*",
        "/realtime/calls/{id}/hangup",
        "/realtime/calls/{id}/refer",
        "/realtime/calls/{id}/reject",
        "/responses/input_tokens",
        "/responses/{id}/cancel",
        "/skills",
        "/skills/{id}",
        "/skills/{id}/versions",
        "/threads",
        "/threads/{id}",
        "/threads/{id}/messages",
        "/threads/{id}/messages/{id}",
        "/threads/{id}/runs/{id}",
        "/threads/{id}/runs/{id}/cancel",
        "/uploads",
        "/uploads/{id}/cancel",
        "/uploads/{id}/complete",
        "/uploads/{id}/parts",
        "/vaults",
        "/vaults/{id}",
        "/vaults/{id}/credentials",
        "/vaults/{id}/credentials/{id}",
        "/vector_stores",
        "/vector_stores/{id}",
        "/vector_stores/{id}/file_batches",
        "/vector_stores/{id}/file_batches/{id}/cancel",
        "/vector_stores/{id}/files",
        "/vector_stores/{id}/files/{id}",
        "/vector_stores/{id}/search",
        "/webhook_endpoints",
        "/webhook_endpoints/{id}",
        "/webhook_endpoints/{id}/rotate_secret",
        "/webhook_endpoints/{id}/test",
    },
    "anthropic": {
        "/v1/agents",
        "/v1/agents/{id}",
        "/v1/agents/{id}/archive",
        "/v1/deployments/{id}/archive",
        "/v1/deployments/{id}/pause",
        "/v1/dreams/{id}/archive",
        "/v1/dreams/{id}/cancel",
        "/v1/environments",
        "/v1/environments/{id}",
        "/v1/environments/{id}/archive",
        "/v1/environments/{id}/work/{id}",
        "/v1/environments/{id}/work/{id}/ack",
        "/v1/environments/{id}/work/{id}/heartbeat",
        "/v1/environments/{id}/work/{id}/stop",
        "/v1/files",
        "/v1/memory_stores",
        "/v1/memory_stores/{id}",
        "/v1/memory_stores/{id}/archive",
        "/v1/memory_stores/{id}/memories",
        "/v1/memory_stores/{id}/memories/{id}",
        "/v1/memory_stores/{id}/memory_versions/{id}/redact",
        "/v1/messages/batches/{id}/cancel",
        "/v1/messages/count_tokens",
        "/v1/organizations/*",
        "/v1/sessions/{id}/archive",
        "/v1/sessions/{id}/resources",
        "/v1/sessions/{id}/resources/{id}",
        "/v1/sessions/{id}/threads/{id}/archive",
        "/v1/skills",
        "/v1/skills/{id}/versions",
        "/v1/tunnels/{id}/archive",
        "/v1/tunnels/{id}/certificates",
        "/v1/tunnels/{id}/certificates/{id}/archive",
        "/v1/tunnels/{id}/reveal_token",
        "/v1/tunnels/{id}/rotate_token",
        "/v1/user_profiles",
        "/v1/user_profiles/{id}",
        "/v1/user_profiles/{id}/action_urls",
        "/v1/user_profiles/{id}/enrollment_url",
        "/v1/vaults",
        "/v1/vaults/{id}",
        "/v1/vaults/{id}/archive",
        "/v1/vaults/{id}/credentials",
        "/v1/vaults/{id}/credentials/{id}",
        "/v1/vaults/{id}/credentials/{id}/archive",
        "/v1/vaults/{id}/credentials/{id}/mcp_oauth_validate",
    },
    "groq": {"/openai/v1/batches/{id}/cancel", "/openai/v1/files"},
    "ollama": {"/api/blobs/{id}", "/api/copy", "/api/create", "/api/pull", "/api/push", "/api/show"},
}
"""Costs nothing by the call, and always passes."""

UNMETERED: dict[str, set[str]] = {
    "openai": {
        "/agents/automations",
        "/agents/automations/{id}",
        "/agents/automations/{id}/invocations",
        "/agents/automations/{id}/resume",
        "/agents/environments",
        "/agents/sessions",
        "/agents/sessions/{id}",
        "/agents/sessions/{id}/events",
        "/audio/speech",
        "/audio/voices",
        "/batches",
        "/chatkit/sessions",
        "/containers",
        "/content_provenance_checks",
        "/decisions",
        "/evals/{id}/runs",
        "/fine_tuning/alpha/graders/run",
        "/fine_tuning/jobs",
        "/fine_tuning/jobs/{id}/resume",
        "/images/variations",
        "/live/sessions",
        "/live/sessions/{id}/accept",
        "/live/sessions/{id}/fork",
        "/realtime/calls",
        "/realtime/calls/{id}/accept",
        "/realtime/client_secrets",
        "/realtime/sessions",
        "/realtime/transcription_sessions",
        "/realtime/translations/client_secrets",
        "/threads/runs",
        "/threads/{id}/runs",
        "/threads/{id}/runs/{id}/submit_tool_outputs",
        "/videos",
        "/videos/characters",
        "/videos/edits",
        "/videos/extensions",
        "/videos/{id}/remix",
    },
    "anthropic": {
        "/v1/complete",
        "/v1/deployments",
        "/v1/deployments/{id}",
        "/v1/deployments/{id}/run",
        "/v1/deployments/{id}/unpause",
        "/v1/dreams",
        "/v1/messages/batches",
        "/v1/sessions",
        "/v1/sessions/{id}",
        "/v1/sessions/{id}/events",
        "/v1/tunnels",
    },
    "groq": {
        "/openai/v1/audio/speech",
        "/openai/v1/audio/transcriptions",
        "/openai/v1/audio/translations",
        "/openai/v1/batches",
    },
    "ollama": {"/api/web_fetch", "/api/web_search", "/v1/systemone"},
}
"""Refused under a limit, unless the budget says what it costs: bills otherwise, or nobody knows."""

LISTS = {"metered": METERED, "free": FREE, "unmetered": UNMETERED}
VENDORS = sorted(DIALECTS)
_VERBS = {"_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE"}


@cache
def routes(vendor: str) -> frozenset[str]:
    """Every route of the installed SDK that isn't a plain GET, as `VERB /path`, read from its source."""
    spec = importlib.util.find_spec(vendor)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    files = [file for file in root.rglob("*.py") if file.name != "_base_client.py"]
    found = {route for file in files for call in calls_in(file) if (route := route_of(call, vendor))}
    return frozenset(found)


def calls_in(file: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def route_of(call: ast.Call, vendor: str) -> str | None:
    """The route that a call in an SDK's source goes to, if it is one of those."""
    if not isinstance(call.func, ast.Attribute):
        return None
    name, arguments = call.func.attr, list(call.args)
    verb = _VERBS.get(name)
    if name == "_get_api_list":
        verb = next((constant(each.value).upper() for each in call.keywords if each.arg == "method"), "GET")
    if vendor == "ollama" and name in ("_request", "_request_raw"):
        while arguments and not (isinstance(arguments[0], ast.Constant) and isinstance(arguments[0].value, str)):
            arguments.pop(0)
        verb = constant(arguments.pop(0)) if arguments else None
    if verb in (None, "GET") or not arguments:
        return None
    path = re.sub(r"^https?://[^/]+", "", constant(arguments[0]).partition("?")[0])
    return f"{verb} {re.sub(r'{[^}]*}', '{id}', path)}"


def constant(node: ast.expr) -> str:
    """A text in the source: as it stands, as a template, or as an f-string, whose gaps are identifiers."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(constant(part) if isinstance(part, ast.Constant) else "{id}" for part in parts)
        case ast.Call(args=[first, *_]):
            return constant(first)
        case _:
            raise AssertionError(f"a route is written in an unknown way: {ast.unparse(node)}")


def posts(vendor: str) -> set[str]:
    return {route.partition(" ")[2] for route in routes(vendor) if route.startswith("POST ")}


def list_of(vendor: str, path: str) -> list[str]:
    """The lists that a path is on."""
    return [name for name, lists in LISTS.items() if any(covers(listed, path) for listed in lists[vendor])]


def covers(listed: str, path: str) -> bool:
    return path.startswith(listed[:-1]) if listed.endswith("/*") else path == listed


def concrete(path: str) -> str:
    return path.replace("{id}", "abc_123").replace("/*", "/any/thing")


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_route_of_the_sdk_is_on_one_list(vendor):
    """A release with a new one fails here: put it on a list, and into the dialect if it is metered or free."""
    assert len(posts(vendor)) >= {"openai": 50, "anthropic": 4, "groq": 5, "ollama": 8}[vendor]
    assert {path: lists for path in sorted(posts(vendor)) if len(lists := list_of(vendor, path)) != 1} == {}


@pytest.mark.parametrize("vendor", VENDORS)
def test_only_posts_bill(vendor):
    """The seams look at POST alone: what an SDK sends otherwise must be a deletion."""
    assert {route for route in routes(vendor) if not route.startswith(("POST ", "DELETE "))} == set()


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_dialect_agrees_with_the_lists(vendor):
    """Metered, free or neither, as the lists say."""
    dialect = DIALECTS[vendor]
    for path in map(concrete, METERED[vendor]):
        assert dialect.endpoint(path) is not None, path
    for path in map(concrete, FREE[vendor]):
        assert dialect.endpoint(path) is None, path
        assert dialect.free(path), path
    for path in map(concrete, UNMETERED[vendor]):
        assert dialect.endpoint(path) is None, path
        assert not dialect.free(path), path


@pytest.mark.parametrize("before", ["", "/v1", "/openai", "/openai/v1", "/proxy/openai/v1"])
def test_free_paths_are_known_behind_any_address(before):
    """An absolute address has its base in the path."""
    assert openai.DIALECT.free(f"{before}/moderations")
    assert openai.DIALECT.free(f"{before}/uploads/upload_1/parts/")


@pytest.mark.parametrize(
    "path",
    [
        "/next/files",
        "/moderations/run",
        "/conversations/c_1/answer",
        "/skills/s_1/run",
        "/organization",
        "/files/f/read",
    ],
)
def test_what_only_looks_free_is_shut(path):
    """Next month's endpoint may end like one of today's."""
    assert not openai.DIALECT.free(path)


@pytest.mark.parametrize(
    ("vendor", "path"), [(vendor, path) for vendor in VENDORS for path in sorted(UNMETERED[vendor])]
)
def test_what_is_unmetered_is_refused(plain_bench, vendor, path):
    """Through a wrapped client, before anything is sent."""
    client = wrap(plain_bench.client(vendor), plenty())
    body: dict[str, Any] = {"model": "x"}

    def send() -> None:
        if vendor == "ollama":
            client._request_raw("POST", path, json=body)
        else:
            client.post(concrete(path), body=body, cast_to=object)

    with pytest.raises(UnmeteredCall, match="POST /"):
        send()
    assert plain_bench.provider.request_count == 0
