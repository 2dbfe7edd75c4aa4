"""A config that asks for more than its file holds is refused by both trees before it costs any."""

import json
import subprocess
import sys

import pytest

import hostile_loader
from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.common.model_names import (
    CAUSAL_LM,
    MASKED_LM,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
)
from checkpoint_cases import tiny_arrays, tiny_config, write_config

TREES = ("pt", "tf")
CLASSES = (TOKEN_CLASSIFICATION, SEQUENCE_CLASSIFICATION, MASKED_LM, CAUSAL_LM)
HUGE = 2 * 10**9
CONFIG = tiny_config(TOKEN_CLASSIFICATION, num_hidden_layers=1)
SIZES = {
    "3e7 labels": {"num_labels": 3 * 10**7},
    "1e12 labels": {"num_labels": 10**12},
    "wide": {"hidden_size": HUGE},
    "as many heads": {"hidden_size": HUGE, "num_attention_heads": HUGE},
    "wide inside": {"intermediate_size": HUGE},
    "many words": {"vocab_size": HUGE},
    "many positions": {"max_position_embeddings": HUGE},
    "many types": {"type_vocab_size": HUGE},
    "many layers": {"num_hidden_layers": HUGE},
    "relative positions": {"position_embedding_type": "relative_key", "hidden_size": HUGE},
    "cross-attention": {"is_decoder": True, "add_cross_attention": True, "hidden_size": HUGE},
    "untied": {"tie_word_embeddings": False, "vocab_size": HUGE},
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    corpus = tmp_path_factory.mktemp("corpus")
    for name, changes in {hostile_loader.SOUND: {}, **SIZES}.items():
        write_config(corpus / name, CONFIG)
        write_weights(corpus / name, tiny_arrays(TOKEN_CLASSIFICATION, CONFIG), "safetensors")
        values = {**CONFIG.to_diff_dict(), **changes}
        (corpus / name / "config.json").write_text(json.dumps(values))
    found = {}
    for tree in TREES:
        command = [sys.executable, hostile_loader.__file__, tree, str(corpus), *CLASSES]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        found[tree] = [json.loads(line) for line in done.stdout.splitlines()]
    return found


def test_both_trees_refuse_every_size_in_the_same_words(outcomes):
    pt, tf = (
        {tuple(case): (outcome, message) for case, outcome, message, _ in outcomes[tree]}
        for tree in TREES
    )
    assert pt == tf
    assert len(pt) == len(SIZES) * len(CLASSES) * 2
    wrong = {
        case: answer
        for case, answer in pt.items()
        if answer[0] not in ("ValueError", "CheckpointError", "WeightsError")
        or len(answer[1]) >= 500
    }
    assert wrong == {}


@pytest.mark.parametrize("tree", TREES)
def test_no_refusal_takes_a_second(outcomes, tree):
    assert {tuple(case): time for case, *_, time in outcomes[tree] if time > 1} == {}
