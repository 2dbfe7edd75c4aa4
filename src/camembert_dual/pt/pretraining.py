"""Masked language modelling from scratch, as RoBERTa is trained (Liu et al. 2019), on one machine."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from camembert_dual.files import atomic_target, read_json, write_atomically
from camembert_dual.pt.tasks import CamembertForMaskedLM
from camembert_dual.training.batching import batches_by_length, pad_batch
from camembert_dual.training.masking import mask_whole_words
from camembert_dual.training.metrics import IGNORED_LABEL
from camembert_dual.training.rows import EncodedCorpus
from camembert_dual.training.schedules import linear_warmup_linear_decay, no_decay
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.training.vocabulary import Pieces

IntArray = npt.NDArray[np.int64]
CHECKPOINT_EVERY = 500


def pretrain(
    settings: PretrainingSettings, corpus: EncodedCorpus, pieces: Pieces, directory: Path
) -> CamembertForMaskedLM:
    """Train a model, or go on with the training found in ``directory``.

    Every draw depends on the seed and the epoch alone, so an interrupted run that is started again
    sees the same batches as one that was not.

    Args:
        settings: The numbers of the run; a resumed run may have more steps than before.
        corpus: The text as ids.
        pieces: What masking has to know of the vocabulary.
        directory: Where the state of the training is kept.

    Returns:
        The trained model.

    Raises:
        ValueError: If ``directory`` holds the state of a run with other settings.
    """
    torch.manual_seed(settings.seed)
    model = CamembertForMaskedLM(settings.config()).train()
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=1.0, betas=(0.9, 0.98), eps=1e-6
    )
    done = load_state(directory, settings, model, optimizer)
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
            save_state(directory, settings, model, optimizer, step + 1)
    bar.close()
    return model.eval()


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
    """Yield masked batches for ever, the first ``done`` left out: masks and rows are new in each epoch."""
    epoch = 0
    while True:
        rng = np.random.default_rng([settings.seed, epoch])
        rows = corpus.epoch_rows(
            max_length=settings.max_length,
            long_length=settings.long_length,
            long_share=settings.long_share,
            bos_token_id=pieces.bos_token_id,
            eos_token_id=pieces.eos_token_id,
            word_starts=pieces.word_starts,
            rng=rng,
        )
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
) -> None:
    """Write weights, moments and the step's number, whole or not at all."""
    tensors = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = parameter.detach()
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors[f"{moment}/{name}"] = optimizer.state[parameter][moment]
    with atomic_target(directory / "training_state.safetensors") as temporary:
        save_file(tensors, temporary, metadata={"done": str(done)})
    text = json.dumps(settings.to_dict(), indent=2) + "\n"
    write_atomically(directory / "training_settings.json", text.encode())


def load_state(
    directory: Path,
    settings: PretrainingSettings,
    model: CamembertForMaskedLM,
    optimizer: torch.optim.Optimizer,
) -> int:
    """Take up the state of an interrupted run; give the number of steps done, 0 if there is none."""
    path = directory / "training_state.safetensors"
    if not path.exists():
        return 0
    before = read_json(directory / "training_settings.json")
    differing = [
        name
        for name, value in settings.to_dict().items()
        if name not in ("steps", "precision") and before.get(name) != value
    ]
    if differing:
        raise ValueError(
            f"A resumed run must have the settings it began with; received another {', '.join(differing)}."
        )
    with safe_open(path, "pt") as file:
        done = int(file.metadata()["done"])
    tensors = load_file(path)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"weight/{name}"])
            optimizer.state[parameter] = {
                "step": torch.tensor(float(done)),
                "exp_avg": tensors[f"exp_avg/{name}"].clone(),
                "exp_avg_sq": tensors[f"exp_avg_sq/{name}"].clone(),
            }
    return done
