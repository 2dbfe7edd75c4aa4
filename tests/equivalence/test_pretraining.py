"""Pretraining from nothing: both frameworks begin, step and end alike."""

import json

import numpy as np

from camembert_dual import CamembertTokenizer
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.cli import main
from tokenization_models import SENTENCES, write_model

SIZES = ("--hidden-size", "24", "--num-hidden-layers", "1", "--num-attention-heads", "3")
RUN = ("--tokens-per-batch", "300", "--warmup-steps", "2", "--steps", "7")


def test_both_frameworks_pretrain_the_same_model(tmp_path, capsys):
    CamembertTokenizer(write_model(tmp_path)).save_pretrained(tmp_path)
    text = tmp_path / "phrases.txt"
    text.write_text("\n".join(SENTENCES), "utf-8")
    files = ["--text", str(text), "--valid", str(text), "--tokenizer", str(tmp_path)]
    found, scores = [], []
    for backend in ("pt", "tf"):
        out = tmp_path / backend
        command = ["pretrain", "--backend", backend, "--out", str(out), *files, *SIZES, *RUN]
        assert main([*command, "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out)["scores"])
        arrays = open_checkpoint(out / "model").arrays
        found.append({name: np.asarray(arrays[name], np.float32) for name in arrays})
    assert set(found[0]) == set(found[1])
    for name, array in found[0].items():
        np.testing.assert_allclose(found[1][name], array, rtol=0, atol=2e-3, err_msg=name)
    (ours,), (theirs,) = (list(one.values()) for one in scores)
    assert ours["count"] == theirs["count"] > 5
    np.testing.assert_allclose(ours["perplexity"], theirs["perplexity"], rtol=1e-2)
