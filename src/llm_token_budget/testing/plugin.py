"""The pytest fixture `loopback_provider`.

pytest loads this module in every run of everybody who has the package installed, so it imports nothing else
until a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from llm_token_budget.testing.loopback import LoopbackProvider


@pytest.fixture
def loopback_provider() -> Iterator[LoopbackProvider]:
    """A provider on 127.0.0.1 with an empty bill, started for this test and stopped after it."""
    from llm_token_budget.testing.loopback import LoopbackProvider

    with LoopbackProvider() as provider:
        yield provider
