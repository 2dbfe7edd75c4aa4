"""Pickles of tokenizers: the same bytes before and after use, here and in another process."""

import hashlib
import os
import pickle
import subprocess
import sys
import warnings

import pytest

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast, TokenizerFast
from tokenization_models import SENTENCES, write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast, TokenizerFast]
CODE = """
import hashlib, pickle, sys
from camembert_dual import tokenization
tokenizer = getattr(tokenization, sys.argv[1]).from_pretrained(sys.argv[2])
print(hashlib.sha256(pickle.dumps(tokenizer)).hexdigest())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    tokenizer = CamembertTokenizer(write_model(path))
    tokenizer.add_tokens(["crèmerie", "fromagerie"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<e1>", "<e2>"]})
    tokenizer.save_pretrained(path)
    return path


def use(tokenizer):
    """Everything that remembers something."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizer("le " * 600)
    rows = tokenizer([*SENTENCES, "la crèmerie<e1> <mask>"], padding=True, return_tensors="np")
    rows.word_ids(0)
    tokenizer.batch_decode(rows["input_ids"], skip_special_tokens=True)
    tokenizer.get_vocab()
    tokenizer.add_tokens(["crèmerie"])
    assert tokenizer.backend_tokenizer if tokenizer.is_fast else tokenizer.sp_model


@pytest.mark.parametrize("cls", CLASSES)
def test_use_leaves_no_mark_in_a_pickle(cls, folder):
    tokenizer = cls.from_pretrained(folder)
    before = pickle.dumps(tokenizer)
    use(tokenizer)
    assert pickle.dumps(tokenizer) == before
    again = pickle.loads(before)
    assert pickle.dumps(again) == pickle.dumps(pickle.loads(before))
    assert again(SENTENCES) == tokenizer(SENTENCES)
    tokenizer.add_tokens(["quesadilla"])
    assert pickle.dumps(tokenizer) != before


@pytest.mark.parametrize("cls", CLASSES)
def test_two_processes_pickle_the_same_bytes(cls, folder):
    expected = hashlib.sha256(pickle.dumps(cls.from_pretrained(str(folder)))).hexdigest()
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", CODE, cls.__name__, str(folder)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        assert found == [expected]
