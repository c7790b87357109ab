"""A client like the user's, of the same class and SDK, that can reach nothing but this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.providers.server import Server

if TYPE_CHECKING:
    from llm_token_budget.testing import LoopbackProvider

_VENDORS: Final = {
    ("openai", "OpenAI"): "openai",
    ("openai", "AzureOpenAI"): "azure",
    ("anthropic", "Anthropic"): "anthropic",
    ("groq", "Groq"): "groq",
    ("ollama", "Client"): "ollama",
}
_KNOWN: Final = "the clients OpenAI, AzureOpenAI, Anthropic, Groq and ollama's Client, plain and async"


@dataclass(frozen=True, slots=True)
class StandIn:
    """Which client is stood in for, and how to make the stand-in."""

    original: Any
    plain: type
    """The client's class before it was wrapped."""
    vendors_own: type
    """The class of the SDK that it is, or stems from."""
    vendor: str
    server: Server
    """What `wrap` was told of the user's server."""

    @property
    def name(self) -> str:
        """`openai 3.54.0: AsyncOpenAI`."""
        from importlib.metadata import version

        sdk = _root_of(self.vendors_own)
        return f"{sdk} {version(sdk)}: {self.plain.__name__}"

    @property
    def is_async(self) -> bool:
        return self.vendors_own.__name__.startswith("Async")

    def client(self, provider: LoopbackProvider) -> Any:
        """A fresh, unwrapped client in front of a provider.

        Raises:
            ConfigurationError: a class of the user's own that can't be made so.
        """
        made: Any = object.__new__(cast("type[Any]", self.plain))
        if self.plain is not self.vendors_own:
            # Data that its own methods may want. What could send anything by itself stays behind.
            known = _attributes(self.original).items()
            made.__dict__.update({name: value for name, value in known if isinstance(value, str | int | float | None)})
        try:
            # Not the class's own constructor: nobody knows what it takes, or whom it calls.
            cast("Any", self.vendors_own).__init__(made, **self._settings(provider))
        except Exception as error:
            raise ConfigurationError(
                f"doctor() can't make a {self.plain.__name__} for itself ({type(error).__name__}): try it on a wrapped "
                f"{self.vendors_own.__name__}, from which it stems"
            ) from error
        return made

    async def close(self, client: Any) -> None:
        """Close the stand-in's connections."""
        http = _attributes(client)["_client"]
        if hasattr(http, "aclose"):
            await http.aclose()
        else:
            http.close()

    def _settings(self, provider: LoopbackProvider) -> dict[str, Any]:
        # No proxies or certificates of the environment, and a check of its own should a class send elsewhere.
        http: dict[str, Any] = {
            "trust_env": False,
            "verify": False,
            "timeout": 30.0,
            "event_hooks": {"request": [_astay_here if self.is_async else _stay_here]},
        }
        if self.vendor == "ollama":
            return {"host": provider.ollama_base_url, **http}
        sdk = sys.modules[_root_of(self.vendors_own)]
        http_client = (sdk.DefaultAsyncHttpxClient if self.is_async else sdk.DefaultHttpxClient)(**http)
        return {"api_key": "doctor", "max_retries": 0, "http_client": http_client, **self._address(provider)}

    def _address(self, provider: LoopbackProvider) -> dict[str, Any]:
        if self.vendor == "azure":
            known = _attributes(self.original)
            version, deployment = known.get("_api_version"), known.get("_azure_deployment")
            return {
                "azure_endpoint": provider.azure_endpoint,
                "api_version": version,
                **({"azure_deployment": deployment} if deployment else {}),
            }
        return {"base_url": getattr(provider, f"{self.vendor}_base_url")}


def stand_in_of(client: object) -> StandIn:
    """How to stand in for a wrapped client.

    Raises:
        ConfigurationError: a client that isn't wrapped, or one that no provider here can answer.
    """
    kind = type(client)
    if not hasattr(kind, "_llm_token_budget"):
        what = client.__name__ if isinstance(client, type) else kind.__name__
        raise ConfigurationError(
            f"doctor() takes a client that wrap() returned, such as doctor(wrap(OpenAI(), budget)), not {what}"
        )
    plain = next(base for base in kind.__mro__ if not hasattr(base, "_llm_token_budget"))
    sdks = {sdk for sdk, _ in _VENDORS}
    own = next((base for base in plain.__mro__ if _root_of(base) in sdks), plain)
    vendor = _VENDORS.get((_root_of(own), own.__name__.removeprefix("Async")))
    if vendor is None:
        raise ConfigurationError(
            f"doctor() knows {_KNOWN}, not {own.__name__}: its provider isn't one that can be played here. "
            "Clients of one SDK share one seam: try it on one of those"
        )
    # Ollama's clients have no such options.
    said = getattr(getattr(kind, "_llm_token_budget", None), "server", None)
    return StandIn(client, plain, own, vendor, said if isinstance(said, Server) else Server())


def _attributes(client: object) -> dict[str, Any]:
    return vars(client)


def _root_of(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _stay_here(request: Any) -> None:
    if request.url.host != "127.0.0.1":
        raise ConfigurationError("doctor() sends nothing to another machine, and this client's class wanted to")


async def _astay_here(request: Any) -> None:
    _stay_here(request)
