"""One file, two frameworks: what one saves the other loads, bit for bit, both ways."""

import numpy as np
import pytest
from safetensors.numpy import load_file

import cases
import reference
import tree_pt
import tree_tf
from camembert_dual import CamembertConfig

ROUNDS = [
    *((task, "plain") for task in cases.TASKS),
    *((task, "everything") for task in cases.TASKS[:2]),
]
TREES = {"pt": tree_pt, "tf": tree_tf}


def class_of(tree: str, task: str):
    return getattr(TREES[tree].tree, task if tree == "pt" else f"TF{task}")


def made(tree: str, task: str, config: CamembertConfig):
    return TREES[tree].new(task, config, cases.weights(config, task), "float32")


@pytest.mark.parametrize(("writer", "reader"), [("pt", "tf"), ("tf", "pt")])
@pytest.mark.parametrize(("task", "config_name"), ROUNDS)
def test_a_model_goes_over_and_comes_back_bit_for_bit(tmp_path, task, config_name, writer, reader):
    model = made(writer, task, cases.config(config_name))
    original = model.to_arrays()
    model.save_pretrained(tmp_path / "one")
    other = class_of(reader, task).from_pretrained(tmp_path / "one")
    other.save_pretrained(tmp_path / "two")
    back = class_of(writer, task).from_pretrained(tmp_path / "two")
    for found in (other.to_arrays(), back.to_arrays()):
        assert set(found) == set(original)
        assert all(np.array_equal(found[name], original[name]) for name in original)
    assert other.config == back.config


def test_both_write_the_same_files(tmp_path):
    config = cases.config("everything", id2label={0: "non", 1: "oui", 2: "hé"})
    for tree in TREES:
        made(tree, cases.CAUSAL, config).save_pretrained(tmp_path / tree)
    pt, tf = (tmp_path / tree for tree in TREES)
    assert sorted(one.name for one in pt.iterdir()) == sorted(one.name for one in tf.iterdir())
    assert (pt / "config.json").read_bytes() == (tf / "config.json").read_bytes()
    one, two = load_file(pt / "model.safetensors"), load_file(tf / "model.safetensors")
    assert {name: (array.shape, array.dtype) for name, array in one.items()} == {
        name: (array.shape, array.dtype) for name, array in two.items()
    }
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("tree", TREES)
def test_a_file_of_question_answering_says_two_labels_whatever_the_config_says(tmp_path, tree):
    model = made(tree, cases.QUESTION, cases.config(num_labels=5))
    model.save_pretrained(tmp_path)
    assert CamembertConfig.from_pretrained(tmp_path).num_labels == 2
    assert model.config.num_labels == 5


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_loaded_model_answers_the_same_in_both(tmp_path, task):
    case = cases.case("right padding")
    made("pt", task, cases.config()).save_pretrained(tmp_path)
    inputs = cases.inputs(task, case)
    pt, tf = (
        TREES[tree].run(class_of(tree, task).from_pretrained(tmp_path), inputs, "float32")
        for tree in TREES
    )
    assert reference.first_difference(pt, tf, 1e-5) is None


PAIRS = [pair for head in cases.HEADS for pair in ((cases.BARE, head), (head, cases.BARE))]


@pytest.mark.filterwarnings("ignore:.*new, random weights:UserWarning")
@pytest.mark.parametrize(("writer", "reader"), [("pt", "tf"), ("tf", "pt")])
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_encoder_goes_from_the_bare_model_to_a_head_and_back(
    tmp_path, source, target, writer, reader
):
    model = made(writer, source, cases.config())
    model.save_pretrained(tmp_path)
    body = {
        name.removeprefix("roberta."): array
        for name, array in model.to_arrays().items()
        if "embeddings." in name or "encoder." in name
    }
    loaded = class_of(reader, target).from_pretrained(tmp_path).to_arrays()
    found = {name.removeprefix("roberta."): array for name, array in loaded.items()}
    assert len(body) == 5 + 2 * 16
    assert all(np.array_equal(found[name], body[name]) for name in body)


def test_a_head_of_another_shape_is_refused_in_the_same_words(tmp_path):
    made("pt", cases.CHOICE, cases.config()).save_pretrained(tmp_path)
    messages = []
    for tree in TREES:
        with pytest.raises(ValueError, match=r"classifier\.weight \(1, 24\) instead of") as error:
            class_of(tree, cases.TOKEN).from_pretrained(tmp_path)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
