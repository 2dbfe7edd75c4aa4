#!/usr/bin/env bash
# Compare with transformers: 4.34.0, the last that documents everything offered here, and the newest.
# Each has a virtual environment of its own; the TensorFlow tree runs in the project's (.venv).
set -euo pipefail
cd "$(dirname "$0")/../.."

source tests/peer/environment.sh

environment old python3.11 \
    transformers==4.34.0 torch==2.13.0 tensorflow-cpu==2.14.1 "numpy<2"
environment new "${PYTHON:-python3}" "transformers>=5" torch==2.13.0

# a file named after one of the two is for that one only; their own warnings are not our errors
status=0
for pair in "old new" "new old"; do
    read -r name other <<<"$pair"
    TF_CPP_MIN_LOG_LEVEL=3 ".venv-peer-$name/bin/python" -m pytest tests/peer -W default \
        --ignore=tests/peer/torch --ignore=tests/peer/optimum --ignore=tests/peer/keras \
        --ignore=tests/peer/suites --ignore-glob="*_$other.py" "$@" || status=1
done
exit $status
