"""What was found, form by form."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["metered", "held", "NOT guarded", "failed", "absent"]
"""How a budget stands to one form of call.

- `metered`: refused before anything was sent under a limit of 0; without limits, the account was the provider's bill
- `held`: refused likewise, but its bill can only be estimated, or not even that
- `NOT guarded`: something was sent under a limit of 0, or the account was not the bill
- `failed`: it raised another error, so nobody knows
- `absent`: the installed SDK doesn't have it
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One form of call, and how a budget stands to it."""

    form: str
    """As a user would write it."""
    verdict: Verdict
    detail: str
    """The tokens of the call, or why the verdict is what it is."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `doctor` found. Its `str` is the table that was printed."""

    client: str
    """Which client of which SDK, and its version."""
    rows: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether every form that the SDK has is metered or held."""
        verdicts = {row.verdict for row in self.rows}
        return "metered" in verdicts and verdicts <= {"metered", "held", "absent"}

    def __str__(self) -> str:
        width = max((len(row.form) for row in self.rows), default=0)
        lines = [f"  {row.form:<{width}}  {row.verdict:<11}  {row.detail}".rstrip() for row in self.rows]
        counts = Counter(row.verdict for row in self.rows)
        summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return "\n".join([self.client, *lines, f"{'ok' if self.ok else 'NOT ok'}: {summary}"])
