"""Ask whether what is installed has known vulnerabilities: ``python audit.py PIP_AUDIT FOLDER``.

``pip-audit`` says "none found" where nobody answered, and fails where the network is down. Here a
vulnerability fails, and an unanswered question is said and passes: a build must not depend on a
service, and must not claim what nobody looked up.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

OWN = "camembert-dual"


def verdict(report: str) -> tuple[int, str]:
    """The exit status and what to say of a report of pip-audit in JSON; empty if it made none."""
    packages = json.loads(report)["dependencies"] if report.strip() else []
    packages = [one for one in packages if one["name"] != OWN]
    known = [one for one in packages if "skip_reason" not in one]
    unsafe = [
        f"{one['name']} {one['version']}: {', '.join(flaw['id'] for flaw in one['vulns'])}"
        for one in known
        if one["vulns"]
    ]
    if unsafe:
        return 1, "\n".join(["Known vulnerabilities:", *unsafe])
    if not known:
        return 0, "Not audited: no service answered about any package."
    return 0, f"No known vulnerability in {len(known)} of {len(packages)} packages; others unknown."


def main(program: str, folder: str) -> int:
    """Audit the packages of a folder."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "report.json"
        words = ["--path", folder, "--format", "json", "--output", path, "--timeout", "10"]
        command = [program, *words, "--progress-spinner", "off"]
        try:
            subprocess.run(command, capture_output=True, check=False, timeout=180)
        except subprocess.TimeoutExpired:
            path.unlink(missing_ok=True)
        status, said = verdict(path.read_text() if path.exists() else "")
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
