"""``camembert-dual pretrain``: a masked language model from text files."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from camembert_dual.commands.arguments import add_backend, add_json, add_numbers
from camembert_dual.commands.printing import say, say_json
from camembert_dual.common.errors import require
from camembert_dual.data.text import WeightedText, read_corpus
from camembert_dual.tasks.fill_mask import MaskedLMResult
from camembert_dual.tokenization import AutoTokenizer
from camembert_dual.training.settings import PRECISIONS, PretrainingSettings
from camembert_dual.workflows.pretrain import evaluate, evaluation_texts, pretrain
from camembert_dual.workflows.pretrained_card import write_pretrained_card

DEFAULTS = PretrainingSettings()
NETWORK = ("hidden_size", "num_hidden_layers", "num_attention_heads")
RUN = ("steps", "warmup_steps", "tokens_per_batch", "seed", "learning_rate", "long_share")
LONG_SHARE = (
    "share of the documents that is joined into rows of the model's limit; a run that is taken up "
    "again may raise it for its last steps"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_backend(parser, "framework to train in; default %(default)s", "pt")
    source = parser.add_mutually_exclusive_group(required=True)
    text = "folder or name of a checkpoint to go on from; default a new model"
    source.add_argument("--model", metavar="PATH", help=text)
    text = "folder or name of the tokenizer of a new model; default that of --model"
    source.add_argument("--tokenizer", metavar="PATH", help=text)
    add_text_arguments(parser)
    add_json(parser)


def add_text_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of every pretraining: texts, sizes and numbers of the run."""
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
        help="one of the texts, of which a tenth of the sentences is kept for evaluation; "
        "default none",
    )
    parser.add_argument(
        "--valid",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="another text to evaluate on; may be repeated; default none",
    )
    size = "of a new model"
    add_numbers(parser, DEFAULTS, NETWORK, **dict.fromkeys(NETWORK, size))
    add_numbers(parser, DEFAULTS, RUN, long_share=LONG_SHARE)
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=DEFAULTS.precision,
        help="bfloat16 pays where the processor multiplies in it; default %(default)s",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with the training that was interrupted in the same folder; then evaluate.

    Raises:
        ImportError: If the framework is not installed.
        ValueError: If a text is not UTF-8, a size is given for a checkpoint that has its own, or
            the folder holds a run with other settings.
        OSError: If a file cannot be read or written.
    """
    given = [name for name in NETWORK if getattr(arguments, name) is not None]
    sizes = [f"--{name.replace('_', '-')}" for name in given]
    rule = "A checkpoint must be taken with its own sizes"
    require(arguments.model is None or not sizes, rule, ", ".join(sizes))
    settings = settings_of(arguments)
    sources = [weighted_text(word) for word in arguments.text]
    corpus = read_corpus(
        sources,
        arguments.hold_out,
        fraction=settings.held_out_fraction,
        seed=settings.seed,
    )
    tokenizer = AutoTokenizer.from_pretrained(arguments.tokenizer or arguments.model)
    done = pretrain(settings, corpus, tokenizer, arguments.out, arguments.model, arguments.backend)
    texts = evaluation_texts(corpus, arguments.hold_out, arguments.valid)
    scores = {title: found["model"] for title, found in evaluate(done, texts, {}).items()}
    write_pretrained_card(done, arguments.model, sources, scores)
    if arguments.json:
        steps = {"steps": done.progress.done, "checkpoint": str(done.checkpoint)}
        say_json({**steps, "scores": scores})
        return 0
    for title, found in scores.items():
        say(line_of(title, found))
    say(f"{done.progress.done} steps -> {done.checkpoint}")
    return 0


def settings_of(arguments: argparse.Namespace) -> PretrainingSettings:
    """The numbers of the run: those that were given, and defaults."""
    given = vars(arguments)
    names = [one.name for one in dataclasses.fields(PretrainingSettings)]
    return PretrainingSettings(
        **{name: given[name] for name in names if given.get(name) is not None}
    )


def weighted_text(word: str) -> WeightedText:
    """Read ``FILE`` or ``FILE:WEIGHT``.

    Raises:
        ValueError: If the weight is no number above 0.
    """
    path, separator, weight = word.rpartition(":")
    if separator and not Path(word).exists():
        return WeightedText(Path(path), float(weight))
    return WeightedText(Path(word))


def line_of(title: str, scores: MaskedLMResult) -> str:
    """The scores of one text in a line."""
    return (
        f"{title}: {scores['count']:,} masked tokens, top-1 {scores['top1']:.1%}, "
        f"top-5 {scores['top5']:.1%}, perplexity {scores['perplexity']:.1f}"
    )
