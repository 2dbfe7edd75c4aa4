"""SavedModels: other programs load them without the package and get the model's own answers."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import cases
import reference
import tree_tf as tree
from camembert_dual import CamembertTokenizer
from camembert_dual.tf import export_saved_model, write_warm_up
from camembert_dual.tf.export.answers import text_signature

# the first test waits for all models to be exported
pytestmark = pytest.mark.timeout(900)
PUBLISHED = cases.CAUSAL  # is exported with the endpoints of transformers 4
SHAPES = ((1, 1), (3, 7), (2, 17))  # the last is the longest text
TEXTS = ["Le petit chat boit du lait.", "Il ouvrit la porte et entra."]
STRINGS = {
    cases.MASKED: {"text": ["Le petit <mask> boit.", "Il <mask> la porte et entra."]},
    cases.CHOICE: {"prompt": TEXTS, "choices": [["Il dort.", "Il boit du lait."]] * 2},
    cases.QUESTION: {"question": ["Qui boit ?"] * 2, "context": TEXTS},
}
ELSEWHERE = """
import json, sys
import tensorflow_text
import without_package
for folder in json.loads(sys.argv[1]):
    without_package.main(f"{folder}/saved", f"{folder}/calls.npz", f"{folder}/answers.npz")
"""


def ids_and_mask(task: str, rows: int, length: int):
    """Padded ids, with a mask that also hides a token."""
    config, random = cases.config(), cases.generator(task, rows, length)
    shape = (rows, cases.C, length) if task == cases.CHOICE else (rows, length)
    ids = cases.ids(config, random, 1, int(np.prod(shape))).reshape(shape)
    ids[-1, ..., length - length // 3 :] = config.pad_token_id
    mask = (ids != config.pad_token_id).astype(int)
    mask[..., length // 2 :][..., 1:2] = 0
    return ids, mask


def calls_and_answers(task: str, model):
    """Calls of every signature by ``signature-length/input``, and the model's own answers."""
    calls, expected = {}, {}
    plain = "int32" if task == PUBLISHED else "serving_default"
    for rows, length in SHAPES:
        ids, mask = ids_and_mask(task, rows, length)
        for seen, names in (
            ((ids != 1).astype(int), (plain, "int64")),
            (mask, ("masked", "int64_masked", "serve-int32", "serve-int64")),
        ):
            output = model(
                input_ids=ids, attention_mask=seen, output_hidden_states=task == cases.TOKEN
            )
            answers = {
                name.replace(".", "_"): value
                for name, value in cases.stages(output, tree.as_array).items()
                if not name.startswith("past_")
            }
            for call in (f"{name}-{length}" for name in names):
                dtype = "int64" if "int64" in call else "int32"
                calls[f"{call}/input_ids"] = ids.astype(dtype)
                if seen is mask:
                    calls[f"{call}/attention_mask"] = mask.astype(dtype)
                expected |= {f"{call}/{name}": value for name, value in answers.items()}
    if task == PUBLISHED:
        types = cases.generator("types").integers(0, 2, ids.shape)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        output = model(**given)
        served = {
            "logits": output.logits.numpy(),
            "past_key_values": np.array(output.past_key_values),  # (N, 2, B, H, T, K)
        }
        for name, dtype in (("serving_default", "int32"), ("int64_serving", "int64")):
            calls |= {f"{name}-17/{key}": one.astype(dtype) for key, one in given.items()}
            expected |= {f"{name}-17/{key}": one for key, one in served.items()}
    return calls, expected


def requests_in(folder: Path):
    """The requests to warm up with, as TensorFlow Serving's own messages: signature and inputs."""
    file = folder / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        inputs = {name: tf.make_ndarray(one) for name, one in request.inputs.items()}
        yield request.model_spec.signature_name, inputs


@contextlib.contextmanager
def eagerly():
    """Run functions as they stand, untraced."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


class Exported:
    """Every model, its SavedModel, and the answers of one process without the package."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.models, self.expected = folder, {}, {}
        tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
        for task in cases.TASKS:
            config = cases.config(
                vocab_size=len(tokenizer), num_hidden_layers=1, is_decoder=task == cases.CAUSAL
            )
            model = tree.new(task, config, cases.weights(config, task), "float32")
            calls, expected = calls_and_answers(task, model)
            strings = STRINGS.get(task, {"text": TEXTS})
            given = {name: tf.constant(value) for name, value in strings.items()}
            with eagerly():
                answers = text_signature(model, tokenizer)(**given)
            expected |= {f"text/{name}": value.numpy() for name, value in answers.items()}
            export_saved_model(
                model,
                folder / task / "saved",
                output_hidden_states=task == cases.TOKEN,
                published=task == PUBLISHED,
                tokenizer=tokenizer,
            )
            calls |= {f"text/{name}": np.array(value) for name, value in strings.items()}
            for signature, inputs in requests_in(folder / task / "saved"):
                for name, one in inputs.items():  # NumPy writes no objects unless it pickles
                    calls[f"{signature}-warm/{name}"] = (
                        one.astype(str) if one.dtype == object else one
                    )
            np.savez(folder / task / "calls.npz", **calls)
            self.models[task], self.expected[task] = model, expected
        self.answer([folder / task for task in cases.TASKS])

    @staticmethod
    def answer(folders: list[Path]) -> None:
        """Call SavedModels in one process that cannot import the package."""
        words = [sys.executable, "-c", ELSEWHERE, json.dumps([str(one) for one in folders])]
        helpers = Path(__file__).parents[1] / "support"
        done = subprocess.run(words, cwd=helpers, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    def found(self, task: str):
        """The answers of that process, by call and name."""
        # strings are objects to NumPy
        answers = dict(np.load(self.folder / task / "answers.npz", allow_pickle=True))
        return {call: value for call, value in answers.items() if "-warm/" not in call}

    def warm(self, task: str):
        """The answers to the requests to warm up with, by signature and name."""
        answers = dict(np.load(self.folder / task / "answers.npz", allow_pickle=True))
        return {call: value for call, value in answers.items() if "-warm/" in call}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return Exported(tmp_path_factory.mktemp("exported"))


@pytest.mark.parametrize("task", cases.TASKS)
def test_every_call_elsewhere_equals_eager(task, exported):
    expected, found = dict(exported.expected[task]), exported.found(task)
    for call in [one for one, value in expected.items() if value.dtype == object]:
        np.testing.assert_array_equal(found.pop(call), expected.pop(call))
    assert reference.first_difference(expected, found, 1e-5) is None


@pytest.mark.parametrize("task", cases.TASKS)
def test_every_endpoint_is_warmed_up_with_a_request_that_it_answers(task, exported):
    found = exported.warm(task)
    others = {"int32", "int64_serving"} if task == PUBLISHED else set()
    endpoints = {"serving_default", "masked", "int64", "int64_masked", "text", *others}
    assert {call.split("-warm/")[0] for call in found} == endpoints
    numbers = [value for value in found.values() if value.dtype != object]
    assert all(np.isfinite(value).all() and value.shape[0] in (1, 2) for value in numbers)


def test_requests_of_the_user_take_the_place_of_ours(tmp_path):
    asked = [("text", {"text": np.array(["Il dort.", "Où ?"])}), ("int64", {"input_ids": [[5, 6]]})]
    write_warm_up(tmp_path, [("serving_default", {})])
    write_warm_up(tmp_path, asked)
    (first, texts), (second, ids) = requests_in(tmp_path)
    assert (first, second) == ("text", "int64")
    assert [one.decode() for one in texts["text"]] == ["Il dort.", "Où ?"]
    np.testing.assert_array_equal(ids["input_ids"], [[5, 6]])


def test_hidden_states_are_answered_only_when_asked_for(exported):
    names = {task: {call.split("/")[1] for call in exported.found(task)} for task in cases.TASKS}
    assert {"hidden_states_0", "hidden_states_1", "logits"} < names[cases.TOKEN]
    assert names[cases.BARE] == {"last_hidden_state", "pooler_output", "vectors"}
    assert names[cases.QUESTION] == {"start_logits", "end_logits", "answer", "score"}
    assert names[cases.CAUSAL] == {"logits", "past_key_values", "tokens", "scores"}


@pytest.fixture(scope="module")
def fixed(exported, tmp_path_factory):
    """A SavedModel of one shape with an endpoint of the user."""
    model = exported.models[cases.SEQUENCE]

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, "input_ids")])
    def best(input_ids):
        return {"best": tf.argmax(model(input_ids).logits, axis=-1)}

    folder = tmp_path_factory.mktemp("fixed")
    export_saved_model(model, folder, batch_size=3, length=7, signatures={"best": best})
    return folder


def test_fixed_shapes_and_endpoints_of_the_user(exported, fixed):
    ids, _ = ids_and_mask(cases.SEQUENCE, 3, 7)
    loaded = tf.saved_model.load(fixed)
    signature = loaded.signatures["serving_default"]
    assert signature.structured_input_signature[1]["input_ids"].shape == (3, 7)
    assert signature.structured_outputs["logits"].shape == (3, 5)
    best = loaded.signatures["best"](input_ids=tf.constant(ids, tf.int32))["best"]
    expected = exported.models[cases.SEQUENCE](ids).logits
    assert np.array_equal(best, np.argmax(expected, axis=-1))


def test_a_name_that_is_taken_is_refused(exported, tmp_path):
    with pytest.raises(ValueError, match=r"must be none of serving_default.*; received masked"):
        export_saved_model(exported.models[cases.TOKEN], tmp_path, signatures={"masked": None})


def test_a_saved_model_is_a_layer_again(exported):
    folder = exported.folder / cases.SEQUENCE / "saved"
    ids, _ = ids_and_mask(cases.SEQUENCE, 3, 7)
    layer = keras.layers.TFSMLayer(str(folder), call_endpoint="serving_default")
    inputs = keras.Input((None,), dtype="int32")
    around = keras.Model(inputs, layer(inputs)["logits"])
    expected = exported.expected[cases.SEQUENCE]["serving_default-7/logits"]
    np.testing.assert_allclose(around(ids.astype("int32")), expected, rtol=0, atol=1e-5)


def test_the_command_line_of_tensorflow_answers(exported, fixed, tmp_path):
    """``saved_model_cli`` runs the graph in the C++ session, as TensorFlow Serving does."""
    words = [str(Path(sys.executable).parent / "saved_model_cli"), "run", "--overwrite"]
    words += ["--dir", str(fixed), "--tag_set", "serve"]
    words += ["--signature_def", "int64", "--outdir", str(tmp_path)]
    words += ["--inputs", f"input_ids={tmp_path / 'ids.npy'}"]
    np.save(tmp_path / "ids.npy", ids_and_mask(cases.SEQUENCE, 3, 7)[0])
    subprocess.run(words, check=True, capture_output=True)
    expected = exported.expected[cases.SEQUENCE]["int64-7/logits"]
    np.testing.assert_allclose(np.load(tmp_path / "logits.npy"), expected, rtol=0, atol=1e-5)
