"""The published common tests of tokenizers, on our slow and fast classes."""

import functools
import io
import os
import sys
import unittest
from pathlib import Path

from conftest import REFERENCE

os.environ["USE_TORCH"], os.environ["USE_TF"] = "1", "0"
if not REFERENCE:
    import shim

    shim.put_in_place("pt")

import sentencepiece
import transformers
from published_tests.test_tokenization_common import TokenizerTesterMixin

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))
import tokenization_models

# the common tests are in English
ENGLISH = """
This is a test of the tokenizer, and this is the text that it has to read: a sequence of words.
The quick brown fox jumps over the lazy dog near the river bank, and then it sleeps for a while.
I was born in 92000, and this is a false statement; nobody was born there in that year.
Hello, how are you? We have been waiting for an hour and a half, and there is no train in sight.
In the first sentence there is one word that we do not know; in the second there are two.
""".strip().splitlines()


@functools.cache
def model_bytes() -> bytes:
    """A SentencePiece model of 300 pieces, trained on the sentences of the tests."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*tokenization_models.SENTENCES, *ENGLISH] * 3),
        model_writer=written,
        vocab_size=300,
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return written.getvalue()


class CamembertTokenizationTest(TokenizerTesterMixin, unittest.TestCase):
    tokenizer_class = transformers.CamembertTokenizer
    rust_tokenizer_class = transformers.CamembertTokenizerFast
    test_sentencepiece = True

    def setUp(self):
        # the mixin lists the names of the hub's vocabularies; a folder stands for the first
        self.test_rust_tokenizer = False
        super().setUp()
        self.test_rust_tokenizer = True
        path = Path(self.tmpdirname) / "sentencepiece.bpe.model"
        path.write_bytes(model_bytes())
        self.tokenizer_class(str(path)).save_pretrained(self.tmpdirname)
        self.tokenizers_list = [(self.rust_tokenizer_class, self.tmpdirname, {})]
