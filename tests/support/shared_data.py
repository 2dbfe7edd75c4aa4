"""The French text and files that lie beside the checkout where the project is developed."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"


def shared(path: str) -> Path:
    """A file or folder of ``../shared``; a test that lacks it is skipped, but never in CI."""
    found = SHARED / path
    if not found.exists() and not os.environ.get("CI"):
        pytest.skip(f"../shared/{path} is absent")
    return found
