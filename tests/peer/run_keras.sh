#!/usr/bin/env bash
# Hand the Keras models to tools of its ecosystem, each at its newest release, in a virtual
# environment of their own. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."

FOLDER=.venv-peer-keras
# Keras needs scipy for OpenVINO and KerasTuner tensorboard; neither says so to pip
TOOLS=(tensorflow-cpu "keras>=3.13" h5py "optree>=0.14" keras-tuner tf2onnx onnx onnxruntime
    openvino scipy tensorboard pydot)
BASE=(pytest pytest-timeout sentencepiece protobuf safetensors ml_dtypes tqdm rich tokenizers)
STAMP="$FOLDER/.installed-$(echo "${TOOLS[*]} ${BASE[*]}" | cksum | cut -d ' ' -f 1)"

if [ ! -e "$STAMP" ]; then
    [ -x "$FOLDER/bin/python" ] || "${PYTHON:-python3}" -m venv "$FOLDER"
    "$FOLDER/bin/python" -m pip install --quiet "${TOOLS[@]}" "${BASE[@]}"
    "$FOLDER/bin/python" -m pip install --quiet --no-deps -e .
    touch "$STAMP"
fi

# the tools' own warnings are not our errors
"$FOLDER/bin/python" -m pytest tests/peer/keras -W default "$@"
