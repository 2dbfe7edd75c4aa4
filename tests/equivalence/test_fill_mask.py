"""Both frameworks complete French in the same words, from the one bundled checkpoint."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

import camembert_dual
from camembert_dual.cli import main
from camembert_dual.pipelines.filling import fill_mask, mask_logits
from camembert_dual.tasks.fill_mask import fill_in

BUNDLED = "camembert-tiny-fr"
TEXTS = (
    "Le petit chat boit du <mask>.",
    "La parole est à <mask> <mask>.",
    "Il ouvrit la <mask> et entra dans la chambre.",
)


@pytest.fixture(scope="module")
def tokenizer():
    return camembert_dual.AutoTokenizer.from_pretrained(BUNDLED)


@pytest.fixture(scope="module")
def pt_model():
    return camembert_dual.CamembertForMaskedLM.from_pretrained(BUNDLED)


@pytest.fixture(scope="module")
def tf_model():
    return camembert_dual.TFCamembertForMaskedLM.from_pretrained(BUNDLED)


def test_the_checkpoint_fits_the_wheel():
    folder = Path(importlib.import_module("camembert_dual").__file__).parent / "assets" / BUNDLED
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 8_000_000


def test_weights_are_float32_in_use(pt_model, tf_model):
    assert pt_model.dtype == torch.float32
    assert {weight.dtype for weight in tf_model.weights} == {"float32"}


@pytest.mark.parametrize("text", TEXTS)
def test_both_frameworks_give_the_same_logits(text, pt_model, tf_model, tokenizer):
    ours = mask_logits(pt_model, tokenizer, text)
    theirs = mask_logits(tf_model, tokenizer, text)
    assert np.isfinite(ours).all()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("text", TEXTS)
def test_both_frameworks_propose_the_same_words(text, pt_model, tf_model, tokenizer):
    ours = fill_mask(pt_model, tokenizer, text)
    theirs = fill_mask(tf_model, tokenizer, text)
    assert [[one.token for one in row] for row in ours] == [
        [one.token for one in row] for row in theirs
    ]


def test_proposals_are_the_softmax_of_the_logits_at_the_mask(pt_model, tokenizer):
    text = "Le petit chat boit du <mask>."
    (fills,) = fill_mask(pt_model, tokenizer, text, top_k=3)
    encoded = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        logits = pt_model(**encoded).logits[0]
    position = encoded["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    best = torch.softmax(logits[position].double(), dim=-1).topk(3)
    assert [one.token for one in fills] == best.indices.tolist()
    np.testing.assert_allclose([one.score for one in fills], best.values, rtol=1e-6)


def test_a_proposal_stands_in_the_sentence(pt_model, tokenizer):
    (fills,) = fill_mask(pt_model, tokenizer, "Le petit chat boit du <mask>.")
    for one in fills:
        assert one.sequence == f"Le petit chat boit du {one.token_str}."


@pytest.mark.parametrize(
    ("text", "number", "piece", "filled"),
    [
        ("Il boit du <mask>.", 0, "▁lait", "Il boit du lait."),
        ("Il boit l'<mask>.", 0, "▁eau", "Il boit l'eau."),
        ("Des chat <mask>.", 0, "s", "Des chats."),
        ("<mask> est là.", 0, "▁Paul", "Paul est là."),
        ("<mask> et <mask>", 1, "▁lui", "<mask> et lui"),
    ],
)
def test_a_piece_is_put_where_the_mask_was(text, number, piece, filled):
    assert fill_in(text, "<mask>", number, piece).lstrip() == filled


def test_each_mask_has_its_own_proposals(pt_model, tokenizer):
    first, second = fill_mask(pt_model, tokenizer, "La parole est à <mask> <mask>.", top_k=2)
    assert len(first) == len(second) == 2
    assert "<mask>" in first[0].sequence


def test_the_command_shows_both_side_by_side(capsys):
    assert main(["fill-mask", TEXTS[0], "--backend", "both", "--top-k", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == TEXTS[0]
    assert lines[1].split() == ["PyTorch", "TensorFlow"]
    for rank, line in enumerate(lines[2:6], start=1):
        words = line.split()
        half = (len(words) - 1) // 2
        assert words[0] == str(rank)
        assert words[1 : 1 + half] == words[1 + half :]
    assert float(lines[-1].split()[-1]) < 1e-4
