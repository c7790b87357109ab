"""What a text is made of, as a row of numbers: one pass, linear in its length.

A tokenizer's count is close to a weighted sum of these features; `weights.py` has a column of weights per tokenizer
family. Everything is counted by `bytes.translate`, `split` and `count`, on UTF-8 mapped to a small alphabet of classes:
`a` a small letter, `A` a capital, `0` a digit, `.` any other ASCII, `n` newline, `t` tab, `c` a continuation byte,
`l` the first byte of a character that is neither ASCII nor Latin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import filterfalse

from llm_token_budget.estimation.languages import FUNCTION_WORDS
from llm_token_budget.estimation.rarer_vocabulary import RARER_WORDS
from llm_token_budget.estimation.scripts import SCRIPT_FEATURES, measure_scripts
from llm_token_budget.estimation.vocabulary import PUNCTUATION, WORDS

LETTER_FEATURES = (
    "one", "words", "known_words", "rarer_words", "word_parts", "known_parts", "known_capitals",
    "odd_parts_share", "odd_letters_share", "rare_letters", "odd_letters", "very_odd_letters",
    "runs_of_7", "runs_of_16", "repeated_letters",
)  # fmt: skip
LANGUAGE_FEATURES = tuple(FUNCTION_WORDS)
"""Short words that tell a language: long ones of the same language are whole tokens to some tokenizers."""

DIGIT_FEATURES = ("digits", "digit_groups", "letter_digit", "digit_letter", "digit_dot", "dot_digit", "space_digit")
PUNCTUATION_FEATURES = (
    "marks", "odd_marks", "odd_mark_bytes", "long_odd_marks", "repeated_marks", "repeated_mark_bytes",
    "rare_repeated_bytes", "space_mark", "mark_space", "mark_newline", "mark_mark", "mark_alone",
    "backslashes", "less_than", "quotes",
)  # fmt: skip
SPACE_FEATURES = (
    "capitals", "space_word", "mark_word", "line_word", "newlines", "newline_pairs", "newline_space",
    "spaces", "spaces_16", "spaces_64", "space_newline", "tabs", "newline_tab", "mixed_tabs", "space_tab", "tab_pairs",
    "controls",
)  # fmt: skip
ASCII_FEATURES = LETTER_FEATURES + LANGUAGE_FEATURES + DIGIT_FEATURES + PUNCTUATION_FEATURES + SPACE_FEATURES
FEATURES = (*ASCII_FEATURES, "accented_mostly", "letter_foreign", *SCRIPT_FEATURES)
"""The names, in the order of `measure`; texts of pure ASCII end after `ASCII_FEATURES`."""

_CONTINUATION = bytes(range(0x80, 0xC0))
_ASCII = bytes(range(0x80))
_LATIN_LEADS = bytes(range(0xC3, 0xCC))
_LETTERS = bytes(range(65, 91)) + bytes(range(97, 123)) + _LATIN_LEADS
_ONLY_LETTERS = bytes(byte if byte in _LETTERS else 32 for byte in range(256))
_ONLY_MARKS = bytes(byte if 33 <= byte < 127 and not chr(byte).isalnum() else 32 for byte in range(256))


def _classes() -> bytes:
    table = bytearray(b"." * 256)
    for byte in range(256):
        if byte in _LETTERS:
            table[byte] = ord("A" if 65 <= byte < 91 else "a")
        elif 48 <= byte < 58:
            table[byte] = ord("0")
        elif byte >= 0x80:
            table[byte] = ord("c" if byte < 0xC0 else "l")
    for byte, letter in zip(b" \n\r\t\v\f", b" nnttt", strict=True):
        table[byte] = letter
    return bytes(table)


_CLASSES = _classes()


def _whole(text: str) -> frozenset[bytes]:
    # Accents live in continuation bytes, which are dropped before splitting: one byte stays for each such letter.
    words = [word.encode().translate(None, _CONTINUATION) for word in text.split()]
    return frozenset(words) | {word.capitalize() for word in words}


_KNOWN_WORDS = _whole(WORDS)
_RARER_WORDS = _whole(RARER_WORDS)
_is_known = _KNOWN_WORDS.__contains__
_is_rarer = _RARER_WORDS.__contains__
_KNOWN_MARKS = frozenset(PUNCTUATION.encode().split()) | {bytes((byte,)) for byte in range(33, 127)}
_RULER_MARKS = frozenset(b"-=*#._/~+")
_LINE_MARKS = frozenset(b"-=+")
_PARTS = re.compile(rb"[A-Z]?[a-z\xc3-\xcb]+|[A-Z]+(?![a-z\xc3-\xcb])")
_DIGIT_GROUP = re.compile(rb"0{1,3}")
_COMMON_PAIRS = tuple(
    b"th he in er an re on at en nd ti es or te of ed is it al ar st to nt ou ng se ha as io le ve co me de ri ro ic "
    b"ne ea ra ce li ch ll".split()
)
_LANGUAGE_OF = {
    word.encode().translate(None, _CONTINUATION): number
    for number, words in enumerate(FUNCTION_WORDS.values())
    for word in words.split()
}
_NO_ODD_LETTERS = (0,) * 8
_NO_LANGUAGE = (0,) * len(LANGUAGE_FEATURES)
_NO_DIGITS = (0,) * len(DIGIT_FEATURES)
_NO_MARKS = (0,) * len(PUNCTUATION_FEATURES)
_NO_TABS = (0,) * 5


def measure(text: str) -> Sequence[float]:
    """Count the features of a text, in the order of `FEATURES`; of ASCII, only the `ASCII_FEATURES`."""
    if text.isascii():
        data = text.encode()
        classes = data.translate(_CLASSES)
        return (*_letters(data.translate(_ONLY_LETTERS)), *_rest(data, data.translate(_ONLY_MARKS), classes))
    data = text.encode("utf-8", "replace")  # What can't be sent as it is, is sent as a mark.
    classes = data.translate(_CLASSES)
    letters = data.translate(_ONLY_LETTERS, _CONTINUATION)
    return (
        *_letters(letters),
        *_rest(data, data.translate(_ONLY_MARKS, _CONTINUATION), classes),
        *_accents(letters, classes),
        *measure_scripts(data, classes),
    )


def _letters(letters: bytes) -> tuple[float, ...]:
    words = letters.split()
    not_known = list(filterfalse(_is_known, words))
    unknown = list(filterfalse(_is_rarer, not_known)) if not_known else not_known
    count, known_words = len(words), len(words) - len(not_known)
    rarer = len(not_known) - len(unknown)
    if not unknown:
        return (1, count, known_words, rarer, 0, 0, 0, *_NO_ODD_LETTERS, *_languages(words))
    parts = _PARTS.findall(b" ".join(unknown))
    odd = [part for part in parts if part.lower() not in _KNOWN_WORDS]
    known = len(parts) - len(odd)
    capitals = sum(part.isupper() and part.lower() in _KNOWN_WORDS for part in parts) if known else 0
    head = (1, count, known_words, rarer, len(parts) - len(unknown), known, capitals)
    if not odd:
        return (*head, *_NO_ODD_LETTERS, *_languages(words))
    share = len(odd) / (count + len(parts) - len(unknown))
    return (*head, *_odd_letters(odd, share), *_languages(words))


def _languages(words: list[bytes]) -> Sequence[float]:
    if _LANGUAGE_OF.keys().isdisjoint(words):
        return _NO_LANGUAGE
    found = [number for number in map(_LANGUAGE_OF.get, words) if number is not None]
    return [found.count(number) for number in range(len(_NO_LANGUAGE))]


def _odd_letters(odd: list[bytes], share: float) -> tuple[float, ...]:
    joined = b" ".join(odd).lower()
    count = joined.count
    letters = len(joined) - len(odd) + 1
    # English-like text has a common pair of letters for about every second letter; base64 and rare languages don't.
    common = 2 * sum(map(count, _COMMON_PAIRS)) / letters
    rare = count(b"q") + count(b"x") + count(b"z") + count(b"j") + count(b"k")
    runs = joined.translate(_CLASSES).count
    long_runs = runs(b"a" * 16)
    return (
        len(odd) * share,
        letters * share,
        rare,
        letters * max(0.0, 0.9 - common),
        letters * max(0.0, 0.25 - common),
        runs(b"a" * 7),
        long_runs,
        sum(len(part) for part in odd if len(part) >= 16 and len(set(part)) <= 3) if long_runs else 0,
    )


def _rest(data: bytes, marks: bytes, classes: bytes) -> tuple[float, ...]:
    count = classes.count
    digits = count(b"0")
    return (
        *(_digits(digits, classes) if digits else _NO_DIGITS),
        *_marks(data, marks.split(), classes),
        *_spaces(data, classes),
    )


def _digits(digits: int, classes: bytes) -> tuple[float, ...]:
    count = classes.count
    return (
        digits,
        len(_DIGIT_GROUP.findall(classes)),
        count(b"a0") + count(b"A0"),
        count(b"0a") + count(b"0A"),
        count(b"0."),
        count(b".0"),
        count(b" 0"),
    )


def _marks(data: bytes, runs: list[bytes], classes: bytes) -> tuple[float, ...]:
    if not runs:
        return _NO_MARKS
    count = classes.count
    odd = list(filterfalse(_KNOWN_MARKS.__contains__, runs))
    odd_count = odd_bytes = long_odd = repeated = repeated_bytes = rare_bytes = 0
    for run in odd:
        size = len(run)
        if size >= 8 and _is_drawn(run):
            repeated += 1
            repeated_bytes += size
            rare_bytes += 0 if run[0] in _RULER_MARKS else size
        else:
            odd_count += 1
            odd_bytes += size
            long_odd += size - 6 if size > 6 else 0
    return (
        len(runs), odd_count, odd_bytes, long_odd, repeated, repeated_bytes, rare_bytes,
        count(b" ."), count(b". "), count(b".n"), count(b".."), count(b" . "),
        data.count(b"\\"), data.count(b"<"), data.count(b'"'),
    )  # fmt: skip


def _is_drawn(run: bytes) -> bool:
    """Whether marks make up a line, such as `+------+` or `=-=-=-=`: few tokens. Others, such as `{}{}{}{}`, are many."""
    used = set(run)
    return len(used) <= 2 and (used <= _LINE_MARKS or 4 * max(map(run.count, used)) >= 3 * len(run))


def _spaces(data: bytes, classes: bytes) -> tuple[float, ...]:
    count = classes.count
    newlines = count(b"n")
    spaces_16 = count(b" " * 16)
    tabs = count(b"t")
    return (
        count(b"A"),
        count(b" a") + count(b" A"),
        count(b".a") + count(b".A"),
        (count(b"na") + count(b"nA") if newlines else 0) + (count(b"ta") + count(b"tA") if tabs else 0),
        newlines,
        count(b"nn") if newlines else 0,
        count(b"n ") if newlines else 0,
        count(b" "),
        spaces_16,
        count(b" " * 64) if spaces_16 else 0,
        count(b" n") if newlines else 0,
        *(
            (tabs, count(b"nt"), count(b"t ") + count(b" t") + count(b"tn"), count(b" t"), count(b"tt"))
            if tabs
            else _NO_TABS
        ),
        len(data) - len(data.translate(None, _CONTROLS)),
    )


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\v\f") + b"\x7f"


def _accents(letters: bytes, classes: bytes) -> tuple[float, ...]:
    accented = len(letters.translate(None, _ASCII))
    size = len(letters.translate(None, b" "))
    return max(0.0, accented - 0.45 * size), classes.count(b"al") + classes.count(b".l")
