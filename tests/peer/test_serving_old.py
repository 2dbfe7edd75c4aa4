"""A SavedModel of save_pretrained answers what 4.34's did, in the TensorFlow of then."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import transformers

import cases

PYTHON = Path(__file__).parents[2] / ".venv" / "bin" / "python"
EXPORT = """
import sys
from pathlib import Path
import camembert_dual
for folder in Path(sys.argv[1]).iterdir():
    model = getattr(camembert_dual, "TF" + folder.name).from_pretrained(folder)
    model.save_pretrained(folder / "ours", saved_model=True)
"""
INTERNALS = {"output_hidden_states": True, "output_attentions": True}
OPTIONS = {
    cases.CAUSAL: {"is_decoder": True, **INTERNALS},
    cases.SEQUENCE: INTERNALS,
    cases.QUESTION: {"num_labels": 2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For each head the SavedModel of 4.34, and ours of the same weights."""
    folder = tmp_path_factory.mktemp("served")
    for task in cases.TASKS:
        config = transformers.CamembertConfig(
            vocab_size=101,
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=35,
            max_position_embeddings=19,
            type_vocab_size=2,
            **({"num_labels": 5} | OPTIONS.get(task, {})),
        )
        model = getattr(transformers, f"TF{task}")(config)
        model(model.dummy_inputs)
        model.save_pretrained(folder / task, saved_model=True)
    words = [str(PYTHON), "-W", "ignore", "-c", EXPORT, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def endpoint(folder, name):
    """What an endpoint takes and answers, and the answers to one request."""
    loaded = tf.saved_model.load(str(folder / "saved_model" / "1"))
    function = loaded.signatures[name]
    _, given = function.structured_input_signature
    specs = [
        {name: (one.dtype, one.shape.as_list()) for name, one in fields.items()}
        for fields in (given, function.structured_outputs)
    ]
    rank = len(given["input_ids"].shape)
    random = cases.generator("served", rank)
    shape = (2, 4, 7)[3 - rank :] if rank == 3 else (2, 7)
    ids = random.integers(6, 101, shape)
    ids[-1, ..., 5:] = 1
    request = {
        "input_ids": ids,
        "attention_mask": (ids != 1).astype(int),
        "token_type_ids": random.integers(0, 2, shape),
    }
    answers = function(**{n: tf.constant(one, given[n].dtype) for n, one in request.items()})
    return specs, {name: value.numpy() for name, value in answers.items()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["serving_default", "int64_serving"])
@pytest.mark.parametrize("task", cases.TASKS)
def test_a_running_client_gets_the_same_answers(task, name, folder):
    (theirs, answers), (ours, found) = (
        endpoint(one, name) for one in (folder / task, folder / task / "ours")
    )
    assert ours == theirs
    for name, expected in answers.items():
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=2e-5, err_msg=name)
