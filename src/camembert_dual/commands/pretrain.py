"""``camembert-dual pretrain``: a small CamemBERT from text files, vocabulary included."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from camembert_dual.data.text import Source
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.tokenization import CamembertTokenizer
from camembert_dual.training.baselines import BigramBaseline, UnigramBaseline
from camembert_dual.training.card import model_card
from camembert_dual.training.corpus_rows import Corpus, encode_corpus, epoch_rows, read_corpus
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.training.vocabulary import Pieces, train_sentencepiece

if TYPE_CHECKING:
    from camembert_dual.pt import CamembertForMaskedLM

IntArray = npt.NDArray[np.int64]
VOCABULARY = "sentencepiece.bpe.model"
DEFAULTS = PretrainingSettings()
SIZES = (
    "steps",
    "warmup_steps",
    "tokens_per_batch",
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "seed",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--text",
        action="append",
        required=True,
        metavar="FILE[:WEIGHT]",
        help="UTF-8 text, a paragraph per line, read WEIGHT times per epoch; may be repeated",
    )
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder for the checkpoint (DIR/model) and the state that a later call goes on from",
    )
    parser.add_argument(
        "--hold-out",
        type=Path,
        metavar="FILE",
        help="one of the texts, of which a tenth of the sentences is kept for evaluation",
    )
    parser.add_argument(
        "--valid",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="another text to evaluate on; may be repeated",
    )
    for name in SIZES:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(
            option,
            type=int,
            default=getattr(DEFAULTS, name),
            metavar="N",
            help="default %(default)s",
        )
    parser.add_argument(
        "--learning-rate",
        type=float,
        default=DEFAULTS.learning_rate,
        metavar="RATE",
        help="default %(default)s",
    )
    parser.add_argument(
        "--long-share",
        type=float,
        default=DEFAULTS.long_share,
        metavar="SHARE",
        help="share of the documents that is packed into rows of the model's limit; a run that is "
        "taken up again may raise it for its last steps; default %(default)s",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default=DEFAULTS.precision,
        help="bfloat16 pays where the processor multiplies in it; default %(default)s",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with the training that was interrupted in the same folder; then evaluate.

    Raises:
        ImportError: If PyTorch is not installed.
        ValueError: If a text is not UTF-8, or the folder holds a run with other settings.
        OSError: If a file cannot be read or written.
    """
    from camembert_dual.checkpoints.folder import save_checkpoint
    from camembert_dual.pt.training.loop import pretrain

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
    tokenizer = CamembertTokenizer(vocabulary, model_max_length=settings.long_length)
    pieces = Pieces.of_camembert(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))

    def encode(paragraphs: list[str]) -> list[IntArray]:
        rows: Any = tokenizer(paragraphs, add_special_tokens=False, verbose=False)
        return [np.asarray(row, dtype=np.int64) for row in rows["input_ids"]]

    encoded = encode_corpus(corpus, encode)
    model, seconds = pretrain(settings, encoded, pieces, arguments.out)
    directory = arguments.out / "model"
    halves = {name: array.astype(np.float16) for name, array in model.to_arrays().items()}
    config = model.config
    config.extra = {"architectures": [model.task], "torch_dtype": "float16"}
    save_checkpoint(directory, config, halves)
    tokenizer.save_pretrained(directory)
    evaluated = {
        path.name: read_corpus([Source(path)], None, fraction=0.0, seed=0)
        for path in arguments.valid
    }
    if corpus.held_out:
        sentences = tuple((line,) for line in corpus.held_out)
        evaluated[f"held-out tenth of {arguments.hold_out.name}"] = Corpus((sentences,), (1.0,), ())
    rows = epoch_rows(encoded, settings, pieces, np.random.default_rng([settings.seed, 0]))
    tokens = sum(row.size for row in rows)
    card = model_card(
        "camembert-tiny-fr",
        settings,
        command=shlex.join(["camembert-dual", *sys.argv[1:]]),
        sources=[
            f"{one.path.parent.name}/{one.path.name}, weight {one.weight:g}" for one in sources
        ],
        epochs=settings.steps * settings.tokens_per_batch / tokens,
        seconds=seconds,
        num_parameters=model.num_parameters(),
        results=scores_of(model, settings, evaluated, encode, rows, pieces),
    )
    write_atomically(directory / "README.md", card.encode())
    print(card)
    return 0


def scores_of(
    model: CamembertForMaskedLM,
    settings: PretrainingSettings,
    texts: dict[str, Corpus],
    encode: Any,
    training_rows: list[IntArray],
    pieces: Pieces,
) -> dict[str, Any]:
    """Score the model and the baselines on each text, in rows of the ordinary and the long size."""
    from camembert_dual.pt.training.loop import evaluate

    hidden = [pieces.mask_token_id, pieces.pad_token_id]
    baselines: dict[str, UnigramBaseline | BigramBaseline] = {
        "unigram": UnigramBaseline.fit(training_rows, special=pieces.special),
        "bigram": BigramBaseline.fit(training_rows, special=pieces.special, hidden_ids=hidden),
    }
    results = {}
    for name, text in texts.items():
        encoded = encode_corpus(text, encode)
        for length, share in ((settings.max_length, 0.0), (settings.long_length, 1.0)):
            packing = replace(settings, long_share=share)
            rows = epoch_rows(encoded, packing, pieces, np.random.default_rng(settings.seed))
            if length > settings.max_length >= max(row.size for row in rows):
                continue  # sentences, which no row joins
            title = f"{name}, rows of at most {length} tokens"
            results[title] = evaluate(model, rows, pieces, baselines)
    return results


def parse_source(text: str) -> Source:
    """Read ``FILE`` or ``FILE:WEIGHT``.

    Raises:
        ValueError: If the weight is no number above 0.
    """
    path, separator, weight = text.rpartition(":")
    if separator and not Path(text).exists():
        return Source(Path(path), float(weight))
    return Source(Path(text))
