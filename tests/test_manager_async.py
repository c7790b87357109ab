"""BudgetManager: the verbs for tasks."""

from __future__ import annotations

import inspect
from decimal import Decimal

import pytest

from llm_token_budget import (
    BudgetManager,
    ConfigurationError,
)

MICRO = Decimal("0.000001")


ASYNC_VERBS = [
    "acheck", "arecord", "aget_global_stats", "aget_user_stats", "aget_session_stats", "aget_all_user_stats", "aremaining",
    "aset_limit", "aclear_limit", "arefund", "areset", "aclose",
]  # fmt: skip


@pytest.mark.parametrize("verb", ASYNC_VERBS)
def test_every_verb_has_an_async_twin(verb):
    """With an `a` in front, and the same arguments."""
    assert inspect.iscoroutinefunction(getattr(BudgetManager, verb))
    assert callable(getattr(BudgetManager, verb[1:]))


async def test_async_verbs_do_what_the_others_do(make_budget):
    """Against one budget, inside a session."""
    async with make_budget(per_user_token_limit=100, default_model="small") as budget:
        with budget.session(user_key="ada", session_id="s1"):
            assert await budget.acheck(estimated_input_tokens=100)
            booked = await budget.arecord(input_tokens=60, output_tokens=10)
            assert booked.user_stats.total_tokens == 70
            assert (await budget.aremaining())[0].remaining == 30
        assert (await budget.aget_global_stats()).total_cost == 80 * MICRO
        assert (await budget.aget_user_stats("ada")).requests == 1
        assert (await budget.aget_session_stats("ada", "s1")).total_tokens == 70
        assert [row.user_key for row in await budget.aget_all_user_stats(limit=5)] == ["ada"]
        await budget.aset_limit("per_user_token_limit", "ada", 1_000)
        assert await budget.acheck(estimated_input_tokens=900, user_key="ada")
        await budget.aclear_limit("per_user_token_limit", "ada")
        assert not await budget.acheck(estimated_input_tokens=900, user_key="ada")
        async with budget.reserve(tokens=5, user_key="ada") as reservation:
            await reservation.acharge_unconfirmed()
        assert (await budget.arefund(reservation.id)).tokens == 5
        await budget.areset("ada")
        assert (await budget.aget_user_stats("ada")).total_tokens == 0


async def test_async_verbs_refuse_what_the_others_refuse(make_budget):
    """Bad arguments, and unknown ones."""
    budget = make_budget()
    with pytest.raises(ConfigurationError):
        await budget.acheck(estimated_input_tokens=-1)
    with pytest.raises(TypeError):
        await budget.arecord(tokens=5)
