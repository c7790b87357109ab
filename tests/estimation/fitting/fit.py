"""Fit the token estimator again: everything behind `estimation/weights.py` and `estimation/vocabulary.py`.

    python tests/estimation/fitting/fit.py corpus DIR --files FOLDER ... --catalogues FOLDER --manuals FOLDER
    python tests/estimation/fitting/fit.py truth DIR          # counts every text with the tokenizers themselves: minutes
    python tests/estimation/fitting/fit.py weights DIR        # reports the accuracy; --write replaces the two tables
    python tests/estimation/fitting/fit.py vocabulary         # --write replaces the two word lists

Beside the library they need `pip install numpy scipy faker wordfreq toktok-rs quicktok-v1 ctok`. Nothing is downloaded
while they run. They are run by hand, after a change of features or for a new tokenizer, and never by CI.

The corpus. `corpus.py` takes what is on the machine, `generated.py` makes the rest:

* files of documentation, source code, data and markup, cut to 60-6,000 characters, and English prose taken from them;
* messages of translated programs (gettext catalogues) and translated manual pages: about 140 languages;
* sentences made of frequent words (`wordfreq`, 41 languages) and made-up paragraphs (`faker`, 24 locales);
* sentences as people write them, in nineteen languages, written for this fit (`prose.jsonl`);
* Chinese and Japanese texts again, with ASCII punctuation and with none;
* generated data: JSON, tool schemas, logs, tables, URLs, numbers, identifiers, base64, emoji, formulas, short messages;
* hostile texts: random characters of any script, repeats, white space, symbols.

Not in the repository: the texts. For the published weights the files, catalogues and manuals were those of one Debian
machine with Python packages installed; they belong to their authors under many licences. It was 9,400 texts,
generated ones included (the messages of Django's catalogues among them, a third of which were kept to judge the fit
by). From other files come other, similar numbers: what can be repeated exactly is the fit, given the texts and counts
that `corpus` and `truth` have written. The published corpus was made before these scripts had this form, by nearly
the same recipes (numbers of texts and random draws differ a little; Perl's manuals in Chinese, Japanese and Korean
were among the manual pages).

The truth. `truth.py`: toktok for o200k and cl100k, quicktok for Llama 3 and Qwen 3, and for Claude, whose tokenizers
are not published, `ctok`, an offline reconstruction that no provider has confirmed.

The fit. `regression.py`: the weights have the least sum of absolute relative errors, by linear programming; then the
margins, which lift the upper bound for features that hostile texts are full of, by a regression to the 98 % quantile
(where catalogues of languages that few people write count less than others).
Two thirds of the texts, by where they come from, are fitted on; the others say how good the fit is. What is written is
fitted on all.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import corpus
import generated
import truth
import vocabulary

import llm_token_budget.estimation.vocabulary
import llm_token_budget.estimation.weights

TEXTS, COUNTS = "texts.jsonl", "counts.json"


def build_corpus(options: argparse.Namespace) -> None:
    """Collect and generate the texts, and write them to `DIR/texts.jsonl`."""
    pick = random.Random(options.seed)
    paths = corpus.find_files(options.files)
    prose = corpus.read_prose(paths, pick)
    if not prose:
        raise SystemExit("no English prose found: name folders with documentation (.md, .rst, .txt) in --files")
    texts = [
        *corpus.files(paths, pick),
        *corpus.english(prose[:140], pick),
        *(corpus.catalogues(options.catalogues, pick) if options.catalogues else ()),
        *(corpus.manuals(options.manuals, pick) if options.manuals else ()),
        *corpus.made_up_paragraphs(pick),
        *corpus.frequent_words(pick),
        *corpus.written_prose(),
        *generated.texts(pick, corpus.words_of(prose), corpus.paragraphs_of(prose)),
    ]
    texts += list(corpus.unmarked(texts))
    options.directory.mkdir(parents=True, exist_ok=True)
    corpus.save(texts, options.directory / TEXTS)
    print(f"{len(texts)} texts of {len({text.kind for text in texts})} kinds")


def count_truth(options: argparse.Namespace) -> None:
    """Count every text with every tokenizer, and write `DIR/counts.json`."""
    texts = corpus.load(options.directory / TEXTS)
    truth.save(truth.count([text.text for text in texts]), options.directory / COUNTS)


def fit_weights(options: argparse.Namespace) -> None:
    """Fit, say how close it comes on texts it has not seen, and with `--write` replace the tables in `weights.py`."""
    import regression  # late: it needs numpy and scipy, which the other steps do without

    texts = corpus.load(options.directory / TEXTS)
    counts = truth.load(options.directory / COUNTS)
    sample = regression.measure_all(texts)
    for family in counts:
        seen = sample.fitted_on
        weights = regression.fit_weights(sample, counts[family], seen)
        margins = regression.fit_margins(sample, counts[family], weights, family, seen)
        print(regression.report(sample, counts[family], weights, margins, family))
    if not options.write:
        return
    every = [True] * len(texts)
    weights = {family: regression.fit_weights(sample, counts[family], every) for family in counts}
    margins = {
        family: regression.fit_margins(sample, counts[family], weights[family], family, every) for family in counts
    }
    path = Path(llm_token_budget.estimation.weights.__file__)
    source = regression.replace_table(path.read_text("utf-8"), "WEIGHTS", weights)
    path.write_text(regression.replace_table(source, "MARGINS", margins), "utf-8")


def choose_vocabulary(options: argparse.Namespace) -> None:
    """Read the two lists out of the tokenizers, and with `--write` replace them in `vocabulary.py`."""
    words, marks = vocabulary.common_words(), vocabulary.common_marks()
    print(f"{len(words)} words, {len(marks)} runs of punctuation")
    if options.write:
        path = Path(llm_token_budget.estimation.vocabulary.__file__)
        source = vocabulary.replace_list(path.read_text("utf-8"), "WORDS", words)
        path.write_text(vocabulary.replace_list(source, "PUNCTUATION", marks), "utf-8")


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(required=True, metavar="STEP")
    for name, run in {
        "corpus": build_corpus, "truth": count_truth, "weights": fit_weights, "vocabulary": choose_vocabulary,
    }.items():  # fmt: skip
        step = steps.add_parser(name, help=run.__doc__, description=run.__doc__)
        step.set_defaults(run=run)
        if name != "vocabulary":
            step.add_argument("directory", type=Path, metavar="DIR", help="where texts and counts are kept")
        if name in ("weights", "vocabulary"):
            step.add_argument("--write", action="store_true", help="replace the numbers in the library's source")
        if name == "corpus":
            step.add_argument("--files", type=Path, nargs="+", required=True, help="folders of text files of any kind")
            step.add_argument("--catalogues", type=Path, help="a folder of LANGUAGE/LC_MESSAGES/*.mo")
            step.add_argument("--manuals", type=Path, help="a folder of LANGUAGE/man*/*.gz")
            step.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
