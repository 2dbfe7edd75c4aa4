"""Models of another size, and what every model can do: the same in both trees, on disk and back."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import camembert_dual
import cases
from camembert_dual import (
    CamembertForMaskedLM,
    CamembertForSequenceClassification,
    TFCamembertForMaskedLM,
    TFCamembertForSequenceClassification,
)

TREES = {"pt": CamembertForMaskedLM, "tf": TFCamembertForMaskedLM}
IDS = np.array([[5, 9, 33, 7, 60, 2], [5, 71, 8, 2, 1, 1]])
WORDS = "roberta.embeddings.word_embeddings.weight"
DECODER = "lm_head.decoder.weight"


def new_pair(**overrides):
    """One model in both trees with the same random weights, in float64."""
    config = cases.config().replaced(**overrides)
    pt = CamembertForMaskedLM(config.replaced()).double().eval()
    tf_model = TFCamembertForMaskedLM(config.replaced(), dtype="float64")
    random = np.random.default_rng(3)
    arrays = {name: random.normal(size=one.shape) for name, one in pt.to_arrays().items()}
    pt.load_arrays(arrays)
    tf_model.load_arrays(arrays)
    return {"pt": pt, "tf": tf_model}, arrays


def logits_of(model, **inputs):
    logits = model(input_ids=IDS, **inputs).logits
    return logits.detach().numpy() if isinstance(logits, torch.Tensor) else logits.numpy()


def assert_same(one, other):
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


def other_tree(tree):
    return TREES["tf" if tree == "pt" else "pt"]


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("rows", [107, 89])
def test_resizing_keeps_old_rows_bias_and_tie(tree, tied, rows):
    models, before = new_pair(tie_word_embeddings=tied)
    model = models[tree]
    assert model.resize_token_embeddings(rows) is model.get_input_embeddings()
    after, kept = model.to_arrays(), min(rows, 101)
    assert model.config.vocab_size == rows
    for name in (WORDS, *(() if tied else (DECODER,)), "lm_head.bias"):
        assert after[name].shape[0] == rows
        np.testing.assert_array_equal(after[name][:kept], before[name][:kept], err_msg=name)
    assert not after["lm_head.bias"][101:].any()
    tables = [model.get_input_embeddings(), model.get_output_embeddings()]
    words, decoder = (one.weight if tree == "pt" else one.embeddings for one in tables)
    assert (words is decoder) == tied
    assert logits_of(model).shape == (2, 6, rows)


@pytest.mark.parametrize("tree", TREES)
def test_new_rows_are_drawn_small_or_start_at_the_mean(tree):
    models, before = new_pair()
    models[tree].resize_token_embeddings(501)
    drawn = models[tree].to_arrays()[WORDS][101:]
    assert 0.8 < drawn.std() / models[tree].config.initializer_range < 1.2
    models, before = new_pair()
    models[tree].resize_token_embeddings(104, mean_initialised=True)
    added = models[tree].to_arrays()[WORDS][101:]
    assert_same(added, np.tile(before[WORDS].mean(axis=0), (3, 1)))


@pytest.mark.parametrize("tree", TREES)
def test_a_vocabulary_without_its_special_tokens_is_refused(tree):
    models, _ = new_pair()
    with pytest.raises(ValueError, match=r"keep the special tokens.*received 2"):
        models[tree].resize_token_embeddings(2)
    assert models[tree].config.vocab_size == 101


@pytest.mark.parametrize("tree", TREES)
def test_a_resized_model_is_the_same_from_disk_in_the_other_tree(tree, tmp_path):
    models, _ = new_pair(tie_word_embeddings=False)
    models[tree].resize_token_embeddings(107)
    models[tree].save_pretrained(tmp_path)
    loaded = other_tree(tree).from_pretrained(tmp_path, dtype="float64")
    assert loaded.config.vocab_size == 107
    assert_same(logits_of(loaded), logits_of(models[tree]))


@pytest.mark.parametrize("tree", TREES)
def test_pruning_is_what_a_head_mask_of_zeros_is(tree):
    models, _ = new_pair()
    mask = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    masked = logits_of(models[tree], head_mask=mask)
    models[tree].prune_heads({0: [1]})
    models[tree].prune_heads({1: [0, 2], 0: [1]})  # a head that is gone already is passed over
    assert models[tree].config.pruned_heads == {0: [1], 1: [0, 2]}
    assert_same(logits_of(models[tree]), masked)


@pytest.mark.parametrize("tree", TREES)
def test_layers_may_be_counted_from_the_last(tree, tmp_path):
    models, _ = new_pair()
    mask = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    masked = logits_of(models[tree], head_mask=mask)
    models[tree].prune_heads({-1: [0], 0: [1], 1: [2]})
    assert models[tree].config.pruned_heads == {0: [1], 1: [0, 2]}
    assert_same(logits_of(models[tree]), masked)
    models[tree].save_pretrained(tmp_path)
    said = {-1: [2], 1: [0], -2: [1]}
    loaded = other_tree(tree).from_pretrained(tmp_path, pruned_heads=said, dtype="float64")
    assert_same(logits_of(loaded), masked)


@pytest.mark.parametrize("tree", TREES)
def test_a_pruned_model_is_the_same_from_disk_in_the_other_tree(tree, tmp_path):
    models, _ = new_pair()
    models[tree].prune_heads({0: [0, 2]})
    models[tree].save_pretrained(tmp_path)
    loaded = other_tree(tree).from_pretrained(tmp_path, dtype="float64")
    assert loaded.config.pruned_heads == {0: [0, 2]}
    assert_same(logits_of(loaded), logits_of(models[tree]))


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize(
    "heads", [{0: [0, 1, 2]}, {0: [3]}, {2: [0]}, {-3: [0]}, {1: [0, 1], -1: [2]}]
)
def test_heads_that_cannot_be_pruned_are_refused(tree, heads):
    models, _ = new_pair()
    with pytest.raises(ValueError, match="pruned_heads must map layers below 2"):
        models[tree].prune_heads(heads)
    assert models[tree].config.pruned_heads == {}


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)  # Keras 3.15 with numpy 2
def test_a_pruned_keras_model_comes_back_from_its_own_file(tmp_path):
    models, _ = new_pair()
    models["tf"].prune_heads({1: [1]})
    models["tf"].resize_token_embeddings(107)
    models["tf"].save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(logits_of(loaded), logits_of(models["tf"]))


def test_both_trees_count_the_same_numbers():
    models, arrays = new_pair()
    wanted = sum(one.size for one in arrays.values())
    assert {model.num_parameters() for model in models.values()} == {wanted}
    models["pt"].roberta.requires_grad_(False)
    models["tf"].roberta.trainable = False
    counts = {model.num_parameters(only_trainable=True) for model in models.values()}
    assert counts == {sum(one.size for name, one in arrays.items() if name.startswith("lm_head"))}


def test_a_table_can_be_replaced_and_the_tied_head_follows():
    models, _ = new_pair()
    table = np.random.default_rng(4).normal(size=(101, 24))
    pt_table = torch.nn.Embedding.from_pretrained(torch.from_numpy(table))
    tf_table = keras.layers.Embedding(101, 24, dtype="float64")
    tf_table.build()
    tf_table.embeddings.assign(table)
    models["pt"].set_input_embeddings(pt_table)
    models["tf"].set_input_embeddings(tf_table)
    for model in models.values():
        np.testing.assert_array_equal(model.to_arrays()[WORDS], table)
    assert_same(logits_of(models["pt"]), logits_of(models["tf"]))


@pytest.mark.parametrize("tree", TREES)
def test_a_table_of_another_shape_is_refused(tree):
    models, _ = new_pair()
    table = torch.nn.Embedding(7, 24) if tree == "pt" else keras.layers.Embedding(7, 24)
    if tree == "tf":
        table.build()
    with pytest.raises(ValueError, match=r"must be of shape \(101, 24\).*received \(7, 24\)"):
        models[tree].set_input_embeddings(table)


def test_new_weights_are_drawn_by_the_initializer_range_and_padding_is_zero():
    config = cases.config(hidden_size=96, initializer_range=0.3)
    for name, model in (
        ("pt", CamembertForMaskedLM(config)),
        ("tf", TFCamembertForMaskedLM(config)),
    ):
        arrays = model.to_arrays()
        assert not arrays[WORDS][config.pad_token_id].any(), name
        kernel = arrays["roberta.encoder.layer.0.intermediate.dense.weight"]
        assert 0.27 < kernel.std() < 0.33, name
        assert not arrays["roberta.encoder.layer.0.intermediate.dense.bias"].any(), name
        np.testing.assert_array_equal(arrays["lm_head.layer_norm.weight"], 1.0)


@pytest.mark.parametrize(
    ("option", "pt_type", "tf_type"),
    [
        ({}, torch.float32, "float32"),
        ({"dtype": "float64"}, torch.float64, "float64"),
        ({"torch_dtype": "float16"}, torch.float16, "float16"),
        ({"dtype": "auto"}, torch.float16, "float16"),
    ],
)
def test_the_type_of_the_weights_can_be_chosen_on_load(option, pt_type, tf_type):
    pt = CamembertForMaskedLM.from_pretrained("camembert-tiny-fr", **option)
    tf_model = TFCamembertForMaskedLM.from_pretrained("camembert-tiny-fr", **option)
    assert {one.dtype for one in pt.parameters()} == {pt_type}
    assert {one.dtype for one in tf_model.weights} == {tf_type}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("dtype", ["int32", "nonsense"])
def test_a_type_that_is_no_floating_point_is_refused(tree, dtype):
    with pytest.raises(ValueError, match="must be a floating point type or auto"):
        TREES[tree].from_pretrained("camembert-tiny-fr", dtype=dtype)


@pytest.mark.parametrize("tree", TREES)
def test_an_unknown_option_of_loading_is_refused(tree):
    with pytest.raises(ValueError, match=r"from_pretrained must be one of its own.*num_layers"):
        TREES[tree].from_pretrained("camembert-tiny-fr", num_layers=3)


@pytest.mark.parametrize("model_type", ["roberta", "xlm-roberta"])
@pytest.mark.parametrize("tree", TREES)
def test_checkpoints_of_the_sister_families_load_and_keep_their_name(tree, model_type, tmp_path):
    models, _ = new_pair(model_type=model_type)
    models[tree].save_pretrained(tmp_path)
    loaded = other_tree(tree).from_pretrained(tmp_path, dtype="float64")
    assert loaded.config.model_type == model_type
    assert_same(logits_of(loaded), logits_of(models[tree]))


@pytest.mark.parametrize("tree", TREES)
def test_a_new_head_is_announced_once_and_reported(tree):
    prefix = "" if tree == "pt" else "TF"
    classifier = getattr(camembert_dual, f"{prefix}CamembertForSequenceClassification")
    with pytest.warns(UserWarning, match="classifier.dense.weight") as caught:
        model, report = classifier.from_pretrained(
            "camembert-tiny-fr", num_labels=5, output_loading_info=True
        )
    assert len(caught) == 1
    assert all(name.startswith("classifier.") for name in report.missing)
    assert set(report.ignored) >= {"lm_head.bias"}
    assert model.config.num_labels == 5
    assert report == model.load_report


def test_checkpointed_gradients_are_the_same_dropout_included():
    config = cases.config(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2)
    model = CamembertForMaskedLM(config).train()
    ids, gradients = torch.from_numpy(IDS), []
    for enabled in (False, True):
        model.zero_grad()
        if enabled:
            model.gradient_checkpointing_enable()
        torch.manual_seed(11)
        model(ids, labels=ids).loss.backward()
        gradients.append({name: one.grad.clone() for name, one in model.named_parameters()})
    assert model.roberta.encoder.gradient_checkpointing
    for name, one in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], one, rtol=0, atol=1e-6, msg=name)


@pytest.mark.parametrize("kind", [CamembertForMaskedLM, TFCamembertForMaskedLM])
def test_an_early_config_asks_for_checkpointing(kind):
    config = cases.config()
    config.gradient_checkpointing = True
    model = kind(config)
    assert model.is_gradient_checkpointing
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing


def test_a_callable_activation_works_in_both_and_is_not_saved(tmp_path):
    def silu_torch(states):
        return states * torch.sigmoid(states)

    def silu_tf(states):
        return states * tf.sigmoid(states)

    models, arrays = new_pair(hidden_act="silu")
    config = cases.config()
    pt = CamembertForMaskedLM(config.replaced(hidden_act=silu_torch)).double().eval()
    other = TFCamembertForMaskedLM(config.replaced(hidden_act=silu_tf), dtype="float64")
    for model in (pt, other):
        model.load_arrays(arrays)
        assert_same(logits_of(model), logits_of(models["pt"]))
        with pytest.raises(ValueError, match="hidden_act must be something that JSON"):
            model.save_pretrained(tmp_path / "folder")
        assert not (tmp_path / "folder" / "model.safetensors").exists()


NEW = ("classifier.dense.weight", "classifier.out_proj.weight")


@pytest.mark.parametrize("tree", TREES)
def test_what_no_checkpoint_fills_is_drawn_on_load(tree, tmp_path):
    """A load draws nothing that the file fills, so it must draw what is left."""
    config = cases.config(hidden_size=96, initializer_range=0.3, vocab_size=101)
    CamembertForMaskedLM(config).save_pretrained(tmp_path)
    model_class = CamembertForSequenceClassification
    if tree == "tf":
        model_class = TFCamembertForSequenceClassification

    def load():
        with pytest.warns(UserWarning, match="new, random weights"):
            model = model_class.from_pretrained(
                tmp_path, vocab_size=103, num_labels=7, ignore_mismatched_sizes=True
            )
        assert set(NEW) <= set(model.load_report.missing)
        assert model.load_report.mismatched == (WORDS,)
        return model.to_arrays()

    arrays, again = load(), load()
    for name in (*NEW, WORDS):
        assert 0.25 < arrays[name].std() < 0.35, name
        assert not np.array_equal(again[name], arrays[name]), name
    assert not arrays[WORDS][config.pad_token_id].any()
    assert not arrays["classifier.dense.bias"].any()
