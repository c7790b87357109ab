"""The words and runs of punctuation that common tokenizers keep whole, read out of the tokenizers."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Iterator

WORDS = 6_000
"""So many words of o200k are looked at; cl100k keeps 5,829 of them whole, too."""
MARKS = 300

_WORD = re.compile(r" [a-zà-öø-ÿāăąćčďđēęěğģīįıķļłńņňőœřśşšţťūůűųźżžșțơư]{2,}")
_MARKS = re.compile(r"[!-/:-@\[-`{-~]{2,}")


def common_words() -> list[str]:
    """The first words of o200k, in its order, that are one token in cl100k as well."""
    import toktok

    words = [token for token in _tokens(120_000) if _WORD.fullmatch(token) and len(token.encode()) <= 16][:WORDS]
    counts = toktok.batch_count(words, "cl100k_base", threads=1)
    return [word[1:] for word, count in zip(words, counts, strict=True) if count == 1]


def rarer_words() -> list[str]:
    """The words of `estimation/rarer_vocabulary.py`: where `common_words` ends, those of four letters and more."""
    import toktok

    common = set(common_words())
    words = [
        token
        for token in _tokens(120_000)
        if _WORD.fullmatch(token) and len(token) > 4 and len(token.encode()) <= 18 and token[1:] not in common
    ]
    counts = toktok.batch_count(words, "cl100k_base", threads=1)
    return [word[1:] for word, count in zip(words, counts, strict=True) if count == 1][:WORDS]


_LETTERS_OF = {
    "cyrillic": ("а-яёіїєґўјљњђћџѓќѕ", 1000), "hebrew": ("א-ת", 400), "arabic": ("ء-يپچژکگیںہےهةىٹڈڑھئؤ", 700),
    "devanagari": ("ऀ-ॿ", 400), "bengali": ("ঀ-৿", 250), "tamil": ("஀-௿", 200),
}  # fmt: skip
"""The letters of scripts, and how many words of each are in `estimation/foreign_vocabulary.py`, which is made by hand of them."""


def common_foreign_words() -> dict[str, list[str]]:
    """The first words of o200k in other scripts, in its order."""
    tokens = list(_tokens(199_000))
    return {
        script: [token[1:] for token in tokens if re.fullmatch(f" [{letters}]{{2,}}", token)][:number]
        for script, (letters, number) in _LETTERS_OF.items()
    }


def common_marks() -> list[str]:
    """The first runs of punctuation of o200k, in its order."""
    return [token for token in _tokens(60_000) if _MARKS.fullmatch(token)][:MARKS]


def _tokens(end: int) -> Iterator[str]:
    import quicktok

    # Tokens are numbered in merge order: frequent ones first.
    encoding = quicktok.get_encoding("o200k_base")
    for number in range(end):
        try:
            yield encoding.decode([number])
        except UnicodeDecodeError:  # a part of a character
            continue


def replace_list(source: str, name: str, words: list[str]) -> str:
    """Replace the text that is called `name` in a module's source, in lines of at most 116 characters."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) + 1 > 116:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    body = "\n".join(lines)
    changed, found = re.subn(
        rf'(?s)(?<=^{name} = )(r?""")\n.*?\n"""', lambda match: f'{match[1]}\n{body}\n"""', source, flags=re.MULTILINE
    )
    if found != 1:
        raise ValueError(f"no text called {name} in the module")
    return changed
