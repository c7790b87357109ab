"""Charges that no provider confirmed, and giving them back."""

from __future__ import annotations

from llm_token_budget.errors import ConfigurationError, shown_value
from llm_token_budget.ledgers.base import Amounts
from llm_token_budget.limits import check_key
from llm_token_budget.manager.workings import Workings
from llm_token_budget.options import Instant, read_period
from llm_token_budget.statistics import Portion, UnconfirmedCharge, portion_of, unconfirmed_charge_of


class Refunds(Workings):
    """What was charged because nobody knew the outcome: listed, and given back."""

    def unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> list[UnconfirmedCharge]:
        """What was charged without the provider's word and may still be refunded or replaced, oldest first.

        Args:
            since: only what was charged then or later: a datetime with a time zone, or seconds since the epoch.
            until: only what was charged before then.
            user_key: only what this user was charged.

        Raises:
            ConfigurationError: a datetime without a time zone, an `until` before `since`, or a bad key.
        """
        start, end = read_period(since, until)
        if user_key is not None:
            check_key(user_key, "user_key")
        entries = [entry for entry in self._ledger.unconfirmed() if start <= entry.at < end]
        self._catch_up()
        found = map(unconfirmed_charge_of, entries)
        return [charge for charge in found if user_key is None or charge.user_key == user_key]

    async def aunconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> list[UnconfirmedCharge]:
        """`unconfirmed` for tasks."""
        return await self._ledger.acall(self.unconfirmed, since=since, until=until, user_key=user_key)

    def refund(self, reservation_id: str) -> Portion | None:
        """Give back an unconfirmed charge: of a call whose outcome nobody knew, or whose reservation expired.

        Returns:
            What was given back, or None if there is no unconfirmed charge under this id.
        """
        if not isinstance(reservation_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"refund() takes a reservation's id, not {shown_value(reservation_id)}")
        amounts = self._refund(reservation_id)
        return None if amounts is None else portion_of(amounts)

    async def arefund(self, reservation_id: str) -> Portion | None:
        """`refund` for tasks."""
        return await self._ledger.acall(self.refund, reservation_id)

    def refund_unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> Portion:
        """Give back all unconfirmed charges of a time and a user: after an outage of a provider, say.

        Without arguments, all that `unconfirmed` lists. Like `refund`, it also takes them out of the statistics of the
        sessions of this process. A truth that comes later is charged all the same.

        Args:
            since: what was charged then or later: a datetime with a time zone, or seconds since the epoch.
            until: what was charged before then.
            user_key: what this user was charged.

        Returns:
            What was given back, all together.

        Raises:
            ConfigurationError: a datetime without a time zone, an `until` before `since`, or a bad key.
        """
        found = self.unconfirmed(since=since, until=until, user_key=user_key)
        # What was settled or refunded since it was listed is nobody's to give back any more.
        refunded = [amounts for charge in found if (amounts := self._refund(charge.id)) is not None]
        return portion_of(Amounts(*map(sum, zip(*refunded, strict=True))))

    async def arefund_unconfirmed(
        self, *, since: Instant | None = None, until: Instant | None = None, user_key: str | None = None
    ) -> Portion:
        """`refund_unconfirmed` for tasks."""
        return await self._ledger.acall(self.refund_unconfirmed, since=since, until=until, user_key=user_key)

    def _refund(self, reservation_id: str) -> Amounts | None:
        amounts = self._ledger.refund(reservation_id)
        if amounts is not None:
            self._admissions.doubts.take_back(reservation_id)
            if self.journal is not None:
                self.journal.refunded(reservation_id)
        self._catch_up()
        return amounts
