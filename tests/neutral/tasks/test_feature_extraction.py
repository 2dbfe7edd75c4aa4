"""Pooling by hand-made numbers, and the files that say how a folder pools."""

import json

import numpy as np
import pytest

from camembert_dual.pipelines import embedding_settings
from camembert_dual.tasks.feature_extraction import normalised, pool

STATES = np.array(
    [[[1.0, -4.0], [3.0, -2.0], [100.0, 100.0]], [[50.0, 7.0], [2.0, 5.0], [4.0, 9.0]]]
)
MASK = [[1, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean", [[2.0, -3.0], [3.0, 7.0]]),
        ("cls", [[1.0, -4.0], [2.0, 5.0]]),
        ("max", [[3.0, -2.0], [4.0, 9.0]]),
    ],
)
def test_padding_takes_no_part(pooling, expected):
    found = pool(STATES, MASK, pooling)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_another_pooling_is_refused():
    with pytest.raises(ValueError, match=r"pooling must be one of mean, cls, max; received 'sum'"):
        pool(STATES, MASK, "sum")


def test_a_vector_gets_the_length_1_and_one_of_zeros_stays():
    vectors = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(normalised(vectors), [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)


def write(folder, kinds, pooling, lengths=None):
    rows = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.{kind}"}
        for index, (kind, path) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(rows))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    if lengths:
        (folder / "sentence_bert_config.json").write_text(json.dumps(lengths))


MODULES = {"models.Transformer": "", "models.Pooling": "1_Pooling"}
OLD = {"word_embedding_dimension": 3, "pooling_mode_cls_token": True}
OLD |= {"pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": False}


def test_old_and_new_files_say_the_same(tmp_path):
    normalize = {**MODULES, "models.Normalize": "2_Normalize"}
    write(tmp_path, normalize, OLD, {"max_seq_length": 128, "do_lower_case": False})
    assert embedding_settings(tmp_path) == ("cls", True, 128)
    write(tmp_path, MODULES, {"embedding_dimension": 3, "pooling_mode": "max"}, {"task": "x"})
    assert embedding_settings(tmp_path) == ("max", False, None)


@pytest.mark.parametrize(
    ("kinds", "pooling", "message"),
    [
        ({**MODULES, "models.Dense": "2"}, OLD, "modules must be among Transformer, Pooling"),
        ({"models.Transformer": ""}, OLD, "modules must be among Transformer, Pooling"),
        (MODULES, {"pooling_mode": "lasttoken"}, "pooling must be one of mean, cls, max; received"),
        (MODULES, {**OLD, "pooling_mode_max_tokens": True}, "pooling must be one of mean, cls"),
    ],
)
def test_a_folder_that_makes_vectors_otherwise_is_refused(kinds, pooling, message, tmp_path):
    write(tmp_path, kinds, pooling)
    with pytest.raises(ValueError, match=message):
        embedding_settings(tmp_path)


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"type": 3, "path": ""}]', "[{}]", "no"])
def test_a_list_of_modules_that_is_none_is_refused_in_one_line(text, tmp_path):
    (tmp_path / "modules.json").write_text(text)
    with pytest.raises(ValueError, match=r"modules\.json: .* must .*; received .*\.$"):
        embedding_settings(tmp_path)


def test_a_folder_of_no_sentence_transformer_has_no_settings(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must hold modules\.json"):
        embedding_settings(tmp_path)
