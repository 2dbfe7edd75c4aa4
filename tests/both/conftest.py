"""One text for both trees, run once for each: ``CAMEMBERT_BACKEND`` says for which."""

import os

import pytest

BACKEND = os.environ.get("CAMEMBERT_BACKEND")


def pytest_configure():
    if BACKEND not in ("pt", "tf"):
        raise pytest.UsageError(
            f"CAMEMBERT_BACKEND must be pt or tf for tests/both; received {BACKEND!r}. "
            "`make test-both` runs both."
        )


def pytest_report_header():
    return f"backend: {BACKEND}"
