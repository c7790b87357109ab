"""Usage: counts by kind of token, refused if they can't be counts."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, fields

import pytest

from llm_token_budget import ConfigurationError, Usage

KINDS = [field.name for field in fields(Usage)]


def test_the_kinds_of_tokens_that_providers_bill_are_there():
    """Cache reads, writes by lifetime, reasoning and audio are told apart."""
    assert KINDS == [
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "cache_write_12h_tokens",
        "audio_input_tokens",
        "reasoning_tokens",
        "audio_output_tokens",
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
