"""``camembert-dual pretrain``: a small CamemBERT from text files, vocabulary included."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.tokenization import CamembertTokenizer
from camembert_dual.training.corpus import Source
from camembert_dual.training.rows import encode_corpus, read_corpus
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.training.vocabulary import Pieces, train_sentencepiece

VOCABULARY = "sentencepiece.bpe.model"
DEFAULTS = PretrainingSettings()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--text",
        action="append",
        required=True,
        metavar="FILE[:WEIGHT]",
        help="UTF-8 text, a paragraph per line; read WEIGHT times per epoch; may be repeated",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--hold-out", type=Path, metavar="FILE", help="keep a tenth of this text for evaluation"
    )
    parser.add_argument(
        "--valid",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="text to evaluate on",
    )
    for name in ("steps", "warmup_steps", "tokens_per_batch", "vocab_size", "hidden_size"):
        default = getattr(DEFAULTS, name)
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=default, help=f"default {default}")
    parser.add_argument("--num-hidden-layers", type=int, default=DEFAULTS.num_hidden_layers)
    parser.add_argument("--num-attention-heads", type=int, default=DEFAULTS.num_attention_heads)
    parser.add_argument("--learning-rate", type=float, default=DEFAULTS.learning_rate)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--seed", type=int, default=DEFAULTS.seed)


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with the training that was interrupted in the same folder."""
    from camembert_dual.pt.pretraining import pretrain

    settings = PretrainingSettings(
        **{
            name: getattr(arguments, name)
            for name in PretrainingSettings.__dataclass_fields__
            if hasattr(arguments, name)
        }
    )
    sources = [parse_source(text) for text in arguments.text]
    corpus = read_corpus(
        sources, arguments.hold_out, fraction=settings.held_out_fraction, seed=settings.seed
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    vocabulary = arguments.out / VOCABULARY
    if not vocabulary.exists():
        lines = corpus.lines(np.random.default_rng(settings.seed))
        train_sentencepiece(lines, vocab_size=settings.vocab_size, output=vocabulary)
    tokenizer = CamembertTokenizer(vocabulary, model_max_length=sys.maxsize)  # rows are cut later
    pieces = Pieces.of_camembert(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))

    def encode(paragraphs: list[str]) -> list[npt.NDArray[np.int64]]:
        rows: Any = tokenizer(paragraphs, add_special_tokens=False, return_attention_mask=False)
        return [np.asarray(row, dtype=np.int64) for row in rows["input_ids"]]

    encoded = encode_corpus(corpus, encode)
    pretrain(settings, encoded, pieces, arguments.out)
    return 0


def parse_source(text: str) -> Source:
    """Read ``FILE`` or ``FILE:WEIGHT``."""
    path, separator, weight = text.rpartition(":")
    if separator and not Path(text).exists():
        return Source(Path(path), float(weight))
    return Source(Path(text))
