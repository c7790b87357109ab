"""A budget that runs, in the hands of those who run it: limits, resets, modes, prices, who is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from llm_token_budget.claims import ANONYMOUS
from llm_token_budget.context import current
from llm_token_budget.errors import ConfigurationError, shown
from llm_token_budget.events import Blocked, Clamped, Overrun, Reserved, Settled
from llm_token_budget.limits import Amount, Limit, check_key
from llm_token_budget.manager.opening import named_hooks, open_hooks
from llm_token_budget.manager.workings import Workings
from llm_token_budget.modes import Mode, Switched, read_mode
from llm_token_budget.options import UnmeteredUse


class Administration(Workings):
    """What can be changed while calls are made, and what should be looked at before and after them."""

    def set_limit(self, name: str, key: str | tuple[str, ...] | None, amount: Amount | None) -> None:
        """Change a limit while running; it takes effect on the next call, wherever the ledger is shared.

        Args:
            name: the limit's name: the option's (`"per_user_cost_limit"`), or `Limit.name`.
            key: whose: a user, an org, a tuple for a scope of several (a session: user and id); None: everyone's.
            amount: tokens, USD or requests; 0: blocked; None: unlimited.

        Raises:
            ConfigurationError: no such limit, or a bad key or amount.
        """
        limit = self._limit(name)
        self._ledger.set_limit(name, _limit_key(limit, key), limit.read_amount(amount))

    async def aset_limit(self, name: str, key: str | tuple[str, ...] | None, amount: Amount | None) -> None:
        """`set_limit` for tasks."""
        await self._ledger.acall(self.set_limit, name, key, amount)

    def clear_limit(self, name: str, key: str | tuple[str, ...] | None) -> None:
        """Undo `set_limit`: the limit's own amount holds again."""
        self._ledger.clear_limit(name, _limit_key(self._limit(name), key))

    async def aclear_limit(self, name: str, key: str | tuple[str, ...] | None) -> None:
        """`clear_limit` for tasks."""
        await self._ledger.acall(self.clear_limit, name, key)

    def reset(self, user_key: str | None = None, session_id: str | None = None) -> None:
        """Zero what was spent: everything, all of a user's, or one session's. What is reserved stays, and settles anew.

        Args:
            user_key: whose.
            session_id: the session; without `user_key`, that of the current session's user, or of nobody.
        """
        if user_key is not None:
            check_key(user_key, "user_key")
        if session_id is not None:
            check_key(session_id, "session_id")
            user_key = user_key or current(self).user_key or ANONYMOUS
        self._ledger.reset(user=user_key, session=session_id)

    async def areset(self, user_key: str | None = None, session_id: str | None = None) -> None:
        """`reset` for tasks."""
        await self._ledger.acall(self.reset, user_key, session_id)

    @property
    def mode(self) -> Mode:
        """What holds in this process now: "enforce", "observe" (nothing is refused) or "block" (everything is)."""
        return self._admissions.switch.mode

    def set_mode(self, mode: Mode | None, *, by: str | None = None) -> None:
        """Stop everything (`"block"`), stop enforcing (`"observe"`) or go back (`"enforce"`), for all processes of the ledger.

        Without a deploy: each process notices within a second, in the course of a call. Refusals then have the reason
        `stopped_by_mode`; calls in flight go on. What is spent is counted in every mode.

        Args:
            mode: None: back to what each process was started with (LLM_TOKEN_BUDGET_MODE, or "enforce").
            by: who switches, for `mode_history`; the user of this process where left out.

        Raises:
            ConfigurationError: no such mode.
        """
        self._admissions.switch.switch(None if mode is None else read_mode(mode, "mode"), by)

    async def aset_mode(self, mode: Mode | None, *, by: str | None = None) -> None:
        """`set_mode` for tasks."""
        await self._ledger.acall(self.set_mode, mode, by=by)

    def mode_history(self) -> list[Switched]:
        """Who switched the mode, and when; the latest first."""
        return self._admissions.switch.history()

    async def amode_history(self) -> list[Switched]:
        """`mode_history` for tasks."""
        return await self._ledger.acall(self.mode_history)

    def subscribe(
        self,
        *,
        on_reserve: Callable[[Reserved], object] | None = None,
        on_settle: Callable[[Settled], object] | None = None,
        on_blocked: Callable[[Blocked], object] | None = None,
        on_overrun: Callable[[Overrun], object] | None = None,
        on_clamp: Callable[[Clamped], object] | None = None,
    ) -> Callable[[], None]:
        """Tell further hooks, beside those of the options, of what happens from now on.

        Returns:
            A function that ends it.

        Raises:
            ConfigurationError: one can't be called, or would have to be awaited.
        """
        wanted = named_hooks(on_reserve, on_settle, on_blocked, on_overrun, on_clamp)
        if self._hooks is None:
            self._hooks = self._admissions.hooks = open_hooks({}, self._ledger)
        self._hooks.add(wanted)
        return partial(self._hooks.remove, wanted)

    def unmetered_calls(self) -> list[UnmeteredUse]:
        """What wrapped clients of this process called without its bill being measured, by endpoint, the latest first.

        It passed because of `unmetered="allow"`, or because no limit applied that could refuse it; no account has it. Of
        more than 1,000 endpoints the longest unused are forgotten. Calls with a fixed charge are in the account instead.
        """
        return self.unmetered.noted()

    async def aunmetered_calls(self) -> list[UnmeteredUse]:
        """`unmetered_calls` for tasks."""
        return self.unmetered_calls()

    def require_prices(self, *models: str, provider: str | None = None) -> None:
        """Make sure, when the application starts, that models have a price, rather than at night when they are called.

        Args:
            models: as calls will name them; aliases and `provider:model` too.
            provider: whose models they are, where the names alone don't say.

        Raises:
            UnknownModelPrice: one of them has none.
        """
        self.prices.require(models, provider)

    def warm_up(self) -> None:
        """Load the price book now (about 0.25 s) instead of at the first call."""
        self.prices.warm_up()

    def _limit(self, name: str) -> Limit:
        for limit in self.limits:
            if limit.name == name:
                return limit
        known = ", ".join(repr(limit.name) for limit in self.limits) or "none"
        raise ConfigurationError(f"no limit is called {shown(str(name))}; the limits of this budget: {known}")


def _limit_key(limit: Limit, key: Any) -> tuple[str, ...] | None:
    if key is None:
        return None
    parts = cast("tuple[Any, ...]", key if isinstance(key, tuple) else (key,))
    names = limit.key_names
    if len(parts) != len(names):
        raise ConfigurationError(
            f"limit {shown(limit.name)} has a key of {len(names)} ({', '.join(names) or 'nothing: use None'}), not {key!r:.80}"
        )
    return tuple(check_key(part, name) for name, part in zip(names, parts, strict=True))
