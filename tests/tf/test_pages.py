"""The code of the pages for Keras users runs as it stands."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import camembert_dual
import cases

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning"),
    # Keras' own files write variables in a way that NumPy 2 warns of
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def run(page, **names):
    """The names that a page leaves, which starts with those that it takes for granted."""
    for block in BLOCK.findall((DOCS / page).read_text("utf-8")):
        exec(block, names)
    return names


def test_the_keras_page_runs(monkeypatch, tmp_path):
    ids = np.random.default_rng(1).integers(7, 500, (10, 6))
    monkeypatch.chdir(tmp_path)
    names = run(
        "keras.md",
        keras=keras,
        np=np,
        tf=tf,
        TFCamembertMainLayer=camembert_dual.TFCamembertMainLayer,
        TFCamembertModel=camembert_dual.TFCamembertModel,
        x={"input_ids": ids, "attention_mask": np.ones_like(ids)},
        y=ids % 5,
    )
    assert 0 <= names["history"]["f1"][0] <= 1
    assert names["model"].output_shape == (None, None, 3)
    assert names["smaller"].config.num_hidden_layers == 2


def test_the_serving_page_runs(monkeypatch, tmp_path):
    model = camembert_dual.TFCamembertForSequenceClassification(cases.config(num_hidden_layers=1))
    monkeypatch.chdir(tmp_path)
    run("serving.md", model=model, folder=str(tmp_path / "own"), tf=tf)
    for folder, name in (("models/camembert/1", "masked"), ("own", "best")):
        assert name in tf.saved_model.load(tmp_path / folder).signatures
