"""The truth to fit to: tokens of each text, counted by the tokenizers themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def count(texts: Sequence[str]) -> dict[str, list[int]]:
    """Count each text for each family, in the order of the tables."""
    import quicktok
    import toktok

    def quick(name: str) -> list[int]:
        encoding = quicktok.get_encoding(name)
        return [len(encoding.encode_ordinary(text)) for text in texts]

    newer = zip(_claude(texts, "4.7"), _claude(texts, "4.8"), strict=True)
    return {
        "o200k": toktok.batch_count(list(texts), "o200k_base", threads=1),
        "cl100k": toktok.batch_count(list(texts), "cl100k_base", threads=1),
        "llama3": quick("llama3"),
        "qwen3": quick("qwen3"),
        "claude3": _claude(texts, "4.6"),
        # One row serves both: the higher count is the one to reserve for.
        "claude47": [max(pair) for pair in newer],
    }


def _claude(texts: Sequence[str], version: str) -> list[int]:
    import ctok

    # ctok counts a whole message; a single letter is one token of text in it.
    frame = ctok.token_count("a", version) - 1
    return [ctok.token_count(text, version) - frame for text in texts]


def save(counts: dict[str, list[int]], path: Path) -> None:
    path.write_text(json.dumps(counts), "utf-8")


def load(path: Path) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = json.loads(path.read_text("utf-8"))
    return counts
