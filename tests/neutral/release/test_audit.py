"""What is said of a report of pip-audit: a flaw fails, silence is no clean bill."""

import json

import pytest

from audit import verdict


def report(*packages: dict) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


CLEAN = {"name": "numpy", "version": "2.4.6", "vulns": []}
FLAWED = {"name": "tqdm", "version": "4.66.0", "vulns": [{"id": "CVE-2024-34062"}]}
UNKNOWN = {"name": "torch", "skip_reason": "Dependency not found"}
OWN = {"name": "camembert-dual", "version": "0.1.0", "vulns": []}


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (report(CLEAN, FLAWED, OWN), 1, "tqdm 4.66.0: CVE-2024-34062"),
        (report(CLEAN, UNKNOWN, OWN), 0, "in 1 of 2 packages"),
        (report(UNKNOWN, OWN), 0, "Not audited"),
        ("", 0, "Not audited"),
    ],
)
def test_a_flaw_fails_and_silence_is_told(text, status, said):
    answer = verdict(text)
    assert answer[0] == status
    assert said in answer[1]
