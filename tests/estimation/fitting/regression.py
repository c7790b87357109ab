"""The fit: weights with the least relative error, and margins that most texts stay below."""

# ruff: noqa: SIM905

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from corpus import Text
from scipy import sparse
from scipy.optimize import linprog

from llm_token_budget.estimation.features import FEATURES, measure
from llm_token_budget.estimation.runs import cut_runs
from llm_token_budget.estimation.text import _ADDED, _FACTOR, BYTE_LEVEL

EMPHASIS = {
    "hostile": 0.12, "catalogue": 0.25, "data/short": 0.3, "data": 0.5, "unmarked": 0.7, "words": 1.6, "english": 1.5,
    "prose": 3.0,
}  # fmt: skip
"""How much a text counts, by the first name that its kind begins with; others count 1."""
EMPHASIS_ON_HOSTILE_MARGINS = 0.35
USUAL_LANGUAGES = frozenset(
    "af am ar az bg bn ca cs cy da de el es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mr ms "
    "nb nl nn pl pt pt_BR ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh_CN zh_HK zh_TW".split()
)
"""Margins are for these; catalogues of a hundred others would widen them for everybody, and count less."""
EMPHASIS_ON_USUAL_MARGINS, EMPHASIS_ON_OTHER_MARGINS, EMPHASIS_ON_PROSE_MARGINS = 0.5, 0.12, 3.0

SPARSITY = 0.002
"""Relative error that a weight has to save to be anything but 0."""
HIGHEST, LOWEST = 4.0, -3.0
HIGHEST_WEIGHTS = dict.fromkeys(
    ("indic_unusual", "thai_unusual", "han_rare", "han_unusual", "hangul_rare", "hangul_unusual", "very_odd_letters",
     "accented_mostly"), 30.0,
)  # fmt: skip
LOWEST_WEIGHTS = {
    "tibetan": 2.0, "oriya": 1.5, "lao": 1.5, "other_e0": 2.0, "other_e1": 2.0, "other_e3": 1.5, "other_2": 1.5,
    "private": 2.0, "planes": 2.0, "combining": 1.0, "forms": 1.0, "variation_selector": 0.3, "fullwidth": 0.5,
}  # fmt: skip
"""Scripts that the corpus has little of: a text in one of them must not come out at next to nothing."""

QUANTILES = {"o200k": 0.977, "claude47": 0.977}
USUAL_QUANTILE = 0.983
"""What part of the texts has to stay below the upper bound: less where margins would be wide."""
MARGIN_FEATURES = (
    "indic_unusual thai_unusual long_odd_marks odd_mark_bytes repeated_mark_bytes rare_repeated_bytes repeated_letters "
    "very_odd_letters odd_letters_share odd_parts_share symbols other_2 other_e1 other_e3 han_rare hangul_rare han_unusual "
    "hangul_unusual combining latin_marks forms accented_mostly cyrillic_unusual cyrillic_extended arabic_unusual "
    "arabic_extended box_drawing controls space_newline mixed_tabs newline_tab planes emoji ethiopic georgian rare_letters "
    "armenian latin_extended foreign_words runs_of_16 hebrew private tabs capitals cyrillic_serbian han_traditional thai "
    "tamil gurmukhi gujarati oriya kannada sinhala devanagari"
).split()
LONGEST_RUN = 60
"""Texts with a longer run of one character are not fitted on: runs are counted apart, by `runs.py`."""

LEAST_MARGINS = {
    "very_odd_letters": {
        "o200k": 1.1, "cl100k": 0.3, "llama3": 0.3, "qwen3": 0.3, "claude3": 0.3, "claude47": 0.3,
    },
    "han": {"o200k": 0.06, "cl100k": 0.15, "llama3": 0.06, "claude3": 0.03, "claude47": 0.03},
    "hangul": {"o200k": 0.04, "cl100k": 0.1, "llama3": 0.04},
    "czech": {"llama3": 0.3, "claude3": 0.15, "claude47": 0.15},
    "indonesian_words": {"o200k": 0.7},
    "german_words": {"claude3": 1.6, "claude47": 0.6},
    "mixed_tabs": {"cl100k": 0.15, "llama3": 0.15, "qwen3": 0.1},
    "space_newline": {"cl100k": 0.1, "llama3": 0.1, "qwen3": 0.1},
}  # fmt: skip
"""Margins that are set by hand, where texts that no fit had seen went above the bound."""


class Sample(NamedTuple):
    """The corpus as numbers, a row per text."""

    features: Any
    emphasis: Any
    sizes: Any
    hostile: Any
    language: Any
    fitted_on: Any
    emphasis_on_margins: Any


def measure_all(texts: Sequence[Text]) -> Sample:
    features = np.zeros((len(texts), len(FEATURES)))
    for row, text in zip(features, texts, strict=True):
        measured = measure(cut_runs(text.text)[0])
        row[: len(measured)] = measured
    return Sample(
        features,
        np.array([_emphasis(text) for text in texts]),
        np.array([len(text.text.encode()) for text in texts]),
        np.array([text.kind.startswith("hostile/") for text in texts]),
        np.array([text.kind.startswith(("catalogue/", "faker/", "manual/", "words/", "prose/")) for text in texts]),
        np.array([text.fitted_on for text in texts]),
        np.array([_emphasis_on_margins(text) for text in texts]),
    )


def _emphasis(text: Text) -> float:
    if any(run.length > LONGEST_RUN for run in cut_runs(text.text)[1]):
        return 0.0
    return next((emphasis for name, emphasis in EMPHASIS.items() if text.kind.startswith(name)), 1.0)


def _emphasis_on_margins(text: Text) -> float:
    if not _emphasis(text):
        return 0.0
    first, _, rest = text.kind.partition("/")
    if first == "catalogue":
        return EMPHASIS_ON_USUAL_MARGINS if rest in USUAL_LANGUAGES else EMPHASIS_ON_OTHER_MARGINS
    return {"hostile": EMPHASIS_ON_HOSTILE_MARGINS, "prose": EMPHASIS_ON_PROSE_MARGINS}.get(first, 1.0)


def fit_weights(sample: Sample, counts: Sequence[int], seen: Sequence[bool]) -> Any:
    """Minimise the sum of absolute relative errors, plus a little for each weight: a linear program.

    The error of a text is `above - below`, a weight `positive - negative`, all four not negative.
    """
    seen = np.asarray(seen)
    relative = sample.features[seen] / np.maximum(counts, 1)[seen, None]
    texts, features = relative.shape
    penalty = SPARSITY * texts * np.sqrt((relative**2).mean(0)) + 1e-6
    cost = np.concatenate([sample.emphasis[seen], sample.emphasis[seen], penalty, penalty])
    one, all_ = sparse.eye(texts), sparse.csr_matrix(relative)
    solved = linprog(
        cost,
        A_eq=sparse.hstack([one, -one, all_, -all_]).tocsc(),
        b_eq=np.ones(texts),
        bounds=[(0, None)] * (2 * texts)
        + [(LOWEST_WEIGHTS.get(name, 0), HIGHEST_WEIGHTS.get(name, HIGHEST)) for name in FEATURES]
        + [(0, 0 if name in LOWEST_WEIGHTS else -LOWEST) for name in FEATURES],
        method="highs",
    )
    positive, negative = solved.x[2 * texts :].reshape(2, features)
    return np.round(positive - negative, 3)


def fit_margins(sample: Sample, counts: Sequence[int], weights: Any, family: str, seen: Sequence[bool]) -> Any:
    """Regress what the plain upper bound lacks to a high quantile: the pinball loss, a linear program too."""
    seen = np.asarray(seen)
    truth = np.maximum(counts, 1)
    lacking = ((truth - _FACTOR * _expected(sample, weights) - _ADDED) / truth)[seen]
    columns = [FEATURES.index(name) for name in MARGIN_FEATURES]
    relative = sample.features[seen][:, columns] / truth[seen, None]
    emphasis = sample.emphasis_on_margins[seen]
    texts, quantile = len(relative), QUANTILES.get(family, USUAL_QUANTILE)
    one = sparse.eye(texts)
    solved = linprog(
        np.concatenate([emphasis * quantile, emphasis * (1 - quantile), np.full(len(columns), 1e-4)]),
        A_eq=sparse.hstack([one, -one, sparse.csr_matrix(relative)]).tocsc(),
        b_eq=lacking,
        bounds=[(0, None)] * (2 * texts) + [(_least(name, family), HIGHEST) for name in MARGIN_FEATURES],
        method="highs",
    )
    margins = np.zeros(len(FEATURES))
    margins[columns] = np.round(solved.x[2 * texts :], 2)
    for name in LEAST_MARGINS:
        place = FEATURES.index(name)
        margins[place] = max(margins[place], _least(name, family))
    return margins


def _least(feature: str, family: str) -> float:
    return LEAST_MARGINS.get(feature, {}).get(family, 0.0)


def _expected(sample: Sample, weights: Any) -> Any:
    return np.maximum(1, sample.features @ weights)


def report(sample: Sample, counts: Sequence[int], weights: Any, margins: Any, family: str) -> str:
    """Say how far estimates are off, and how often the upper bound is too low, on texts that the fit did not see."""
    truth = np.maximum(counts, 1)
    expected = _expected(sample, weights)
    upper = np.ceil(_FACTOR * expected + sample.features @ margins) + _ADDED
    if family in BYTE_LEVEL:
        upper = np.minimum(upper, sample.sizes)
    error = np.abs(expected - truth) / truth
    unseen = ~sample.fitted_on
    lines = []
    for name, group in {
        "ordinary": unseen & ~sample.hostile,
        "prose, code, data": unseen & ~sample.hostile & ~sample.language,
        "many languages": unseen & sample.language,
        "hostile": unseen & sample.hostile,
    }.items():
        if group.any():
            lines.append(
                f"{family:9} {name:18} {group.sum():5} texts: error p50 {np.median(error[group]):6.1%}, "
                f"p95 {np.quantile(error[group], 0.95):6.1%}; above the upper bound {(upper < truth)[group].mean():5.1%}, "
                f"by up to {(truth / upper)[group].max():.2f}; bound / truth {np.median((upper / truth)[group]):.2f}"
            )
    return "\n".join(lines)


def replace_table(source: str, name: str, rows: dict[str, Any]) -> str:
    """Replace the table that is called `name` in a module's source; features that count 0 everywhere are left out."""
    lines = [f"{'feature':<22}" + "".join(f"{family:>9}" for family in rows)]
    for number, feature in enumerate(FEATURES):
        values = [row[number] for row in rows.values()]
        if any(values):
            lines.append(f"{feature:<22}" + "".join(f"{value:>9.3f}" if value else f"{0:>9}" for value in values))
    table = "\n".join(lines)
    changed, found = re.subn(rf'(?ms)(?<=^{name} = """)\n.*?\n(?=""")', lambda _: f"\n{table}\n", source)
    if found != 1:
        raise ValueError(f"no table called {name} in the module")
    return changed
