"""``camembert-dual export``: the command writes what the functions write."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import cases
import tree_tf as tree
from camembert_dual import CamembertTokenizer
from camembert_dual.cli import main


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder with a tagger and a tokenizer, and the tagger."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    config = cases.config(vocab_size=len(tokenizer), num_hidden_layers=1)
    model = tree.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN), "float32")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, model


def export(checkpoint, path, *options):
    return main(["export", str(checkpoint[0]), str(path), *options])


def test_a_saved_model_with_all_options(checkpoint, tmp_path, capsys):
    options = ("--hidden-states", "--text", "--published", "--batch-size", "2", "--length", "7")
    assert export(checkpoint, tmp_path, "--to", "savedmodel", *options) == 0
    assert "TFCamembertForTokenClassification" in capsys.readouterr().out
    signatures = tf.saved_model.load(tmp_path).signatures
    published = {"serving_default", "int64_serving"}
    assert set(signatures) == {*published, "int32", "masked", "int64", "int64_masked", "text"}
    _, given = signatures["serving_default"].structured_input_signature
    assert set(given) == {"input_ids", "attention_mask", "token_type_ids"}
    assert {tuple(one.shape) for one in given.values()} == {(2, 7)}
    ids = cases.ids(cases.config(), cases.generator("export"), 2)
    answer = signatures["int64"](input_ids=tf.constant(ids))
    assert answer["hidden_states_1"].shape == (2, 7, 24)
    expected = checkpoint[1](ids).logits
    np.testing.assert_allclose(answer["logits"], expected, rtol=0, atol=1e-5)
    assert signatures["text"](text=tf.constant(["Il dort."]))["labels"].shape[0] == 1


def test_another_task_in_a_litert_file(checkpoint, tmp_path):
    sizes = []
    for name, options in (("full", ()), ("small", ("--int8",))):
        path = tmp_path / f"{name}.tflite"
        words = ("--to", "litert", "--task", "Model", "--batch-size", "3", *options)
        with pytest.warns(UserWarning, match="new, random weights"):
            assert export(checkpoint, path, *words) == 0
        ids = np.full((3, 5), 7, np.int32)
        runner = Interpreter(str(path)).get_signature_runner()
        answer = runner(input_ids=ids, attention_mask=np.ones_like(ids))
        assert answer["last_hidden_state"].shape == (3, 5, 24)
        sizes.append(path.stat().st_size)
    assert sizes[1] < sizes[0]


def test_a_checkpoint_that_does_not_say_its_task_needs_one(checkpoint, tmp_path, capsys):
    checkpoint[1].config.save_pretrained(tmp_path)
    assert main(["export", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "must be exported with --task; received none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--int8"], "--int8"),
        (["--to", "litert", "--length", "7", "--hidden-states"], "--length, --hidden-states"),
    ],
)
def test_an_option_of_the_other_format_is_refused(words, option, checkpoint, tmp_path, capsys):
    assert export(checkpoint, tmp_path / "out", *words) == 2
    assert f"received {option}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_saved_model_stays(checkpoint, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert export(checkpoint, tmp_path) == 2
    assert "a folder with saved_model.pb" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]
