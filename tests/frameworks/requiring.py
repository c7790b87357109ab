"""Frameworks that a test needs: installed for it in the matrix, optional everywhere else."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

import pytest


def framework(module: str) -> Any:
    """The framework's module. Where it is missing its tests are skipped, but in the matrix they fail.

    What a framework warns of while it is imported is not about us.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if os.environ.get("LLM_TOKEN_BUDGET_MATRIX") == "1":
            return importlib.import_module(module)
        return pytest.importorskip(module, reason=f"{module} is tested in an environment of its own: .ci/matrix")
