"""Make the bundled checkpoint: its vocabulary, the training, the baselines and the card.

``python -m bundled.make --text FILE[:WEIGHT] … --out DIR`` from the root of the repository; the
card of the bundled checkpoint holds the whole command.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

import numpy as np

from bundled.baselines import BigramBaseline, UnigramBaseline
from bundled.card import model_card, source_line
from bundled.vocabulary import VOCAB_SIZE, corpus_lines, train_sentencepiece
from camembert_dual.commands.pretrain import add_text_arguments, settings_of, weighted_text
from camembert_dual.common.arrays import IntArray
from camembert_dual.data.text import read_corpus
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import CARD, SENTENCEPIECE
from camembert_dual.storage.locate import BUNDLED
from camembert_dual.tokenization import CamembertTokenizer
from camembert_dual.training.collators import Predictor
from camembert_dual.training.corpus_rows import epoch_rows
from camembert_dual.training.masking import MaskingVocabulary
from camembert_dual.workflows.pretrain import evaluate, evaluation_texts, pretrain


def main(argv: Sequence[str] | None = None) -> None:
    """Make a checkpoint, or go on where an earlier call was interrupted.

    Args:
        argv: The words after the module's name; those of the process if None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python -m bundled.make", description=__doc__)
    add_text_arguments(parser)
    parser.add_argument("--vocab-size", type=int, default=VOCAB_SIZE, metavar="N")
    arguments = parser.parse_args(words)
    settings = settings_of(arguments)
    sources = [weighted_text(word) for word in arguments.text]
    corpus = read_corpus(
        sources, arguments.hold_out, fraction=settings.held_out_fraction, seed=settings.seed
    )
    vocabulary = arguments.out / SENTENCEPIECE
    if not vocabulary.exists():
        lines = corpus_lines(corpus, np.random.default_rng(settings.seed))
        train_sentencepiece(lines, vocab_size=arguments.vocab_size, output=vocabulary)
    tokenizer = CamembertTokenizer(vocabulary, model_max_length=settings.long_length)
    run = pretrain(settings, corpus, tokenizer, arguments.out)
    rng = np.random.default_rng([settings.seed, 0])
    rows = epoch_rows(run.corpus, settings, run.vocabulary, rng)
    texts = evaluation_texts(corpus, arguments.hold_out, arguments.valid)
    card = model_card(
        BUNDLED[0],
        settings,
        vocab_size=arguments.vocab_size,
        command=shlex.join(["python", "-m", "bundled.make", *words]),
        sources=[source_line(one.path.parent.name, one.path.name, one.weight) for one in sources],
        epochs=settings.steps * settings.tokens_per_batch / sum(row.size for row in rows),
        seconds=run.progress.seconds,
        num_parameters=run.model.num_parameters(),
        results=evaluate(run, texts, baselines(rows, run.vocabulary)),
    )
    write_atomically(run.checkpoint / CARD, card.encode())
    print(card)


def baselines(rows: list[IntArray], vocabulary: MaskingVocabulary) -> dict[str, Predictor]:
    """Fit the counting models on the training text."""
    special = vocabulary.special
    hidden = [vocabulary.mask_token_id, vocabulary.pad_token_id]
    return {
        "unigram": UnigramBaseline.fit(rows, special=special).log_probabilities,
        "bigram": BigramBaseline.fit(rows, special=special, hidden_ids=hidden).log_probabilities,
    }


if __name__ == "__main__":
    main()
