#!/usr/bin/env bash
# Run transformers 4.34's own common tests on our classes: tests/peer/suites/run.sh [SUITE] [pytest's options]
# SUITE is torch, tensorflow, tokenizers or datasets; all without it. Each is a process of its own, as each
# hides the other framework from the published code. TRANSFORMERS_TESTS, a checkout of its repository at
# v4.34.0, adds the suites repository_torch and repository_tensorflow: see repository.py.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source tests/peer/environment.sh

# pytest: its testing_utils needs one before 8; pyarrow: what numpy before 2 needs
environment suites python3.11 \
    transformers==4.34.0 torch==2.13.0 tensorflow-cpu==2.21.0 "keras==3.15.*" optree "numpy<2" \
    "pytest<8" "pyarrow<20" datasets parameterized accelerate==0.23.0
python=.venv-peer-suites/bin/python
export PEER_SUITES_SOURCE="$PWD/.venv-peer-suites/suites" TF_CPP_MIN_LOG_LEVEL=3
"$python" tests/peer/suites/published.py "$PEER_SUITES_SOURCE"

suites=(torch tensorflow tokenizers datasets)
[ -z "${TRANSFORMERS_TESTS:-}" ] || suites+=(repository_torch repository_tensorflow)
case "${1:-}" in torch | tensorflow | tokenizers | datasets | repository_torch | repository_tensorflow)
    suites=("$1")
    shift
    ;;
esac
status=0
for suite in "${suites[@]}"; do
    echo "== $suite"
    "$python" -m pytest "tests/peer/suites/test_$suite.py" -W default -q --tb=line "$@" || status=1
done
exit $status
