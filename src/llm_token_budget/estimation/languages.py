"""Words by which a language is known. Those that English has too (`die`, `to`, `on`, `an`) are left out."""

# ruff: noqa: RUF001

from __future__ import annotations

FUNCTION_WORDS = {
    "spanish_words": "el los las del por y con lo muy pero sus está cómo al",
    "portuguese_words": "não uma os do da em dos das ao com você mais são à",
    "french_words": "le les des une du et est dans pour vous sur au qui à",
    "italian_words": "il di che della per sono gli nel alla è",
    "german_words": "der das und ist den nicht ein eine mit von zu für auf im wir sie ich",
    "dutch_words": "het een van niet dat zijn voor op aan te",
    "nordic_words": "och att det som på är en för inte og er ikke til av på",
    "indonesian_words": "yang dan untuk dengan ini itu dari tidak di ke akan",
    "turkish_words": "ve bir bu için ile olarak daha gibi mı mi",
    "polish_words": "nie się na jest że w z oraz przez po",
    "czech_words": "se je že v pro jako nebo není aby k",
    "hungarian_words": "az és nem hogy egy is meg vagy ha",
    "finnish_words": "ja ei että tai sen kun oli ovat",
    "romanian_words": "și în nu cu este pe din pentru care să",
    "vietnamese_words": "và của là các không cho có được một trong",
}  # fmt: skip
