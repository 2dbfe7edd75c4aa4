"""Each method of each model class answers as that of transformers 4.34.0, asked side by side."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import transformers

import camembert_dual
import model_methods

transformers.logging.set_verbosity_error()
# What 4.34.0 leaves out of TensorFlow's outputs, and is there here as in PyTorch.
LEFT_OUT = {
    "ForMultipleChoice, states": "hidden states and attentions",
    "ForMultipleChoice, tuple": "hidden states and attentions",
    "Model crossed, tuple": "the cache, which its output object has",
    "ForCausalLM crossed, tuple": "the cache, which its output object has",
}
ROOT = Path(__file__).parents[2]
SCRIPT = Path(model_methods.__file__)


@functools.cache
def tensorflow(ours: bool):
    """The TensorFlow answers: ours by the project's own Python, which has Keras 3."""
    python = ROOT / ".venv" / "bin" / "python" if ours else sys.executable
    module = "camembert_dual" if ours else "transformers"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, "-W", "ignore", SCRIPT, module]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@functools.cache
def pytorch(ours: bool):
    module = camembert_dual if ours else transformers
    answers = model_methods.of_pytorch(module), model_methods.torch_orders(module)
    return json.loads(json.dumps(answers))


@pytest.mark.parametrize("head", model_methods.HEADS)
def test_each_method_of_a_pytorch_class_answers_as_theirs(head):
    ours, theirs = (pytorch(one)[0][f"Camembert{head}"] for one in (True, False))
    assert ours == theirs


@pytest.mark.parametrize("head", model_methods.HEADS)
def test_each_method_of_a_tensorflow_class_answers_as_theirs(head):
    ours, theirs = (tensorflow(one)["answers"][f"TFCamembert{head}"] for one in (True, False))
    assert ours == theirs


def test_the_outputs_of_pytorch_are_in_their_order():
    assert pytorch(True)[1] == pytorch(False)[1]


def test_the_outputs_of_tensorflow_are_in_their_order():
    ours, theirs = (tensorflow(one)["orders"] for one in (True, False))
    assert {name for name in ours if ours[name] != theirs[name]} == set(LEFT_OUT)
    for name in LEFT_OUT:
        assert [one for one in ours[name] if one in theirs[name]] == theirs[name]
