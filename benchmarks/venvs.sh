#!/usr/bin/env bash
# Make the virtual environments of the libraries that `driver.py` measures beside this package.
set -euo pipefail
cd "$(dirname "$0")/.."

source tests/peer/environment.sh

environment old python3.11 \
    transformers==4.34.0 torch==2.13.0 tensorflow-cpu==2.14.1 "numpy<2"
environment new "${PYTHON:-python3}" "transformers>=5" torch==2.13.0
environment sentences "${PYTHON:-python3}" sentence-transformers torch==2.13.0
# the converter of CTranslate2 reads models of transformers below 5
environment bench "${PYTHON:-python3}" ctranslate2 onnxruntime onnx onnxscript torch==2.13.0 "transformers<5"
environment hub "${PYTHON:-python3}" -c constraints.txt tensorflow-cpu keras regex tokenizers
# it asks for the full TensorFlow and for clients of a hub, none of which a model needs
.venv-peer-hub/bin/python -m pip install --quiet --no-deps keras-hub
