"""The tokenizer as a layer: the ids of the slow one, in graphs, saved and functional models."""

import io
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf

from camembert_dual.tf.export.tokenizer_layer import TFCamembertTokenizer
from camembert_dual.tokenization import CamembertTokenizer
from shared_data import shared
from tokenization_models import FRAGMENTS, SENTENCES, write_model

chosen = random.Random(3)
ODD = ["".join(chosen.choice(FRAGMENTS) for _ in range(chosen.randint(0, 10))) for _ in range(1500)]
TEXTS = [*SENTENCES, "", " ", *ODD]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return CamembertTokenizer(write_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def layer(tokenizer):
    return TFCamembertTokenizer.from_tokenizer(tokenizer)


def as_good(tokenizer, row, expected):
    """Whether two rows are the same, or the same text at the same probability."""
    if row == expected:
        return True
    scores = [
        sum(tokenizer.sp_model.get_score(i - 4) for i in ids if i > 6) for ids in (row, expected)
    ]
    texts = [tokenizer.decode(ids) for ids in (row, expected)]
    return texts[0] == texts[1] and abs(scores[0] - scores[1]) < 1e-3


def check(tokenizer, out, expected):
    """Compares whole batches."""
    np.testing.assert_array_equal(out["attention_mask"], expected.attention_mask)
    rows, others = out["input_ids"].numpy().tolist(), expected.input_ids.tolist()
    assert all(as_good(tokenizer, a, b) for a, b in zip(rows, others, strict=True))
    return sum(a == b for a, b in zip(rows, others, strict=True)) / len(rows)


def test_ids_are_those_of_the_slow_tokenizer(tokenizer, layer):
    texts = [text for text in TEXTS if not tokenizer.segmenter.added.in_any([text])]
    out = layer(tf.constant(texts))
    assert check(tokenizer, out, tokenizer(texts, padding=True, return_tensors="np")) > 0.97
    assert out["input_ids"].dtype == out["attention_mask"].dtype == tf.int32


def test_real_french_gives_the_very_same_ids():
    text = shared("data/text_eltec_fra/valid.txt").read_text(encoding="utf-8")
    lines = text.splitlines()[:2000]
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=writer,
        vocab_size=2000,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=writer.getvalue())
    out = TFCamembertTokenizer(writer.getvalue(), max_length=4000)(tf.constant(lines))
    for row, mask, text in zip(*(out[n].numpy() for n in out), lines, strict=True):
        expected = [piece + 4 if piece else 3 for piece in pieces.encode(text)]
        assert row[mask > 0].tolist() == [5, *expected, 6]


@pytest.mark.parametrize("length", [8, 15])
def test_pairs_and_truncation_are_those_of_the_slow_tokenizer(tokenizer, length):
    layer = TFCamembertTokenizer.from_tokenizer(tokenizer, max_length=length)
    firsts, seconds = SENTENCES, ["le", *SENTENCES[:-1]]
    options = {"padding": True, "truncation": True, "max_length": length, "return_tensors": "np"}
    for inputs, expected in (
        (tf.constant(firsts), tokenizer(firsts, **options)),
        ((tf.constant(firsts), tf.constant(seconds)), tokenizer(firsts, seconds, **options)),
    ):
        assert check(tokenizer, layer(inputs), expected) > 0.9


def string_model(layer):
    """Strings to the sum of a small embedding."""
    texts = keras.Input(shape=(), dtype="string", name="texts")
    inputs = layer(texts)
    table = keras.layers.Embedding(2000, 3)
    mask = keras.ops.expand_dims(keras.ops.cast(inputs["attention_mask"], "float32"), -1)
    return keras.Model(texts, keras.ops.sum(table(inputs["input_ids"]) * mask, axis=1))


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_model_that_takes_strings_is_saved_and_loaded(tokenizer, layer, tmp_path):
    model = string_model(layer)
    texts = tf.constant(SENTENCES)
    expected = model(texts)
    np.testing.assert_allclose(model.predict(texts, verbose=0), expected, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(texts), expected)


def test_a_saved_model_needs_no_package_of_ours(layer, tmp_path):
    model = string_model(layer)
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec([None], tf.string, name="texts")]
    archive.add_endpoint("serve", model.call, input_signature=signature)
    archive.write_out(str(tmp_path / "exported"), verbose=False)
    program = (
        "import sys\n"
        "sys.modules['camembert_dual'] = None\n"
        "import tensorflow as tf, tensorflow_text\n"
        f"loaded = tf.saved_model.load({str(tmp_path / 'exported')!r})\n"
        f"print(loaded.serve(tf.constant({SENTENCES[:2]!r})).numpy().round(4).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    expected = model(tf.constant(SENTENCES[:2])).numpy().round(4).tolist()
    assert done.stdout.strip() == str(expected), done.stderr


def test_it_works_in_a_dataset_with_static_shapes(tokenizer):
    layer = TFCamembertTokenizer.from_tokenizer(tokenizer, max_length=32, pad_to_max_length=True)
    dataset = tf.data.Dataset.from_tensor_slices(SENTENCES).batch(5).map(layer)
    assert dataset.element_spec["input_ids"].shape.as_list() == [None, 32]
    options = {"padding": "max_length", "truncation": True, "max_length": 32}
    expected = tokenizer(SENTENCES, **options, return_tensors="np").input_ids
    rows = [batch["input_ids"].numpy() for batch in dataset]
    np.testing.assert_array_equal(np.concatenate(rows), expected)


def test_it_loads_from_a_folder_with_its_limit(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    layer = TFCamembertTokenizer.from_pretrained(tmp_path)
    assert layer.max_length == 512
    with pytest.raises(ValueError, match="received 3"):
        TFCamembertTokenizer.from_pretrained(tmp_path, max_length=3)


def test_a_missing_library_is_named(tokenizer, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(ImportError, match=r'pip install "camembert-dual\[tf-text\]"'):
        TFCamembertTokenizer.from_tokenizer(tokenizer)


class Total(keras.Model):
    """The sum of the real ids of a row."""

    def call(self, inputs):
        return keras.ops.sum(inputs["input_ids"] * inputs["attention_mask"], axis=1)


def test_results_of_the_tokenizer_go_straight_into_keras_models(tokenizer):
    model = Total()
    for kind in ("np", "tf"):
        encoding = tokenizer(SENTENCES, padding=True, return_tensors=kind)
        expected = (np.asarray(encoding.input_ids) * np.asarray(encoding.attention_mask)).sum(1)
        np.testing.assert_array_equal(model(encoding), expected)
        np.testing.assert_array_equal(model.predict(encoding, verbose=0), expected)
        assert type(keras.tree.map_structure(np.asarray, encoding)) is type(encoding)
