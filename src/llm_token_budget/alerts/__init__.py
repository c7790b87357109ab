"""Telling somebody before a limit is reached: once per limit and window, however many processes see it.

- `alert`      what is told
- `watching`   who looks when, and how only one process speaks
- `webhook`    a place to tell it
"""

from llm_token_budget.alerts.alert import Alert
from llm_token_budget.alerts.watching import Alerts, read_alerts
from llm_token_budget.alerts.webhook import Webhook

__all__ = ["Alert", "Alerts", "Webhook", "read_alerts"]
