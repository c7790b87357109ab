"""The doctor: what it finds in wrapped clients, and what it leaves alone."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from types import ModuleType

import anthropic
import groq
import ollama
import openai
import pytest

from llm_token_budget import BudgetManager, ConfigurationError, Diagnosis, doctor, wrap
from llm_token_budget.diagnosis import Finding
from llm_token_budget.diagnosis.stand_in import stand_in_of

SECRET = "sk-users-own"
AZURE = {"api_key": SECRET, "azure_endpoint": "https://azure.invalid", "api_version": "2026-01-01"}
CLIENTS = {
    "openai": lambda: openai.OpenAI(api_key=SECRET),
    "openai-async": lambda: openai.AsyncOpenAI(api_key=SECRET),
    "azure": lambda: openai.AzureOpenAI(**AZURE),
    "azure-deployment": lambda: openai.AzureOpenAI(**AZURE, azure_deployment="prod"),
    "azure-async": lambda: openai.AsyncAzureOpenAI(**AZURE),
    "anthropic": lambda: anthropic.Anthropic(api_key=SECRET),
    "anthropic-async": lambda: anthropic.AsyncAnthropic(api_key=SECRET),
    "groq": lambda: groq.Groq(api_key=SECRET),
    "groq-async": lambda: groq.AsyncGroq(api_key=SECRET),
    "ollama": lambda: ollama.Client(verify=False),
    "ollama-async": lambda: ollama.AsyncClient(verify=False),
}
HELD = {
    "post() to an unknown endpoint",
    "audio.speech.create",
    "audio.transcriptions.create",
    "images.generate",
    "images.edit",
    "images.generate(model='dall-e-3')",
    "batches.create",
    "beta.threads.runs.create",
    "responses.connect",
    "realtime.connect",
    "messages.batches.create",
    "beta.messages.batches.create",
    "embeddings",
}
FEWEST = {"openai": 35, "azure": 35, "anthropic": 20, "groq": 14, "ollama": 6}


def quietly(client):
    return doctor(client, out=io.StringIO())


def verdicts(diagnosis):
    return {row.form: row.verdict for row in diagnosis.rows}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_form_of_a_wrapped_client_is_guarded(name):
    """Metered, or held where no bill can be known; the user's own budget is charged and asked nothing."""
    budget = BudgetManager(global_cost_limit=5)
    diagnosis = quietly(wrap(CLIENTS[name](), budget))
    found = [row for row in diagnosis.rows if row.verdict != "absent"]
    assert diagnosis.ok, str(diagnosis)
    assert len(found) >= FEWEST[name.partition("-")[0]]
    assert {row.form for row in found if row.verdict == "held"} <= HELD
    assert (budget.get_global_stats().requests, budget.get_global_stats().blocked) == (0, 0)
    assert len({row.form for row in diagnosis.rows}) == len(diagnosis.rows)


def test_what_wrap_was_told_of_the_server_holds_here_too():
    """A client that may not ask streams for their usage is tried as such: their bills are estimates, and held."""
    budget = BudgetManager(global_cost_limit=5)
    client = wrap(CLIENTS["openai"](), budget, stream_usage="never", maximum_field="max_tokens")
    found = verdicts(quietly(client))
    assert found["chat.completions.create(stream=True)"] == found["completions.create(stream=True)"] == "held"
    assert found["chat.completions.create"] == found["responses.create(stream=True)"] == "metered"
    assert stand_in_of(client).server.maximum_field == "max_tokens"


def test_the_users_keys_headers_middleware_and_http_client_are_not_used(monkeypatch):
    """Whatever the client and the environment bring, nothing goes through it."""
    used = []

    def credentials():
        used.append("credentials")
        return SECRET

    library = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__]
    transport = library.MockTransport(lambda request: used.append(request))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client = openai.AzureOpenAI(
        azure_endpoint="https://azure.invalid",
        api_version="2026-01-01",
        azure_ad_token_provider=credentials,
        default_headers={"x-secret": SECRET},
        http_client=library.Client(transport=transport, verify=False),
    )
    seen = []
    watch_requests(monkeypatch, seen)
    diagnosis = quietly(wrap(client, BudgetManager()))
    assert diagnosis.ok, str(diagnosis)
    assert not used
    assert seen
    assert SECRET not in str([request.headers for request in seen])
    assert not client.is_closed()


def watch_requests(monkeypatch, seen):
    """Note all that reaches a loopback provider."""
    from llm_token_budget.testing import LoopbackProvider

    stop = LoopbackProvider.stop

    def stop_and_tell(self):
        seen.extend(self.requests)
        stop(self)

    monkeypatch.setattr(LoopbackProvider, "stop", stop_and_tell)


def test_a_hole_in_a_users_class_is_found():
    """A class that sends some calls past `request` is told so, form by form."""

    class Leaky(openai.OpenAI):
        def post(self, path, **kwargs):
            if path == "/embeddings":
                answer = self._client.post(f"{self.base_url}embeddings", json=kwargs["body"])
                return openai.types.CreateEmbeddingResponse.model_validate(answer.json())
            return super().post(path, **kwargs)

    diagnosis = quietly(wrap(Leaky(api_key=SECRET), BudgetManager()))
    found = verdicts(diagnosis)
    assert not diagnosis.ok
    assert found["embeddings.create"] == "NOT guarded"
    assert found["chat.completions.create"] == "metered"


def test_an_account_that_is_not_the_bill_is_found():
    """A class whose answers say less than was billed is refused rightly, and charged wrongly."""

    class Forgetful(ollama.Client):
        def _request_raw(self, *args, **kwargs):
            response = super()._request_raw(*args, **kwargs)
            response._content = re.sub(rb'"eval_count": ?16', b'"eval_count":1', response.content)
            return response

    diagnosis = quietly(wrap(Forgetful(verify=False), BudgetManager()))
    wrong = next(row for row in diagnosis.rows if row.form == "chat")
    assert wrong.verdict == "NOT guarded"
    assert "the bill is 1 x" in wrong.detail
    assert verdicts(diagnosis)["embed"] == "metered"


def test_a_class_that_sends_elsewhere_reaches_nobody():
    """A user's class runs, with its own text and numbers, but never past this machine."""

    class Elsewhere(openai.OpenAI):
        def __init__(self, gateway):
            super().__init__(api_key=SECRET)
            self.gateway = gateway

        def _prepare_request(self, request):
            request.url = request.url.copy_with(host=self.gateway)

    diagnosis = quietly(wrap(Elsewhere("127.0.0.2"), BudgetManager()))
    found = {row.verdict for row in diagnosis.rows if "embeddings" in row.form}
    assert found == {"failed"}
    assert "ConfigurationError" in next(row.detail for row in diagnosis.rows if row.verdict == "failed")
    assert not diagnosis.ok


def test_it_can_be_called_in_a_running_loop():
    """An async client is examined in a loop of its own, in another thread."""

    async def ask():
        return quietly(wrap(ollama.AsyncClient(verify=False), BudgetManager()))

    assert asyncio.run(ask()).ok


def test_a_table_is_printed(capsys):
    """On standard output, or where it is told to; with one line per form."""
    client = wrap(ollama.Client(verify=False), BudgetManager())
    diagnosis = doctor(client)
    printed = capsys.readouterr().out
    assert printed == f"{diagnosis}\n"
    lines = printed.splitlines()
    assert lines[0].startswith("ollama ")
    assert len(lines) == len(diagnosis.rows) + 2
    assert lines[-1] == "ok: 5 metered, 1 held"
    elsewhere = io.StringIO()
    doctor(client, out=elsewhere)
    assert elsewhere.getvalue() == printed
    assert not capsys.readouterr().out


def test_what_an_sdk_lacks_is_listed_as_absent(monkeypatch):
    """And is no reason to worry, as long as something was measured."""
    monkeypatch.delattr(ollama.Client, "embed")
    diagnosis = quietly(wrap(ollama.Client(verify=False), BudgetManager()))
    assert verdicts(diagnosis)["embed"] == "absent"
    assert diagnosis.ok


@pytest.mark.parametrize("verdict", ["NOT guarded", "failed"])
def test_one_bad_form_is_not_ok(verdict):
    """However many are well."""
    good, bad = Finding("a", "metered", ""), Finding("b", verdict, "")
    assert Diagnosis("x", (good,)).ok
    assert not Diagnosis("x", (good, bad)).ok


def test_nothing_measured_is_not_ok():
    """No forms, or only absent ones, prove nothing."""
    assert not Diagnosis("x", ()).ok
    assert not Diagnosis("x", (Finding("a", "absent", ""),)).ok


@pytest.mark.parametrize("thing", [object(), None, openai, openai.OpenAI])
def test_what_is_not_wrapped_is_refused(thing):
    """The error names the way out."""
    with pytest.raises(ConfigurationError, match=r"wrap\(OpenAI\(\), budget\)"):
        quietly(thing)


def test_an_unwrapped_client_is_refused():
    """It has no budget whose guard could be examined."""
    with pytest.raises(ConfigurationError, match=r"takes a client that wrap\(\) returned"):
        quietly(ollama.Client(verify=False))


def test_a_cloud_that_cannot_be_played_here_is_refused():
    """Bedrock's and Vertex's paths are not the provider's own; the error says what to try."""
    client = anthropic.AnthropicVertex(region="us", project_id="p", access_token="t")
    with pytest.raises(ConfigurationError, match="not AnthropicVertex"):
        quietly(wrap(client, BudgetManager()))


def test_a_class_that_cannot_be_made_is_refused():
    """A class that won't take the settings of the SDK's own is named."""

    class Stubborn(openai.OpenAI):
        @property
        def api_key(self):
            return SECRET

    client = object.__new__(Stubborn)
    with pytest.raises(ConfigurationError, match="can't make a Stubborn"):
        quietly(wrap(client, BudgetManager()))


@pytest.mark.parametrize("name", ["openai", "openai-async"])
def test_websockets_are_shut(name, monkeypatch):
    """Where the package that the SDK needs for them is there; else there is nothing to shut, and the table says why."""
    from llm_token_budget.diagnosis import firing

    plain = CLIENTS[name]()
    sockets = {
        f"{resource}.connect"
        for resource in ("realtime", "responses")
        if hasattr(getattr(plain, resource, None), "connect")
    }
    client = wrap(plain, BudgetManager())
    monkeypatch.setattr(firing, "find_spec", lambda _: None)
    absent = [row for row in quietly(client).rows if row.form in sockets]
    assert {row.verdict for row in absent} <= {"absent"}
    assert all("websockets" in row.detail for row in absent)
    monkeypatch.setattr(firing, "find_spec", lambda _: object())
    # The package, in a version that knows nothing: what is refused never gets to use it.
    for part in (
        "",
        ".sync",
        ".sync.client",
        ".asyncio",
        ".asyncio.client",
        ".typing",
        ".exceptions",
        ".uri",
        ".version",
    ):
        module = ModuleType(f"websockets{part}")
        module.__getattr__ = lambda _: object
        module.__path__ = []
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, "openai.lib._websocket", raising=False)
    found = verdicts(quietly(client))
    assert {form: found[form] for form in sockets} == dict.fromkeys(sockets, "held")


def test_images_speech_and_tool_runners_are_fired():
    """What no provider here answers is refused under a limit, and said to be no more than that."""
    rows = {row.form: row for row in quietly(wrap(CLIENTS["openai"](), BudgetManager())).rows}
    for form in ("images.generate", "images.edit", "audio.transcriptions.create"):
        assert (rows[form].verdict, "not tried" in rows[form].detail) == ("held", True)
    for form in ("images.generate(model='dall-e-3')", "batches.create", "beta.threads.runs.create"):
        assert (rows[form].verdict, "can't be measured" in rows[form].detail) == ("held", True)
    found = verdicts(quietly(wrap(CLIENTS["anthropic"](), BudgetManager())))
    assert found["beta.messages.tool_runner"] in {"metered", "absent"}
    assert found["beta.messages.batches.create"] == "held"
