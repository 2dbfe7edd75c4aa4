"""Masked language modelling from scratch, as RoBERTa is trained (Liu et al. 2019)."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from camembert_dual.pt.language_models import CamembertForMaskedLM
from camembert_dual.storage.atomic import atomic_target, write_atomically
from camembert_dual.storage.json_files import read_json
from camembert_dual.tasks.metrics import IGNORED_LABEL, MaskedLMResult, MaskedLMScores
from camembert_dual.training.baselines import BigramBaseline, UnigramBaseline
from camembert_dual.training.batching import batches_by_length, pad_batch
from camembert_dual.training.corpus_rows import EncodedCorpus, epoch_rows
from camembert_dual.training.masking import mask_whole_words
from camembert_dual.training.schedules import linear_warmup_linear_decay, no_decay
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.training.vocabulary import Pieces

IntArray = npt.NDArray[np.int64]
Baselines = Mapping[str, UnigramBaseline | BigramBaseline]
CHECKPOINT_EVERY = 500
MAY_CHANGE = ("steps", "long_share", "precision")


def pretrain(
    settings: PretrainingSettings, corpus: EncodedCorpus, pieces: Pieces, directory: Path
) -> tuple[CamembertForMaskedLM, float]:
    """Train a model, or go on with the training found in ``directory``.

    Every draw depends on the seed and the epoch alone, so an interrupted run that is started again
    sees the same batches as one that was not.

    Args:
        settings: The numbers of the run; a resumed run may change those of ``MAY_CHANGE``, as
            BERT's authors trained the last tenth of their steps on long rows (Devlin et al. 2019).
        corpus: The text as ids.
        pieces: What masking has to know of the vocabulary.
        directory: Where the state of the training is kept.

    Returns:
        The trained model and the seconds the training took, interruptions left out.

    Raises:
        ValueError: If ``directory`` holds the state of a run with other settings.
    """
    torch.manual_seed(settings.seed)
    model = CamembertForMaskedLM(settings.config()).train()
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=1.0, betas=(0.9, 0.98), eps=1e-6
    )
    done, seconds = load_state(directory, settings, model, optimizer)
    start = time.monotonic() - seconds
    bar = tqdm(total=settings.steps, initial=done, unit="step", smoothing=0.05)
    average: float | None = None
    for step, batch in enumerate(batches_from(settings, corpus, pieces, done), start=done):
        if step == settings.steps:
            break
        factor = linear_warmup_linear_decay(
            step + 1, warmup_steps=settings.warmup_steps, total_steps=settings.steps + 1
        )
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * factor
        loss = train_step(model, optimizer, *batch, settings.precision)
        average = loss if average is None else 0.99 * average + 0.01 * loss
        bar.set_postfix(loss=f"{average:.3f}", refresh=False)
        bar.update()
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == settings.steps:
            seconds = time.monotonic() - start
            save_state(directory, settings, model, optimizer, step + 1, seconds)
    bar.close()
    return model.eval(), seconds


def train_step(
    model: CamembertForMaskedLM,
    optimizer: torch.optim.Optimizer,
    input_ids: Tensor,
    attention_mask: Tensor | None,
    labels: Tensor,
    precision: str,
) -> float:
    """Take one step; the LM head sees only the positions (N) that carry a label.

    Args:
        model: The model.
        optimizer: Its optimizer.
        input_ids: Masked ids (B, T).
        attention_mask: (B, T), or None where nothing is padded.
        labels: Original ids (B, T), -100 where there is nothing to predict.
        precision: ``"float32"`` or ``"bfloat16"``.

    Returns:
        The mean loss of the batch.
    """
    is_label = labels != IGNORED_LABEL
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        hidden_states = model.roberta(input_ids, attention_mask).last_hidden_state  # (B, T, D)
        logits = model.lm_head(hidden_states[is_label], model.decoder_table())  # (N, V)
    loss = functional.cross_entropy(logits.float(), labels[is_label])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def batches_from(
    settings: PretrainingSettings, corpus: EncodedCorpus, pieces: Pieces, done: int
) -> Iterator[tuple[Tensor, Tensor | None, Tensor]]:
    """Yield masked batches for ever, the first ``done`` left out; each epoch draws anew."""
    epoch = 0
    while True:
        rng = np.random.default_rng([settings.seed, epoch])
        rows = epoch_rows(corpus, settings, pieces, rng)
        lengths = [row.size for row in rows]
        batches = batches_by_length(lengths, tokens_per_batch=settings.tokens_per_batch, rng=rng)
        for number, batch in enumerate(batches):
            if done > 0:
                done -= 1
                continue
            mask_rng = np.random.default_rng([settings.seed, epoch, number])
            masked = masked_batch([rows[index] for index in batch], pieces, mask_rng)
            if masked is not None:
                yield masked
        epoch += 1


def masked_batch(
    rows: Sequence[IntArray], pieces: Pieces, rng: np.random.Generator
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Pad rows, hide words, and give ids, attention mask and labels, each (B, T)."""
    input_ids, attention_mask = pad_batch(rows, pieces.pad_token_id)
    labels = np.full_like(input_ids, IGNORED_LABEL)
    while (labels == IGNORED_LABEL).all():  # a batch of very short rows may draw no word
        masked, labels = mask_whole_words(
            input_ids,
            word_starts=pieces.word_starts,
            special=pieces.special,
            punctuation=pieces.punctuation,
            mask_token_id=pieces.mask_token_id,
            rng=rng,
        )
    padding = None if attention_mask.all() else torch.from_numpy(attention_mask)
    return torch.from_numpy(masked), padding, torch.from_numpy(labels)


def parameter_groups(model: torch.nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Split the weights: biases and layer normalisations do not decay."""
    named = list(model.named_parameters())
    return [
        {"params": [p for name, p in named if not no_decay(name)], "weight_decay": weight_decay},
        {"params": [p for name, p in named if no_decay(name)], "weight_decay": 0.0},
    ]


def save_state(
    directory: Path,
    settings: PretrainingSettings,
    model: CamembertForMaskedLM,
    optimizer: torch.optim.Optimizer,
    done: int,
    seconds: float,
) -> None:
    """Write weights, moments, steps and seconds, whole or not at all."""
    tensors = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = parameter.detach()
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors[f"{moment}/{name}"] = optimizer.state[parameter][moment]
    with atomic_target(directory / "training_state.safetensors") as temporary:
        save_file(tensors, temporary, metadata={"done": str(done), "seconds": f"{seconds:.0f}"})
    text = json.dumps(settings.to_dict(), indent=2) + "\n"
    write_atomically(directory / "training_settings.json", text.encode())


def load_state(
    directory: Path,
    settings: PretrainingSettings,
    model: CamembertForMaskedLM,
    optimizer: torch.optim.Optimizer,
) -> tuple[int, float]:
    """Take up the state of an interrupted run.

    Returns:
        The steps done and the seconds they took; 0 and 0 if there is no state.

    Raises:
        ValueError: If the run had other settings.
    """
    path = directory / "training_state.safetensors"
    if not path.exists():
        return 0, 0.0
    before = read_json(directory / "training_settings.json")
    differing = [
        name
        for name, value in settings.to_dict().items()
        if name not in MAY_CHANGE and before.get(name) != value
    ]
    if differing:
        raise ValueError(
            "A resumed run must have the settings it began with; received another "
            f"{', '.join(differing)}."
        )
    with safe_open(path, "pt") as file:
        done, seconds = (float(file.metadata()[name]) for name in ("done", "seconds"))
    tensors = load_file(path)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"weight/{name}"])
            optimizer.state[parameter] = {
                "step": torch.tensor(done),
                "exp_avg": tensors[f"exp_avg/{name}"].clone(),
                "exp_avg_sq": tensors[f"exp_avg_sq/{name}"].clone(),
            }
    return int(done), seconds


def evaluate(
    model: CamembertForMaskedLM, rows: Sequence[IntArray], pieces: Pieces, baselines: Baselines
) -> dict[str, MaskedLMResult]:
    """Score a model and the baselines on the same masks of held-out text.

    Every chosen token is hidden, so that no label can be read off the input, and the masks depend
    on the rows alone.

    Args:
        model: The model.
        rows: Rows of ids with ``<s>`` and ``</s>``.
        pieces: What masking has to know of the vocabulary.
        baselines: Name to baseline.

    Returns:
        Name to scores; the model's name is ``"model"``.
    """
    rng = np.random.default_rng(0)
    scores = {name: MaskedLMScores() for name in ("model", *baselines)}
    lengths = [row.size for row in rows]
    for batch in tqdm(batches_by_length(lengths, tokens_per_batch=2048, rng=rng), unit="batch"):
        input_ids, attention_mask = pad_batch([rows[index] for index in batch], pieces.pad_token_id)
        masked, labels = mask_whole_words(
            input_ids,
            word_starts=pieces.word_starts,
            special=pieces.special,
            punctuation=pieces.punctuation,
            mask_token_id=pieces.mask_token_id,
            rng=rng,
            mask_fraction=1.0,
            random_fraction=0.0,
        )
        chosen = labels != IGNORED_LABEL
        if not chosen.any():
            continue
        with torch.no_grad():
            output = model.roberta(masked, attention_mask)
            hidden_states = output.last_hidden_state[torch.from_numpy(chosen)]
            logits = model.lm_head(hidden_states, model.decoder_table()).numpy()
        scores["model"].update(logits, labels[chosen])
        for name, baseline in baselines.items():
            scores[name].update(baseline.log_probabilities(masked, chosen), labels[chosen])
    return {name: one.result() for name, one in scores.items()}
