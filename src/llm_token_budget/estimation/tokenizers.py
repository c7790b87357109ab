"""Exact tokenizers: what one looks like, and the one of the extra `tokenizers`.

pip install "llm-token-budget[tokenizers]"       # toktok-rs: OpenAI's vocabularies in a wheel, nothing is downloaded
BudgetManager(..., count="exact")
"""

# ruff: noqa: RUF001

from __future__ import annotations

import logging
from functools import cache
from typing import Any, Final, Protocol, cast, runtime_checkable

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.estimation.models import model_facts
from llm_token_budget.estimation.text import Memo, TextCount, TextCounter, count_text

logger: Final = logging.getLogger("llm_token_budget")


@runtime_checkable
class Tokenizer(Protocol):
    """Counts texts for the models that it knows."""

    def count(self, text: str, model: str) -> int | None:
        """How many tokens a model makes of a text; None for a model that this tokenizer doesn't know.

        Called in the path of a request, so it must not download anything, or wait. The same text is asked for once, for
        as long as its count is remembered. What it raises is logged, and the estimate counts.
        """
        ...


_ENCODINGS: Final = {"o200k": "o200k_base", "cl100k": "cl100k_base"}
_PROBES: Final = {
    "Hello, world! How are you today?\n\n": (9, 9),
    "def f(x):\n    return x ** 2  # 1234567": (16, 16),
    "Überprüfe das bitte. 你好，世界 🙂": (11, 15),
    "": (0, 0),
}
"""Texts whose counts are known: o200k_base, cl100k_base."""


class ToktokTokenizer:
    """OpenAI's `o200k_base` and `cl100k_base`, exactly, by `toktok-rs` (MIT): some 90 MB of memory, half a second to load."""

    def __init__(self) -> None:
        import toktok  # type: ignore[import-untyped]

        self._batch_count: Any = toktok.batch_count  # pyright: ignore[reportUnknownMemberType]

    def count(self, text: str, model: str) -> int | None:
        facts = model_facts(model)
        encoding = _ENCODINGS.get(facts.family or "")
        if encoding is None or facts.token_factor != 1.0:
            return None
        return self.count_as(text, encoding)

    def count_as(self, text: str, encoding: str) -> int:
        """The tokens of a text in an encoding."""
        try:
            return int(self._batch_count([text], encoding, threads=1)[0])
        except UnicodeEncodeError:
            # As OpenAI's own library has it: halves of a character that don't belong together are marks.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return int(self._batch_count([text], encoding, threads=1)[0])


@cache
def installed_tokenizer() -> Tokenizer | None:
    """The tokenizer of the extra `tokenizers`, if it is installed and counts some known texts right; else None, logged.

    Loads it: call this before the first request, not in it.
    """
    try:
        tokenizer = ToktokTokenizer()
        for text, known in _PROBES.items():
            counted = tuple(tokenizer.count_as(text, encoding) for encoding in _ENCODINGS.values())
            if counted != known:
                logger.warning("toktok-rs miscounts a text whose tokens are known: the estimate counts instead")
                return None
    except ImportError:
        logger.info(
            "count='exact' needs llm-token-budget[tokenizers], which isn't installed: the estimate counts instead"
        )
        return None
    except Exception:  # a young package: nothing of it may keep a call from being sent
        logger.exception("toktok-rs can't be used: the estimate counts instead")
        return None
    return tokenizer


def read_tokenizer(tokenizer: object) -> Tokenizer | None:
    """A tokenizer as somebody passed it.

    Raises:
        ConfigurationError: it can't count.
    """
    if tokenizer is None:
        return None
    # (Strings and lists can count too, but not tokens.)
    if isinstance(tokenizer, type | str | bytes | list | tuple) or not callable(getattr(tokenizer, "count", None)):
        raise ConfigurationError(
            f"tokenizer is an object with count(text, model) -> int | None, not {shown_value(cast('object', tokenizer))}"
        )
    return cast("Tokenizer", tokenizer)


class ExactCounter:
    """Counts texts for one model with a tokenizer; where that fails, the estimate counts."""

    method = "exact"

    def __init__(self, tokenizer: Tokenizer, model: str) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._memo: Memo[tuple[str | None, int, int], TextCount] = Memo(limit=2048)

    def __call__(self, text: str, family: str | None) -> TextCount:
        if not text:
            return TextCount(0, 0)
        key = (family, hash(text), len(text))
        known = self._memo.get(key)
        if known is None:
            known = self._count(text, family)
            self._memo.put(key, known)
        return known

    def _count(self, text: str, family: str | None) -> TextCount:
        try:
            tokens = self._tokenizer.count(text, self._model)
        except Exception:  # a young package: nothing of it may keep a call from being sent
            logger.exception("a tokenizer failed: the estimate counts instead")
            tokens = None
        if type(tokens) is not int or tokens < 0:
            return count_text(text, family)
        # What providers put around a text can merge with it, or differ by a little.
        return TextCount(tokens, tokens + -(-tokens // 50))


def exact_counter(tokenizer: Tokenizer, model: str) -> TextCounter:
    """The tokenizer's counter for a model; the estimate's for one that it doesn't know."""
    try:
        knows = tokenizer.count("a", model) is not None
    except Exception:  # a young package: nothing of it may keep a call from being sent
        logger.exception("a tokenizer failed: the estimate counts instead")
        knows = False
    return ExactCounter(tokenizer, model) if knows else count_text
