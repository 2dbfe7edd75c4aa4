#!/usr/bin/env bash
# Hand the PyTorch models to the tools of its ecosystem, each at its newest release, in a virtual
# environment of their own. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."

FOLDER=.venv-peer-torch
# pinned, so that no tool brings another PyTorch, which would bring CUDA
PINNED=(torch==2.13.0)
# 2 of the last asks for a spaCy that is not released
TOOLS=("transformers>=5" accelerate peft sentence-transformers lightning captum torchao datasets
    onnx onnxruntime onnxscript mypy pyright spacy "spacy-curated-transformers<1")
BASE=(pytest pytest-timeout sentencepiece protobuf safetensors ml_dtypes tqdm)
STAMP="$FOLDER/.installed-$(echo "${PINNED[*]} ${TOOLS[*]} ${BASE[*]}" | cksum | cut -d ' ' -f 1)"

if [ ! -e "$STAMP" ]; then
    [ -x "$FOLDER/bin/python" ] || "${PYTHON:-python3}" -m venv "$FOLDER"
    "$FOLDER/bin/python" -m pip install --quiet "${PINNED[@]}" "${TOOLS[@]}" "${BASE[@]}"
    "$FOLDER/bin/python" -m pip install --quiet --no-deps -e .
    touch "$STAMP"
fi

# the tools' own warnings are not our errors
"$FOLDER/bin/python" -m pytest tests/peer/torch -W default "$@"
