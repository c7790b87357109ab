"""The texts to fit on that are found on the machine, or made by packages that know many languages.

A text's kind says how it was made (`file/py`, `words/de`); where it comes from decides whether a first fit sees it, so
that no source is on both sides.
"""

# ruff: noqa: SIM905

from __future__ import annotations

import gettext
import gzip
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

EXTENSIONS = (
    "rst md txt pod py pyi c h cpp js mjs ts tsx css html sql sh pm php f90 tcl json yaml yml toml xml csv patch diff "
    "svg go rs java el tex cmake"
).split()
FILES_OF_A_KIND = {"py": 70, "md": 70, "rst": 70, "txt": 60, "json": 60}
OTHER_FILES = 36
PROSE = ("rst", "md", "txt", "pod")
LENGTHS = (60, 120, 200, 300, 300, 500, 800, 1500, 3000, 6000)
FAKER_LOCALES = (
    "ar_AA az_AZ bn_BD cs_CZ da_DK de_DE el_GR es_ES fa_IR fil_PH fr_FR he_IL hy_AM it_IT ja_JP la nl_NL pl_PL ru_RU "
    "th_TH uk_UA vi_VN zh_CN zh_TW"
).split()


class Text(NamedTuple):
    """One text of the corpus."""

    kind: str
    fitted_on: bool
    text: str


def text_of(kind: str, source: str, text: str) -> Text:
    """Put a text among those to fit on, or (a third, by its source) among those to judge the fit by."""
    # Lone surrogates are no text that a tokenizer takes.
    return Text(kind, zlib.crc32(source.encode()) % 3 != 0, text.encode("utf-8", "replace").decode())


def save(texts: Iterable[Text], path: Path) -> None:
    path.write_text("".join(json.dumps(text._asdict()) + "\n" for text in texts), "utf-8")


def load(path: Path) -> list[Text]:
    return [Text(**json.loads(line)) for line in path.read_text("utf-8").split("\n") if line]


def find_files(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """All text files of 1-400 kB, by extension."""
    found: dict[str, list[Path]] = {extension: [] for extension in EXTENSIONS}
    for folder in folders:
        for path in sorted(folder.rglob("*.*")):
            if (kind := path.suffix[1:]) in found and path.is_file() and 1_000 < path.stat().st_size < 400_000:
                found[kind].append(path)
    return found


def files(paths: dict[str, list[Path]], pick: Random) -> Iterator[Text]:
    """Two cuts out of each of some files of every kind, at most 12 from near to each other."""
    for kind, every in paths.items():
        near: dict[Path, int] = defaultdict(int)
        chosen = []
        for path in pick.sample(every, len(every)):
            around = path.parents[min(2, len(path.parents) - 1)]
            near[around] += 1
            if near[around] <= 12:
                chosen.append(path)
        for path in chosen[: FILES_OF_A_KIND.get(kind, OTHER_FILES)]:
            if text := _read(path):
                for _ in range(2):
                    yield text_of(f"file/{kind}", str(path), _cut(text, pick))


def read_prose(paths: dict[str, list[Path]], pick: Random) -> list[tuple[str, list[str]]]:
    """Files and their paragraphs of plain English."""
    found = []
    for path in (path for kind in PROSE for path in paths[kind][:400]):
        paragraphs = [re.sub(r"\s+", " ", part) for part in re.split(r"\n\s*\n", _read(path))]
        if plain := [part for part in paragraphs if re.fullmatch(r"[A-Z][A-Za-z ,.'()\-;:\"?]{59,}", part)]:
            found.append((str(path), plain))
    pick.shuffle(found)
    return found


def paragraphs_of(prose: list[tuple[str, list[str]]]) -> list[str]:
    return [part for _, paragraphs in prose for part in paragraphs]


def words_of(prose: list[tuple[str, list[str]]]) -> list[str]:
    return re.findall(r"[a-z]{2,}", " ".join(paragraphs_of(prose)))


def english(prose: list[tuple[str, list[str]]], pick: Random) -> Iterator[Text]:
    """Paragraphs, prompts that quote one, and a few long texts."""
    asked = ["Please explain: ", "Summarize the following text.\n\n", "Translate to French: ", "You are helpful. ", ""]
    for source, paragraphs in prose:
        paragraph = pick.choice(paragraphs)
        yield text_of("english/paragraph", source, paragraph)
        yield text_of("english/prompt", source, pick.choice(asked) + paragraph[: pick.choice([40, 100, 200, 300])])
        if len(paragraphs) > 3:
            yield text_of("english/long", source, "\n\n".join(paragraphs)[:6000])


def catalogues(root: Path, pick: Random) -> Iterator[Text]:
    """Fourteen runs of translated messages for each language but English."""
    for folder in sorted(root.glob("*/LC_MESSAGES")):
        language = folder.parent.name
        found = [] if language.startswith("en") else list(_translations(folder))
        for _ in range(14 if found else 0):
            source, messages = pick.choice(found)
            length, text = pick.choice(LENGTHS), ""
            for message in messages[pick.randrange(len(messages)) :]:
                text += message + pick.choice("  \n")
                if len(text) >= length:
                    break
            yield text_of(f"catalogue/{language}", source, text.strip()[:length])


def _translations(folder: Path) -> Iterator[tuple[str, list[str]]]:
    read = {path: _messages(path) for path in sorted(folder.glob("*.mo"))}
    every = "".join(message for messages in read.values() for message in messages)
    # Where the script is not Latin, a message of mostly ASCII was left in English.
    least = 0.55 if every and _foreign(every) > 0.3 * len(every) else 0.0
    for path, messages in read.items():
        translated = [message for message in messages if _foreign(message) >= least * len(message)]
        if len(translated) > 8:
            yield str(path), translated


def _foreign(text: str) -> int:
    return sum(character > "\x7f" for character in text)


def _messages(path: Path) -> list[str]:
    with path.open("rb") as opened:
        try:
            translations = gettext.GNUTranslations(opened)
        except (OSError, ValueError, LookupError):  # no catalogue, or a damaged one
            return []
    translated = {
        original[0] if isinstance(original, tuple) else original: message
        for original, message in translations._catalog.items()
    }
    return [
        re.sub(r"[_&](?=\w)", "", message).strip()  # marks of keyboard shortcuts
        for original, message in translated.items()
        if original and message != original and len(message) >= 15 and message.count("%") < 2 and "\\" not in message
    ]


def manuals(root: Path, pick: Random) -> Iterator[Text]:
    """A cut out of each of eight manual pages per language, without the marks of roff."""
    for folder in sorted(path for path in root.iterdir() if re.fullmatch(r"[a-z]{2}(_[A-Z]{2})?", path.name)):
        pages = sorted(folder.glob("man*/*.gz"))
        for path in pick.sample(pages, min(8, len(pages))):
            text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
            text = re.sub(r"\\f.|\\[-&(]", "", re.sub(r"(?m)^\.\S*\s?", "", text))
            yield text_of(f"manual/{folder.name}", str(path), _cut(text, pick))


def made_up_paragraphs(pick: Random) -> Iterator[Text]:
    """Eight paragraphs of made-up sentences for each language that faker has words of."""
    from faker import Faker

    for locale in FAKER_LOCALES:
        faker = Faker(locale)
        faker.seed_instance(pick.random())
        for number in range(8):
            paragraph = faker.paragraph(nb_sentences=pick.choice([1, 3, 8, 20]))
            yield text_of(f"faker/{locale}", f"{locale}{number}", paragraph)


def frequent_words(pick: Random) -> Iterator[Text]:
    """Eighteen texts for each language of wordfreq: words drawn as often as they are used, punctuated as sentences."""
    import wordfreq

    for language in wordfreq.available_languages("best"):
        if language == "ko":  # Its list has parts of words.
            continue
        frequency = wordfreq.get_frequency_dict(language)
        words = sorted(frequency, key=frequency.__getitem__, reverse=True)[:30_000]
        weights = [frequency[word] for word in words]
        for number in range(18):
            length, text = pick.choice([60, 120, 200, 300, 500, 1000, 2500]), ""
            while len(text) < length:
                text += _sentence(language, pick.choices(words, weights, k=pick.randrange(5, 18)), pick)
            yield text_of(f"words/{language}", f"{language}{number}", text.strip())


def _sentence(language: str, words: list[str], pick: Random) -> str:
    spaced = language not in ("zh", "ja")
    comma = ", " if spaced else {"zh": "，", "ja": "、"}[language]  # noqa: RUF001
    stop = {"zh": "。", "ja": "。", "hi": "। ", "bn": "। "}.get(language, ". ")
    ends = [stop, stop, stop, *(("! ", "? ") if spaced else ("！", "？"))]  # noqa: RUF001
    half = len(words) // 2 if pick.random() < 0.5 else len(words)
    parts = [(" " if spaced else "").join(part) for part in (words[:half], words[half:]) if part]
    sentence = comma.join(parts)
    return sentence[:1].upper() + sentence[1:] + pick.choice(ends)


def _cut(text: str, pick: Random) -> str:
    length = pick.choice(LENGTHS)
    start = pick.randrange(len(text) - length) if len(text) > length else 0
    return text[start : start + length]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def written_prose() -> Iterator[Text]:
    """Sentences of `prose.jsonl`, which were written for this fit: people's own words, not those of programs."""
    for number, line in enumerate(Path(__file__).with_name("prose.jsonl").read_text("utf-8").splitlines()):
        row = json.loads(line)
        yield text_of(f"prose/{row['language']}", f"prose{number}", row["text"])


def unmarked(texts: Iterable[Text]) -> Iterator[Text]:
    """Chinese and Japanese texts once more, with ASCII punctuation and with none: people type them so."""
    for number, text in enumerate(texts):
        if text.kind.split("/")[-1][:2] in ("zh", "ja"):
            yield text_of("unmarked/ascii", f"{text.kind}{number}", text.text.translate(_TO_ASCII))
            yield text_of("unmarked/none", f"{text.kind}{number}", text.text.translate(_TO_NOTHING))


_MARKS = "，。！？：；（）、"  # noqa: RUF001
_TO_ASCII = str.maketrans(_MARKS, ",.!?:;(),")
_TO_NOTHING = str.maketrans("", "", _MARKS)
