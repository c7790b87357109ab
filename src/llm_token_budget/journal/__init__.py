"""The journal: a line for each call that ended, kept beside the amounts, for questions that sums can't answer.

- `Journal`        what a budget writes to, and what is asked: `entries`, `totals`, `prune`
- `JournalEntry`   one line as people read it
- `JournalTotal`   what a user, a model, a day ... came to
- `row`, `coding`  a line as it is kept: of plain values, as JSON
- `store`, `memory`, `lines`, `sqlite`, `redis`, `postgres`   where lines are kept
- `exporting`      as CSV and JSON lines
"""

from llm_token_budget.journal.entry import JournalEntry
from llm_token_budget.journal.journal import Journal
from llm_token_budget.journal.opening import find_journal, read_journal
from llm_token_budget.journal.totals import JournalTotal

__all__ = ["Journal", "JournalEntry", "JournalTotal", "find_journal", "read_journal"]
