"""Features of text that is not ASCII: how many characters of which script, and how usual they are for it.

One byte tells two-byte scripts apart, two bytes the others. Tokenizers hold the common words of common languages only:
so for some scripts the share of frequent letter pairs or characters says how far a text is from what they know.
"""

# ruff: noqa: RUF001

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from llm_token_budget.estimation.foreign_vocabulary import FOREIGN_WORDS

_LEADS = {
    "latin_marks": (0xC2,), "latin_extended": range(0xC3, 0xCC), "combining": (0xCC, 0xCD), "greek": (0xCE, 0xCF),
    "cyrillic": (0xD0, 0xD1), "cyrillic_extended": (0xD2, 0xD3), "armenian": (0xD4, 0xD5), "hebrew": (0xD6, 0xD7),
    "arabic": (0xD8, 0xD9), "arabic_extended": (0xDA, 0xDB), "other_2": range(0xDC, 0xE0),
    "other_e0": (0xE0,), "other_e1": (0xE1,), "symbols": (0xE2,), "other_e3": (0xE3,), "han": range(0xE4, 0xEA),
    "hangul": range(0xEA, 0xEE), "private": (0xEE,), "forms": (0xEF,), "planes": range(0xF0, 0xF8),
}  # fmt: skip
"""First byte of a character -> what it counts as, unless a longer prefix below says more."""

_PREFIXES = {
    "devanagari": ("e0a4", "e0a5"), "bengali": ("e0a6", "e0a7"), "gurmukhi": ("e0a8", "e0a9"),
    "gujarati": ("e0aa", "e0ab"), "oriya": ("e0ac", "e0ad"), "tamil": ("e0ae", "e0af"), "telugu": ("e0b0", "e0b1"),
    "kannada": ("e0b2", "e0b3"), "malayalam": ("e0b4", "e0b5"), "sinhala": ("e0b6", "e0b7"), "thai": ("e0b8", "e0b9"),
    "lao": ("e0ba", "e0bb"), "tibetan": ("e0bc", "e0bd", "e0be", "e0bf"),
    "myanmar": ("e180", "e181"), "georgian": ("e182", "e183"),
    "ethiopic": ("e188", "e189", "e18a", "e18b", "e18c", "e18d", "e18e"), "khmer": ("e19e", "e19f"),
    "vietnamese": ("e1ba", "e1bb"),
    "punctuation": ("e280",), "box_drawing": ("e294", "e295", "e296"),
    "kana": ("e381", "e382", "e383"), "cjk_punctuation": ("e380",),
    "fullwidth": ("efbc", "efbd"), "variation_selector": ("efb88f",), "emoji": ("f09f",),
}  # fmt: skip
_MARKS_OF = {
    "russian": "ы э Э", "turkish": "ı ş ğ İ Ş", "czech": "ě ř ů Č ď ť", "polish": "ł ą ę ż ś ć ń", "hungarian": "ő ű",
    "romanian": "ă ș ț ţ", "nordic": "å ø æ", "portuguese": "ã õ",
}  # fmt: skip
"""Letters by which a language is known: how much its other words cost differs from tokenizer to tokenizer."""

_DISTANCES = (
    "foreign_words",
    "joiners",
    "cyrillic_unusual", "cyrillic_serbian", "ukrainian", "cyrillic_words",
    "arabic_unusual", "arabic_words",
    "han_unusual", "han_rare", "han_traditional",
    "hangul_unusual", "hangul_rare",
    "indic_unusual", "thai_unusual",
    "hebrew_words", "devanagari_words", "greek_words",
    "russian", "turkish", "czech", "polish", "hungarian", "romanian", "nordic", "portuguese",
    "han_common_words", "kana_common_words", "thai_common_words", "hindi_common_words",
    "faces", "common_emoji", "fullwidth_marks", "cjk_stops",
)  # fmt: skip
_KNOWN = (*(f"{script}_known" for script in FOREIGN_WORDS), "cyrillic_known_words")
"""Letters in common words of a script: cheaper than others. In Cyrillic, common words are many languages', and short."""

SCRIPT_FEATURES = (*_LEADS, *_PREFIXES, *_DISTANCES, *_KNOWN)

_GROUP_OF_LEAD = {lead: name for name, leads in _LEADS.items() for lead in leads}
_SPLITS: dict[int, list[tuple[str, list[bytes]]]] = {}
for _name, _prefixes in _PREFIXES.items():
    _encoded = [bytes.fromhex(prefix) for prefix in _prefixes]
    _SPLITS.setdefault(_encoded[0][0], []).append((_name, _encoded))
_NOT_LEADS = bytes(range(0xC0))
_INDEX = {name: index for index, name in enumerate(SCRIPT_FEATURES)}


def _encode(text: str) -> tuple[bytes, ...]:
    return tuple(part.encode() for part in text.split())


_CYRILLIC_PAIRS = _encode("ст но то на ен ов ни ра во ко ал ер ро ре ор пр ет ль ть ие ла ел ан ос по ка")
_SERBIAN = _encode("ј љ њ ђ ћ џ ѓ ќ")
_UKRAINIAN = _encode("і ї є")
_ARABIC_PAIRS = _encode("ال في من ان ية ات لا ها ين ون ما لم")
_HAN_COMMON = _encode(
    "的 一 是 不 在 人 有 中 大 为 上 个 国 我 以 要 他 时 来 用 们 生 到 作 地 于 "
    "出 会 可 件 文 无 法 定 使 数 行 成 名 字"
)
_HAN_TRADITIONAL = _encode("為 個 國 時 來 們 於 會 無 數 檔 沒 這 說 對 過 還 後 學 開 設 發 將 訊 選 項 環 變 執 啟")
_HANGUL_COMMON = _encode("이 다 는 에 을 가 의 로 하 고 지 를 사 시 니 습 기 한 은 인 도 있 없 수 어 아 리 해 정")
_THAI_COMMON = _encode("า น ร อ ก เ ง ่ ้ ม ย ว ล ส ต ท ั ี")
# The blocks of nine scripts of India have one layout: the same letters and vowel signs are frequent in all of them.
_INDIC_COMMON = bytes.fromhex("02 15 24 26 28 2a 2e 2f 30 32 35 38 39 3e 3f 40 41 47 4b 4d")
_HAN_WORDS = _encode(
    "一个 我们 中国 他们 没有 可以 什么 这个 国家 自己 问题 因为 不是 现在 怎么 就是 已经 这些 发展 开始 公司 可能 工作 社会 "
    "如果 知道 进行 世界 不能 成为 时间 认为 需要 地区 时候 使用 但是 应该 情况 组织 其他 发生 主要 通过 为了 所有 包括 一些 "
    "如何 重要 影响 信息 系统 数据 用户 文件 设置"
)
_KANA_WORDS = _encode(
    "です ます した して する から こと という いる ない ください ため また この その ある れる った など では には ました ません "
    "ユーザー データ ファイル システム サービス"
)
_THAI_WORDS = _encode("การ ที่ ความ ได้ เป็น และ ไม่ มี ของ ให้ ใน จะ คน ว่า นี้ ต้อง แล้ว กับ จาก เรา หรือ ใช้ ทำ เพื่อ")
_HINDI_WORDS = _encode("के में है की और से को का हैं कर पर यह लिए नहीं एक ने हो भी")
_FACES = (b"\xf0\x9f\x98", b"\xf0\x9f\x99")
_COMMON_EMOJI = _encode("👇 👉 👌 👍 👏 💕 🔥 🏻 🏼 🙏 🤣 😂 😍 😊 😭 😁 😀 😉 🙂 😘")
_INDIC_STARTS = {
    "devanagari": 0x900, "bengali": 0x980, "gurmukhi": 0xA00, "gujarati": 0xA80, "oriya": 0xB00, "tamil": 0xB80,
    "telugu": 0xC00, "kannada": 0xC80, "malayalam": 0xD00,
}  # fmt: skip
_INDIC = [
    (_INDEX[script], tuple(chr(start + offset).encode() for offset in _INDIC_COMMON))
    for script, start in _INDIC_STARTS.items()
]


_KNOWN_WORDS = {
    word.encode(): (_INDEX[f"{script}_known"], len(word))
    for script, words in FOREIGN_WORDS.items()
    for word in words.split()
}
_ASCII_TO_SPACE = bytes(32 if byte < 0x80 else byte for byte in range(256))
_SPACED = frozenset(_INDEX[script] for script in FOREIGN_WORDS)


def is_known_word(word: str) -> bool:
    """Whether it is a common word of one of these scripts."""
    return word.encode("utf-8", "replace") in _KNOWN_WORDS


def measure_scripts(data: bytes, classes: bytes) -> list[float]:
    """Count the characters of each script in UTF-8 `data`; `classes` is the same text in the letters of `features`."""
    row = [0.0] * len(SCRIPT_FEATURES)
    leads = data.translate(None, _NOT_LEADS)
    present = set(leads)
    for lead in present:
        row[_INDEX[_GROUP_OF_LEAD[lead]]] += leads.count(lead)
    for lead in present & _SPLITS.keys():
        parent = _INDEX[_GROUP_OF_LEAD[lead]]
        for name, prefixes in _SPLITS[lead]:
            found = _total(data.count, prefixes)
            row[_INDEX[name]] = found
            row[parent] -= found
    _measure_distances(data, row, classes.count(b"c l"))
    return row


def _total(count: Callable[[bytes], int], needles: Iterable[bytes]) -> int:
    return sum(map(count, needles))


def _measure_distances(data: bytes, row: list[float], foreign_words: int) -> None:
    count = data.count
    at = _INDEX
    row[at["foreign_words"]] = foreign_words
    if row[at["symbols"]] or row[at["punctuation"]]:
        row[at["joiners"]] = count(b"\xe2\x80\x8d")
    if cyrillic := row[at["cyrillic"]]:
        row[at["cyrillic_unusual"]] = max(0.0, 0.55 * cyrillic - 2 * _total(count, _CYRILLIC_PAIRS))
        row[at["cyrillic_serbian"]] = _total(count, _SERBIAN)
        row[at["ukrainian"]] = _total(count, _UKRAINIAN)
        row[at["cyrillic_words"]] = foreign_words
    if arabic := row[at["arabic"]]:
        row[at["arabic_unusual"]] = max(0.0, 0.4 * arabic - 2 * _total(count, _ARABIC_PAIRS))
        row[at["arabic_words"]] = foreign_words
    if han := row[at["han"]]:
        traditional = _total(count, _HAN_TRADITIONAL)
        common = _total(count, _HAN_COMMON) + traditional
        row[at["han_unusual"]] = max(0.0, 0.15 * han - common)
        row[at["han_rare"]] = max(0.0, 0.05 * han - common)
        row[at["han_traditional"]] = traditional
    if hangul := row[at["hangul"]]:
        common = _total(count, _HANGUL_COMMON)
        row[at["hangul_unusual"]] = max(0.0, 0.3 * hangul - common)
        row[at["hangul_rare"]] = max(0.0, 0.1 * hangul - common)
    if b"\xe0" in data:
        for script, common_letters in _INDIC:
            if letters := row[script]:
                row[at["indic_unusual"]] += max(0.0, 0.4 * letters - _total(count, common_letters))
        if thai := row[at["thai"]]:
            row[at["thai_unusual"]] = max(0.0, 0.4 * thai - _total(count, _THAI_COMMON))
    _measure_languages(data, row)
    if any(map(row.__getitem__, _SPACED)):
        _measure_known(data, row)
    for name in ("hebrew", "devanagari", "greek"):
        if row[at[name]]:
            row[at[f"{name}_words"]] = foreign_words


_LANGUAGES = tuple(
    (_INDEX[script], _INDEX[name], needles)
    for script, name, needles in (
        *((_script, name, _encode(_MARKS_OF[name])) for _script, name in (
            ("cyrillic", "russian"),
            ("latin_extended", "turkish"), ("latin_extended", "czech"), ("latin_extended", "polish"),
            ("latin_extended", "hungarian"), ("latin_extended", "romanian"), ("latin_extended", "nordic"),
            ("latin_extended", "portuguese"),
        )),
        ("han", "han_common_words", _HAN_WORDS), ("kana", "kana_common_words", _KANA_WORDS),
        ("thai", "thai_common_words", _THAI_WORDS), ("devanagari", "hindi_common_words", _HINDI_WORDS),
        ("emoji", "faces", _FACES), ("emoji", "common_emoji", _COMMON_EMOJI),
        ("fullwidth", "fullwidth_marks", _encode("， ！ ？ ： ； （ ）")), ("cjk_punctuation", "cjk_stops", _encode("。 、")),
    )
)  # fmt: skip


def _measure_languages(data: bytes, row: list[float]) -> None:
    for script, name, needles in _LANGUAGES:
        if letters := row[script]:
            # No more than a language has: of a word that is repeated for ever, each letter must still cost something.
            row[name] = min(_total(data.count, needles), letters * _MOST_SHARES.get(name, 1.0))


_MOST_SHARES = dict.fromkeys(
    map(
        _INDEX.__getitem__,
        ("russian", "han_common_words", "kana_common_words", "thai_common_words", "hindi_common_words"),
    ),
    0.25,
)


def _measure_known(data: bytes, row: list[float]) -> None:
    found = Counter(map(_KNOWN_WORDS.get, data.translate(_ASCII_TO_SPACE).split()))
    found.pop(None, 0)
    for known, times in found.items():
        if known is None:
            continue
        place, letters = known
        row[place] += times * letters
        if place == _CYRILLIC_KNOWN:
            row[_CYRILLIC_KNOWN_WORDS] += times


_CYRILLIC_KNOWN, _CYRILLIC_KNOWN_WORDS = _INDEX["cyrillic_known"], _INDEX["cyrillic_known_words"]
