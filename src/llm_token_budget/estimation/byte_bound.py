"""A bound that needs no statistics: a byte-level tokenizer never makes more tokens of a text than it has bytes."""

from __future__ import annotations

import unicodedata

from llm_token_budget.estimation.text import BYTE_LEVEL, TextCount, TextCounter


class ByteCounter:
    """The UTF-8 bytes of a text as its upper bound; what is expected is counted by another counter.

    A proof for byte-level tokenizers (OpenAI's, Llama 3's): each of their tokens covers a byte or more. Others rewrite
    a text before they cut it, and mark the edges of words: for them it is the bytes of the text as it may be rewritten
    (compatibility forms taken apart), one more for each character beyond ASCII, and an eighth of all. That was never exceeded in
    trials, but is no proof: Claude's tokenizers are not published.
    """

    method = "bytes"

    def __init__(self, counter: TextCounter) -> None:
        self._counter = counter

    def __call__(self, text: str, family: str | None) -> TextCount:
        expected = self._counter(text, family).expected
        if not text:
            return TextCount(0, 0)
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if family not in BYTE_LEVEL:
            if not text.isascii():
                size = max(size, len(unicodedata.normalize("NFKD", text).encode("utf-8", "surrogatepass")))
                size += sum(map(_BEYOND_ASCII.__le__, text))
            size += size // 8 + EDGES
        return TextCount(min(expected, size), size)


_BEYOND_ASCII = "\x80"
EDGES = 4
"""Marks that a tokenizer may set around a text."""
