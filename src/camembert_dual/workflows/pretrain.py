"""Pretraining: texts, a tokenizer and a tree's loop joined into a checkpoint and its scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.common.arrays import IntArray
from camembert_dual.common.backends import backend_of, tree
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MASKED_LM
from camembert_dual.data.text import Corpus, WeightedText, read_corpus
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tasks.fill_mask import MaskedLMResult, MaskedLMScores
from camembert_dual.training import run_state
from camembert_dual.training.collators import Predictor, evaluation_batches
from camembert_dual.training.corpus_rows import EncodedCorpus, encode_corpus, epoch_rows
from camembert_dual.training.masking import TOKEN_IDS, MaskingVocabulary, vocabulary_of
from camembert_dual.training.pretraining import pretraining_plan
from camembert_dual.training.run_state import Progress
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.workflows.starting import new_model, starting_model

MODEL = "model"  # the folder of the checkpoint, inside that of the run


class Run(NamedTuple):
    """A training that came to its end.

    Attributes:
        model: The trained model.
        settings: The numbers of the run.
        tokenizer: Its tokenizer.
        vocabulary: What masking knows of the vocabulary.
        corpus: The text as ids.
        progress: Steps and seconds.
        checkpoint: Folder of the checkpoint.
    """

    model: Any
    settings: PretrainingSettings
    tokenizer: Any
    vocabulary: MaskingVocabulary
    corpus: EncodedCorpus
    progress: Progress
    checkpoint: Path


def pretrain(
    settings: PretrainingSettings,
    corpus: Corpus,
    tokenizer: Any,
    folder: Path,
    model: str | Path | None = None,
    backend: str = "pt",
) -> Run:
    """Train a masked language model, or go on with the training found in the same folder.

    Args:
        settings: The numbers of the run.
        corpus: The text.
        tokenizer: The tokenizer of the model.
        folder: Where the state is kept, and the checkpoint in ``model``, in float16.
        model: The checkpoint to begin from, whose sizes replace those of the settings; None for a
            new network.
        backend: ``"pt"`` or ``"tf"``.

    Raises:
        ImportError: If the framework is not installed.
        ValueError: If the folder holds a run with other settings, the tokenizer lacks a token that
            is needed, or has more tokens than the model.
        OSError: If a file cannot be read or written.
    """
    vocabulary = vocabulary_of(tokenizer)
    loop = tree(backend, "pretrain", "training.loop")
    if model is None:
        ids = {name: getattr(vocabulary, name) for name in TOKEN_IDS[:3]}
        config = settings.config(vocab_size=len(tokenizer), **ids)
        network = new_model(config, MASKED_LM, backend, settings.precision, settings.seed)
    else:
        network = starting_model(model, MASKED_LM, backend, settings)
        settings = settings.of_network(network.config)
    rule = f"The tokenizer must have at most {network.config.vocab_size} tokens (vocab_size)"
    require(len(tokenizer) <= network.config.vocab_size, rule, len(tokenizer))
    folder.mkdir(parents=True, exist_ok=True)
    encoded = encode_corpus(corpus, lambda paragraphs: encode(tokenizer, paragraphs))
    run_state.begin(folder, settings.to_dict() | {"backend": backend})
    plan = pretraining_plan(settings, encoded, vocabulary)
    progress = loop.train(network, plan, folder, lambda _: True)
    save_halves(folder / MODEL, network, tokenizer)
    return Run(network, settings, tokenizer, vocabulary, encoded, progress, folder / MODEL)


def encode(tokenizer: Any, paragraphs: list[str]) -> list[IntArray]:
    """The ids of each paragraph, without special tokens."""
    rows = tokenizer(paragraphs, add_special_tokens=False, verbose=False)["input_ids"]
    return [np.asarray(row, dtype=np.int64) for row in rows]


def save_halves(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write a checkpoint in float16, with its tokenizer."""
    halves = {name: array.astype(np.float16) for name, array in model.to_arrays().items()}
    config = model.config.replaced(architectures=[MASKED_LM], torch_dtype="float16")
    save_checkpoint(folder, config, halves)
    tokenizer.save_pretrained(folder)


def evaluation_texts(
    corpus: Corpus, hold_out: Path | None, valid: Sequence[Path]
) -> dict[str, Corpus]:
    """Name the texts to evaluate on: whole files, and what was held out of the training text.

    Raises:
        ValueError: If a file is not UTF-8.
        OSError: If a file cannot be read.
    """
    texts = {
        path.name: read_corpus([WeightedText(path)], None, fraction=0.0, seed=0) for path in valid
    }
    if corpus.held_out and hold_out is not None:
        sentences = tuple((line,) for line in corpus.held_out)
        texts[f"held-out tenth of {hold_out.name}"] = Corpus((sentences,), (1.0,), ())
    return texts


def evaluate(
    run: Run, texts: Mapping[str, Corpus], others: Mapping[str, Predictor]
) -> dict[str, dict[str, MaskedLMResult]]:
    """Score the model, and other predictors, on each text, in rows of the ordinary and long size.

    Args:
        run: The run.
        texts: Name to text.
        others: Name to a function of masked ids and chosen positions.

    Returns:
        Title to predictor to scores; the model is ``"model"``.
    """
    return {
        title: scores_of(run, rows, others)
        for name, text in texts.items()
        for title, rows in rows_by_length(run, name, text)
    }


def scores_of(
    run: Run, rows: Sequence[IntArray], others: Mapping[str, Predictor]
) -> dict[str, MaskedLMResult]:
    """Score the model and other predictors on the same masks of some rows."""
    loop = tree(backend_of(run.model), "pretrain", "training.loop")
    scores = {name: MaskedLMScores() for name in ("model", *others)}
    batches = evaluation_batches(rows, run.vocabulary)
    answers = loop.predict(run.model, (batch._asdict() for batch in batches))
    for batch, (logits,) in zip(tqdm(batches, unit="batch"), answers, strict=True):
        chosen = batch.labels != IGNORE_INDEX
        scores["model"].update(logits, batch.labels[chosen])
        for name, predict in others.items():
            scores[name].update(predict(batch.input_ids, chosen), batch.labels[chosen])
    return {name: one.result() for name, one in scores.items()}


def rows_by_length(run: Run, name: str, text: Corpus) -> Iterator[tuple[str, list[IntArray]]]:
    """Join a text into rows of either size; once, where its documents are shorter than both."""
    settings = run.settings
    encoded = encode_corpus(text, lambda paragraphs: encode(run.tokenizer, paragraphs))
    for length, share in ((settings.max_length, 0.0), (settings.long_length, 1.0)):
        joined = dataclasses.replace(settings, long_share=share)
        rows = epoch_rows(encoded, joined, run.vocabulary, np.random.default_rng(settings.seed))
        if length > settings.max_length >= max(row.size for row in rows):
            continue  # sentences, which no row joins
        yield f"{name}, rows of at most {length} tokens", rows
