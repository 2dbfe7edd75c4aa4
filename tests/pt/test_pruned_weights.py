"""Weights that ``torch.nn.utils.prune`` masks: used, trained, saved once they are made final."""

import pytest
import torch
from torch.nn.utils import prune

import cases
import tree_pt
from camembert_dual.pt import CamembertForTokenClassification

DENSE = "roberta.encoder.layer.0.intermediate.dense"
WORDS = "roberta.embeddings.word_embeddings"


def test_pruned_weights_are_used_trained_and_saved_when_they_are_final(tmp_path):
    config = cases.config()
    model = tree_pt.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN)).eval()
    ids = torch.arange(7, 14)[None]
    before = model(ids).logits
    dense, words = model.get_submodule(DENSE), model.get_submodule(WORDS)
    prune.l1_unstructured(dense, "weight", amount=0.5)
    prune.random_structured(words, "weight", amount=5, dim=1)
    pruned = model(ids).logits
    assert (pruned - before).abs().max() > 1e-3
    model(ids, labels=torch.ones_like(ids)).loss.backward()
    gradient = dense.weight_orig.grad
    assert gradient[dense.weight_mask == 0].abs().max() == 0
    assert gradient.abs().max() > 0
    with pytest.raises(ValueError, match=r"merge and remove what was added.*weight_orig"):
        model.save_pretrained(tmp_path)
    assert not list(tmp_path.iterdir())
    for layer in (dense, words):
        prune.remove(layer, "weight")
    torch.testing.assert_close(model(ids).logits, pruned, rtol=0, atol=1e-12)
    model.save_pretrained(tmp_path)
    loaded = CamembertForTokenClassification.from_pretrained(tmp_path, dtype="auto").eval()
    torch.testing.assert_close(loaded(ids).logits, pruned, rtol=0, atol=1e-12)
