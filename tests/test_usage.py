"""Usage: counts by kind of token, refused if they can't be counts."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from llm_token_budget import ConfigurationError, Usage
from llm_token_budget.usage import COUNTS, Iteration, Terms, ToolUse

KINDS = list(COUNTS)


def test_the_kinds_of_tokens_that_providers_bill_are_there():
    """Cache reads, writes by lifetime, reasoning, audio and images are told apart."""
    assert KINDS == [
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "cache_write_12h_tokens",
        "audio_input_tokens",
        "image_input_tokens",
        "cache_read_audio_tokens",
        "cache_read_image_tokens",
        "reasoning_tokens",
        "audio_output_tokens",
        "image_output_tokens",
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "count",
    [-1, 1.0, 0.5, "7", None, True, False, float("nan"), [], 2**53, 10**5_000, -(10**5_000)],
    ids=lambda count: type(count).__name__,
)
def test_what_is_no_count_is_refused(kind, count):
    """Not whole, negative, a bool or absurd: the error names the field."""
    with pytest.raises(ConfigurationError, match=f"^{kind} must be a whole number of tokens"):
        Usage(**{kind: count})


def test_the_total_counts_every_token_once():
    """Parts are parts of their total: cached and reasoning tokens are not added again."""
    usage = Usage(input_tokens=100, output_tokens=50, cache_read_tokens=80, reasoning_tokens=30)
    assert usage.total_tokens == 150


def test_usages_add_up_kind_by_kind():
    """Every field takes part in the sum."""
    one = Usage(**{kind: place for place, kind in enumerate(KINDS, 1)})
    assert one + one == Usage(**{kind: 2 * place for place, kind in enumerate(KINDS, 1)})
    assert one + Usage() == one


def test_a_usage_is_a_value():
    """Equal, hashable, frozen, picklable, and no dict."""
    usage = Usage(input_tokens=1, output_tokens=2)
    assert usage == Usage(input_tokens=1, output_tokens=2)
    assert len({usage, Usage(input_tokens=1, output_tokens=2)}) == 1
    assert pickle.loads(pickle.dumps(usage)) == copy.deepcopy(usage) == usage
    assert not isinstance(usage, dict)
    assert not hasattr(usage, "__dict__")
    with pytest.raises(FrozenInstanceError):
        usage.input_tokens = 5


def test_a_misspelt_kind_is_refused():
    """A count that nobody knows can't be left out silently."""
    with pytest.raises(TypeError):
        Usage(prompt_tokens=5)


def test_what_is_billed_beside_tokens_adds_up_too():
    """Calls of tools by tool, iterations one after another, and terms only where they are the same."""
    batch = Terms(batch=True)
    one = Usage(tools=(ToolUse("web_search", 1), ToolUse("file_search", 2)), terms=batch)
    both = one + Usage(input_tokens=3, iterations=(Iteration("m", Usage(input_tokens=3)),), terms=batch)
    assert (both.web_searches, both.file_searches, both.code_sessions) == (1, 2, 0)
    assert [each.model for each in both.iterations] == ["m"]
    assert both.batch
    assert not (both + Usage()).batch
    assert [each.model for each in (both + Usage(output_tokens=1)).iterations] == ["m", None]


def test_a_plain_usage_has_nothing_but_tokens():
    """Whatever else it has moves its price."""
    assert Usage(input_tokens=5, cache_read_tokens=3).is_plain
    for more in (
        {"tools": (ToolUse("web_search", 1),)},
        {"iterations": (Iteration(None, Usage()),)},
        {"terms": Terms(reported_cost=Decimal(1))},
    ):
        assert not Usage(**more).is_plain


@pytest.mark.parametrize(
    "wrong",
    [
        {"tools": [ToolUse("a", 1)]},
        {"tools": (("a", -1),)},
        {"tools": (ToolUse("a", -1),)},
        {"iterations": (1,)},
        {"terms": {}},
    ],
)
def test_what_is_no_such_thing_is_refused(wrong):
    """Tools, iterations and terms have their own types."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Usage(**wrong)
