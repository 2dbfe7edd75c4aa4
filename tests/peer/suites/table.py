"""The published tests that do not pass, each with its reason: ``expected_failures.tsv``."""

from pathlib import Path

TABLE = Path(__file__).with_name("expected_failures.tsv")


def reasons(file_name: str) -> dict[str, str]:
    """Reason by test of a file, the test as ``class::function``."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    start = f"{file_name}::"
    return {test.removeprefix(start): why for test, why in rows if test.startswith(start)}
