"""From a call to a claim: which limits have a say, what the call may cost at most, what may be granted.

Pure: no I/O, no vendor, no clock of its own.

- `calls`       what is known of a call, and the claim that is made of it
- `rules`       what a budget says of the calls that it admits
- `spans`       windows' current bounds
- `saying`      which limits have a say in a call, whose they are, and where they are counted
- `bounding`    what a call may bring and cost at most
- `planner`     puts it together for one budget, and remembers what recurs
"""

from llm_token_budget.claims.calls import Call, Plan
from llm_token_budget.claims.planner import Planner
from llm_token_budget.claims.rules import MissingUserPolicy, Rules, UnknownModelPolicy
from llm_token_budget.claims.saying import ANONYMOUS

__all__ = ["ANONYMOUS", "Call", "MissingUserPolicy", "Plan", "Planner", "Rules", "UnknownModelPolicy"]
