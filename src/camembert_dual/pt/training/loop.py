"""Masked language modelling, as RoBERTa is trained (Liu et al. 2019)."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer
from tqdm import tqdm

from camembert_dual.common.arrays import IntArray
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.pt.language_models import CamembertForMaskedLM
from camembert_dual.pt.training.optimization import create_optimizer
from camembert_dual.pt.training.state import load_state, save_state
from camembert_dual.storage.file_names import TRAINING_STATE
from camembert_dual.tasks.fill_mask import MaskedLMResult, MaskedLMScores
from camembert_dual.training import run_state
from camembert_dual.training.collators import (
    MaskedBatch,
    Predictor,
    evaluation_batches,
    training_batches,
)
from camembert_dual.training.corpus_rows import EncodedCorpus
from camembert_dual.training.masking import MaskingVocabulary
from camembert_dual.training.schedules import linear_warmup_linear_decay
from camembert_dual.training.settings import (
    PRETRAINING_BETAS,
    PRETRAINING_EPSILON,
    PretrainingSettings,
)


def new_model(config: CamembertConfig, seed: int) -> CamembertForMaskedLM:
    """Make a network whose random weights depend on the seed alone."""
    torch.manual_seed(seed)
    return CamembertForMaskedLM(config)


def train(
    model: CamembertForMaskedLM,
    settings: PretrainingSettings,
    corpus: EncodedCorpus,
    vocabulary: MaskingVocabulary,
    folder: Path,
) -> run_state.Progress:
    """Train a model, or go on with the training found in a folder.

    Every draw depends on the seed and the number of the step alone, so an interrupted run that is
    started again ends like one that was not.

    Args:
        model: The model, as it was when the run began.
        settings: The numbers of the run; a resumed run may change those of
            :data:`camembert_dual.training.run_state.MAY_CHANGE`.
        corpus: The text as ids.
        vocabulary: What masking has to know of the vocabulary.
        folder: Where the state of the training is kept.

    Returns:
        The steps made and the seconds they took, interruptions left out.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed; the step is then ended and the state kept.
        ValueError: If the folder holds the state of a run with other settings, or a damaged one.
    """
    if (folder / TRAINING_STATE).exists():
        run_state.check_settings(folder, settings.to_dict())
    optimizer, _ = create_optimizer(
        model.train(),
        settings.learning_rate,
        settings.steps + 1,
        settings.warmup_steps,
        settings.weight_decay,
        betas=PRETRAINING_BETAS,
        epsilon=PRETRAINING_EPSILON,
    )
    progress = begun = load_state(folder, model, optimizer)
    run_state.write_settings(folder, settings.to_dict())
    batches = training_batches(settings, corpus, vocabulary, begun.done)
    with run_state.deferred_interrupt() as is_interrupted:
        for progress in take_steps(model, optimizer, settings, batches, begun):
            ends = progress.done % run_state.STATE_EVERY == 0 or progress.done == settings.steps
            if ends or is_interrupted():
                save_state(folder, model, optimizer, progress)
            if is_interrupted():
                raise KeyboardInterrupt
    model.eval()
    return progress


def take_steps(
    model: CamembertForMaskedLM,
    optimizer: Optimizer,
    settings: PretrainingSettings,
    batches: Iterator[MaskedBatch],
    progress: run_state.Progress,
) -> Iterator[run_state.Progress]:
    """Take the steps that are left; after each, yield how far the run is."""
    began = time.monotonic() - progress.seconds
    average: float | None = None
    with tqdm(total=settings.steps, initial=progress.done, unit="step", smoothing=0.05) as bar:
        for step in range(progress.done, settings.steps):
            set_rate(optimizer, settings, step)
            torch.manual_seed(settings.seed + step)  # of dropout
            loss = train_step(model, optimizer, next(batches), settings.precision)
            average = loss if average is None else 0.99 * average + 0.01 * loss
            bar.set_postfix(loss=f"{average:.3f}", refresh=False)
            bar.update()
            yield run_state.Progress(step + 1, time.monotonic() - began)


def set_rate(optimizer: Optimizer, settings: PretrainingSettings, step: int) -> None:
    """Set the learning rate by the number of the step, so that no step has a rate of 0."""
    factor = linear_warmup_linear_decay(
        step + 1, warmup_steps=settings.warmup_steps, total_steps=settings.steps + 1
    )
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * factor


def train_step(
    model: CamembertForMaskedLM, optimizer: Optimizer, batch: MaskedBatch, precision: str
) -> float:
    """Take one step, the optimizer's clipping included.

    Args:
        model: The model.
        optimizer: Its optimizer.
        batch: Ids, attention mask and labels (B, T).
        precision: ``"float32"`` or ``"bfloat16"``.

    Returns:
        The mean loss of the batch.
    """
    labels = torch.from_numpy(batch.labels)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        logits = label_logits(model, batch)  # (N, V)
    loss = functional.cross_entropy(logits.float(), labels[labels != IGNORE_INDEX])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def label_logits(model: CamembertForMaskedLM, batch: MaskedBatch) -> Tensor:
    """The logits (N, V) of the N positions that carry a label; the LM head sees no other."""
    chosen = torch.from_numpy(batch.labels != IGNORE_INDEX)
    is_padded = not batch.attention_mask.all()
    mask = torch.from_numpy(batch.attention_mask) if is_padded else None
    hidden_states = model.roberta(torch.from_numpy(batch.input_ids), mask).last_hidden_state
    return model.lm_head(hidden_states[chosen])


def evaluate(
    model: CamembertForMaskedLM,
    rows: Sequence[IntArray],
    vocabulary: MaskingVocabulary,
    others: Mapping[str, Predictor],
) -> dict[str, MaskedLMResult]:
    """Score a model and other predictors on the same masks of held-out text.

    Args:
        model: The model.
        rows: Rows of ids with ``<s>`` and ``</s>``.
        vocabulary: What masking has to know of the vocabulary.
        others: Name to predictor.

    Returns:
        Name to scores; the model's name is ``"model"``.
    """
    scores = {name: MaskedLMScores() for name in ("model", *others)}
    for batch in tqdm(evaluation_batches(rows, vocabulary), unit="batch"):
        chosen = batch.labels != IGNORE_INDEX
        with torch.no_grad():
            logits = label_logits(model, batch).numpy()
        scores["model"].update(logits, batch.labels[chosen])
        for name, predict in others.items():
            scores[name].update(predict(batch.input_ids, chosen), batch.labels[chosen])
    return {name: one.result() for name, one in scores.items()}
