"""Which of the published tests are expected to fail, and where they and their helpers are found."""

import logging
import os
import sys
import warnings
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = Path(os.environ.get("PEER_SUITES_SOURCE", HERE.parents[2] / ".venv-peer-suites/suites"))
sys.path[:0] = [str(HERE), str(SOURCE)]

import table

# "1": no shim, the reference itself under the same tests
REFERENCE = os.environ.get("PEER_SUITES_REFERENCE") == "1"

THEIRS = "fails for 4.34 itself"
MARKS = ("accelerate_tests", "flash_attn_test", "is_pt_flax_cross_test", "is_pt_tf_cross_test")


def pytest_configure(config):
    for mark in MARKS:
        config.addinivalue_line("markers", f"{mark}: of the published tests")


def pytest_collection_modifyitems(config, items):
    if REFERENCE:
        return
    for file_name in {item.path.name for item in items}:
        expected = table.reasons(file_name)
        for item in items:
            name = f"{item.cls.__name__}::{item.name}" if item.cls else item.name
            if item.path.name == file_name and name in expected:
                reason = expected.pop(name)
                strict = not reason.startswith(THEIRS)  # those may pass with a network
                item.add_marker(pytest.mark.xfail(reason=reason, strict=strict))
        if expected and not any("::" in argument for argument in config.args):
            raise pytest.UsageError(f"{table.TABLE.name} names no test: {', '.join(expected)}")


@pytest.fixture(autouse=True)
def warnings_are_logged(monkeypatch):
    """Say our warnings to the loggers as well, which is where the published code warns."""
    warn = warnings.warn

    def warn_and_log(message, *arguments, **options):
        for name in ("modeling_utils", "modeling_tf_utils", "tokenization_utils_base"):
            logging.getLogger(f"transformers.{name}").warning("%s", message)
        options["stacklevel"] = options.get("stacklevel", 1) + 1
        return warn(message, *arguments, **options)

    monkeypatch.setattr(warnings, "warn", warn_and_log)
