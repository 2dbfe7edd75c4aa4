#!/usr/bin/env bash
# Hand the PyTorch models to the tools of its ecosystem, each at its newest release, in a virtual
# environment of their own; optimum has another, as it asks for an older transformers. Arguments go
# to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."

source tests/peer/environment.sh

# PyTorch is pinned, so that no tool brings another one, which would bring CUDA
# 2 of the last asks for a spaCy that is not released
environment torch "${PYTHON:-python3}" torch==2.13.0 \
    "transformers>=5" accelerate peft sentence-transformers lightning captum torchao datasets \
    onnx onnxruntime onnxscript mypy pyright spacy "spacy-curated-transformers<1"
environment optimum "${PYTHON:-python3}" torch==2.13.0 "optimum-onnx[onnxruntime]" onnx onnxscript

# the tools' own warnings are not our errors
status=0
for tools in torch optimum; do
    ".venv-peer-$tools/bin/python" -m pytest "tests/peer/$tools" -W default "$@" || status=1
done
exit $status
