"""The texts to fit on that are generated: data as it stands in prompts, and hostile texts.

Each recipe below gives 90 texts from a random source. The hostile ones show what the estimate is worth where it knows
nothing, and what the margins of the upper bound have to hold.
"""

# ruff: noqa: RUF001, SIM905

from __future__ import annotations

import base64
import json
import string
import uuid
from collections.abc import Callable, Iterator
from random import Random

from corpus import Text, text_of

TEXTS_OF_A_RECIPE = 90
SHORT = (
    "Hi|Hello!|ok|yes|Why?|What is 2+2?|Tell me a joke|user|system|gpt-4o|Say hi in French.|Who won?|Test|1|?|Thanks, bye!|"
    "Write a poem.|你好|こんにちは|Привет|안녕하세요|مرحبا|नमस्ते|สวัสดี|hola, ¿qué tal?|Grüße|🙂|hey 👋"
).split("|")
FORMULAS = (
    r"$\frac{a}{n}$|$\frac{x}{m}$|\sum_{i=0}^{n} x_i|∑ xᵢ ≤ ∞|α + β = γ|∀x∈ℝ: f(x) ≥ 0|\int_0^1 f(t)\,dt|x² + y² = z²|→|⇒|"
    "π ≈ 3.14159"
).split("|")
EMOJI = [
    chr(code)
    for start, end in [(0x1F300, 0x1F5FF), (0x1F600, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x2600, 0x26FF)]
    for code in range(start, end)
]
INDIC = (0x900, 0x980, 0xA00, 0xA80, 0xB00, 0xB80, 0xC00, 0xC80, 0xD00)
COMMON_EMOJI = (
    "😀 😂 🤣 😍 🙏 🔥 👍 🎉 ✅ 🚀 💯 😭 🥺 👏 🙌 ✨ 💀 😊 🤔 ❤️ ⭐ 👋🏽 👇 💕 📌 💡 🎯 👀 📈 🎂 🍕 👍🏻".split()
)
SCRIPTS = (
    *INDIC, 0x530, 0x590, 0x600, 0x700, 0x780, 0xE00, 0xF00, 0x1000, 0x10A0, 0x1200, 0x13A0, 0x1780, 0x1800, 0x2200,
    0x2500, 0x2800, 0x2C00, 0x2D30, 0xA000, 0xA500, 0x12000, 0x1D400,
)  # fmt: skip

Recipe = Callable[[Random], str]


def texts(pick: Random, words: list[str], paragraphs: list[str]) -> Iterator[Text]:
    """All generated texts; `words` and `paragraphs` are of ordinary English."""
    for kind, recipe in {**data(words, paragraphs), **hostile(words)}.items():
        for number in range(TEXTS_OF_A_RECIPE):
            yield text_of(kind, f"{kind}{number}", recipe(pick))
    for character in string.printable[:94] + " \n\t":
        for times in (12, 100, 1000):
            text = character * times + ("" if character.strip() else ".")
            yield text_of("hostile/one character", f"{character}{times}", text)


def data(words: list[str], paragraphs: list[str]) -> dict[str, Recipe]:
    """Recipes of what people send beside prose."""
    return {
        "data/base64": lambda pick: base64.b64encode(pick.randbytes(pick.choice([30, 90, 300, 1500]))).decode(),
        "data/hex": lambda pick: pick.randbytes(pick.choice([16, 32, 200, 1000])).hex(),
        "data/uuid": lambda pick: _lines(pick, (1, 4, 20), lambda: str(uuid.UUID(bytes=pick.randbytes(16)))),
        "data/numbers": _numbers,
        "data/json": lambda pick: _records(pick, words),
        "data/url": lambda pick: _lines(pick, (1, 4, 15), lambda: _url(pick, words)),
        "data/emoji": lambda pick: pick.choice(["", " "]).join(pick.choices(EMOJI, k=pick.choice([3, 20, 80]))),
        "data/common emoji": lambda pick: pick.choice(["", " "]).join(
            pick.choices(COMMON_EMOJI, k=pick.choice([3, 40]))
        ),
        "data/emoji in text": lambda pick: " ".join(
            word + pick.choice(["", "", "", f" {pick.choice(EMOJI)}"]) for word in pick.choice(paragraphs).split()
        ),
        "data/table": lambda pick: (
            "| a | b | c |\n|---|---|---|\n"
            + _lines(pick, (3, 12, 40), lambda: f"| {' | '.join(pick.choices(words, k=2))} | {pick.randrange(1000)} |")
        ),
        "data/blank lines": lambda pick: "".join(_blank(pick) for _ in range(pick.choice([8, 20, 60]))),
        "data/aligned table": lambda pick: _aligned(pick, words),
        "data/log": lambda pick: _lines(pick, (2, 8, 30), lambda: _log_line(pick, words)),
        "data/tool": lambda pick: _tool(pick, words, paragraphs),
        "data/capitals": lambda pick: pick.choice(paragraphs)[: pick.choice([60, 300, 900])].upper(),
        "data/short": lambda pick: pick.choice(SHORT),
        "data/formulas": lambda pick: " ".join(pick.choices([*FORMULAS, *words[:1]], k=pick.choice([4, 20, 80]))),
    }


def hostile(words: list[str]) -> dict[str, Recipe]:
    """Recipes of texts that nobody writes, but somebody may send."""
    return {
        "hostile/one character": lambda pick: pick.choice(string.printable[:94]) * pick.choice([10, 100, 1000, 5000]),
        "hostile/one word": lambda pick: (
            (pick.choice(words) + pick.choice([" ", "", ", ", "\n"])) * pick.choice([5, 50, 300])
        ),
        "hostile/white space": _drawn([" ", "\n", "\t", "    ", "\n\n", "\r\n"], (5, 50, 500)),
        "hostile/symbols": _drawn(string.punctuation),
        "hostile/ascii": _drawn(string.printable[:95]),
        "hostile/letters": _drawn(string.ascii_letters),
        "hostile/small letters": _drawn(string.ascii_lowercase),
        "hostile/digits": _drawn(string.digits, (5, 50, 1000)),
        "hostile/random words": lambda pick: " ".join(
            "".join(pick.choices(string.ascii_lowercase, k=pick.randrange(1, 12)))
            for _ in range(pick.choice([5, 20, 80, 300]))
        ),
        "hostile/first plane": _drawn([*_span(0x80, 0xD800), *_span(0xE000, 0xFFFF)]),
        "hostile/other planes": _drawn(_span(0x10000, 0x110000)),
        "hostile/han": _drawn(_span(0x4E00, 0x9FA5)),
        "hostile/hangul": _drawn(_span(0xAC00, 0xD7A3)),
        "hostile/latin": _drawn(_span(0xA0, 0x250)),
        "hostile/thai": _drawn(_span(0xE01, 0xE5B)),
        "hostile/indic": lambda pick: _of_one_script(pick, INDIC, 112),
        "hostile/script": lambda pick: _of_one_script(pick, SCRIPTS, 90),
        "hostile/mixed": lambda pick: "".join(_anything(pick, words) for _ in range(pick.choice([10, 100, 500]))),
    }


def _drawn(characters: str | list[str], lengths: tuple[int, ...] = (10, 100, 1000)) -> Recipe:
    return lambda pick: "".join(pick.choices(characters, k=pick.choice(lengths)))


def _span(start: int, end: int) -> list[str]:
    return [chr(code) for code in range(start, end)]


def _of_one_script(pick: Random, starts: tuple[int, ...], size: int) -> str:
    start = pick.choice(starts)
    letters = [*_span(start, start + size), *[" "] * (size // pick.choice([3, 6]))]
    return "".join(pick.choices(letters, k=pick.choice([10, 40, 100, 500])))


def _anything(pick: Random, words: list[str]) -> str:
    return pick.choice([
        pick.choice(string.punctuation), pick.choice(EMOJI), pick.choice(words), " ", "\n", str(pick.randrange(1000)),
        chr(pick.randrange(0xA0, 0x3000)),
    ])  # fmt: skip


def _lines(pick: Random, numbers: tuple[int, ...], line: Callable[[], str]) -> str:
    return "\n".join(line() for _ in range(pick.choice(numbers)))


def _numbers(pick: Random) -> str:
    separator = pick.choice([", ", "\n", " ", "\t"])
    return separator.join(str(_number(pick)) for _ in range(pick.choice([5, 40, 300])))


def _number(pick: Random) -> float:
    size = pick.randrange(1, 12)
    decimals = pick.randrange(1, 8)
    return pick.choice([pick.randrange(10), pick.randrange(10**size), round(pick.uniform(0, 1000), decimals)])


def _aligned(pick: Random, words: list[str]) -> str:
    """A table as programs print it: in columns, with or without a frame."""
    widths = [pick.randint(5, 14) for _ in range(pick.randint(2, 5))]
    left, between, right, line = pick.choice(
        [("", " | ", "", "-+-"), ("| ", " | ", " |", "-+-"), ("", "  ", "", "  ")],
    )
    cells = (lambda: pick.choice(words), lambda: str(pick.randint(0, 99_999)), lambda: f"{pick.random() * 100:.2f}")
    rows = [
        left + between.join(f"{pick.choice(cells)()[:width]:<{width}}" for width in widths) + right
        for _ in range(pick.choice([4, 9, 21]))
    ]
    ruler = line.join(("-" if "+" in line else "=") * width for width in widths)
    frame = [f"+-{ruler}-+"] if left else []
    return "\n".join([*frame, rows[0], frame[0] if frame else ruler, *rows[1:], *frame])


def _blank(pick: Random) -> str:
    """White space as people leave it: indents, ends of lines, empty lines, with tabs and without."""
    return pick.choice(
        [
            " " * pick.randint(0, 12) + "\n" * pick.randint(1, 3),
            "\t" * pick.randint(0, 4) + pick.choice(["", "word", "}"]) + "\n",
            pick.choice(" \t") * pick.randint(1, 16) + pick.choice(["a", "# note", "", "\n"]) + "\n",
            " " * pick.choice([2, 4, 8, 16, 24])
            + "\t" * pick.randint(0, 3)
            + pick.choice(["x", ""])
            + " " * pick.randint(0, 3)
            + "\n",
        ]
    )


def _records(pick: Random, words: list[str]) -> str:
    records = [
        {
            "id": pick.randrange(10**6),
            "name": " ".join(pick.choices(words, k=2)).title(),
            "email": f"{pick.choice(words)}@example.com",
            "score": round(pick.random(), 3),
            "tags": pick.choices(words, k=3),
            "active": pick.random() < 0.5,
            "created_at": f"20{pick.randrange(10, 27)}-0{pick.randrange(1, 10)}-{pick.randrange(10, 29)}T10:30:00Z",
        }
        for _ in range(pick.choice([1, 3, 12]))
    ]
    return json.dumps(records, indent=pick.choice([None, 2, 4]), separators=pick.choice([None, (",", ":")]))


def _url(pick: Random, words: list[str]) -> str:
    query = pick.choice(["", f"?id={pick.randrange(10**6)}&ref={pick.choice(words)}"])
    path = "/".join(pick.choices(words, k=pick.randrange(1, 5)))
    return f"https://{pick.choice(words)}.{pick.choice(['com', 'org', 'io', 'co.uk'])}/{path}{query}"


def _log_line(pick: Random, words: list[str]) -> str:
    time = f"{pick.randrange(10, 24)}:{pick.randrange(10, 60)}:{pick.randrange(10, 60)},{pick.randrange(100, 999)}"
    level = pick.choice(["INFO", "WARNING", "ERROR", "DEBUG"])
    message = " ".join(pick.choices(words, k=6))
    return (
        f"2026-11-{pick.randrange(10, 29)} {time} {level} {pick.choice(words)}.{pick.choice(words)}: {message} "
        f"{pick.choice(words)}={pick.randrange(10_000)}"
    )


def _tool(pick: Random, words: list[str], paragraphs: list[str]) -> str:
    properties = {
        pick.choice(words): {
            "type": pick.choice(["string", "integer", "number", "boolean"]),
            "description": pick.choice(paragraphs)[:80],
        }
        for _ in range(pick.randrange(1, 6))
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties)[:2],
        "additionalProperties": False,
    }
    tool = {
        "name": "_".join(pick.choices(words, k=2)),
        "description": pick.choice(paragraphs)[:200],
        "parameters": schema,
    }
    return json.dumps(tool, separators=pick.choice([None, (",", ":")]))
