"""Who spent what, in a browser or as one page of HTML. Needs the extra `dashboard`.

- `rates`      how fast limits are spent
- `spending`   what the journal adds: models, days, sessions
- `snapshot`   everything that a page shows, as data
- `pages`      from data to HTML
- `server`     the pages, live, on this machine
"""

from llm_token_budget.dashboard.rates import BurnRate, JournalRate
from llm_token_budget.dashboard.snapshot import Snapshot, take_snapshot

__all__ = ["BurnRate", "JournalRate", "Snapshot", "take_snapshot"]
