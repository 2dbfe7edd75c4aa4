"""A loop that a PyTorch user writes: halves, accumulation, workers, seeds, a resumed run."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler

import cases
import tree_pt as tree
from camembert_dual import (
    AutoTokenizer,
    CamembertForMaskedLM,
    CamembertForSequenceClassification,
    DataCollatorForLanguageModeling,
    get_linear_schedule_with_warmup,
    set_seed,
)

NAME = "camembert-tiny-fr"
TEXTS = [
    "Le petit chat boit du lait.",
    "Il pleut.",
    "Où est la gare, s'il vous plaît ?",
    "Elle ouvrit la porte et entra.",
    "Paris est la capitale de la France.",
    "Nous irons au bois demain matin.",
    "Bonjour, madame.",
]
STEPS = 6
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6], [44, 3, 9, 10], [6, 6, 90, 2]])
LABELS = torch.tensor([0, 4, 2, 1])


def classifier(**overrides) -> CamembertForSequenceClassification:
    config = cases.config(**overrides)
    return tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE))


class Run:
    """A training with dropout, random masks and a shuffled order, which can stop and go on."""

    def __init__(self, seed: int = 3, workers: int = 0, folder: Path | None = None) -> None:
        set_seed(seed)
        self.model = CamembertForMaskedLM.from_pretrained(folder or NAME).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.schedule = get_linear_schedule_with_warmup(self.optimizer, 2, STEPS)
        tokenizer = AutoTokenizer.from_pretrained(NAME)
        rows = [dict(tokenizer(text)) for text in TEXTS]
        self.order = torch.Generator().manual_seed(seed)
        self.loader = DataLoader(
            rows,
            batch_size=3,
            sampler=RandomSampler(rows, generator=self.order),
            collate_fn=DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.5),
            num_workers=workers,
            multiprocessing_context="fork" if workers else None,
            generator=torch.Generator().manual_seed(seed),  # of the seeds of the workers
        )
        self.losses: list[float] = []

    def epoch(self) -> None:
        for batch in self.loader:
            loss = self.model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad()
            self.losses.append(loss.item())

    def parts(self) -> dict[str, Any]:
        return {"optimizer": self.optimizer, "schedule": self.schedule}

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        states = {name: part.state_dict() for name, part in self.parts().items()}
        states |= {"order": self.order.get_state(), "seeds": self.loader.generator.get_state()}
        states |= {"torch": torch.get_rng_state(), "numpy": np.random.get_state()}
        torch.save(states, folder / "run.pt")

    def load(self, folder: Path) -> None:
        states = torch.load(folder / "run.pt", weights_only=False)
        for name, part in self.parts().items():
            part.load_state_dict(states[name])
        self.order.set_state(states["order"])
        self.loader.generator.set_state(states["seeds"])
        torch.set_rng_state(states["torch"])
        np.random.set_state(states["numpy"])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_seed_decides_a_run(workers):
    runs = []
    for seed in (3, 3, 4):
        runs.append(Run(seed, workers))
        runs[-1].epoch()
    assert runs[0].losses == runs[1].losses
    assert runs[0].losses != runs[2].losses
    for first, second in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        assert torch.equal(first, second)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path):
    whole = Run()
    whole.epoch()
    whole.epoch()
    first = Run()
    first.epoch()
    first.save(tmp_path)
    second = Run(seed=99, folder=tmp_path)
    second.load(tmp_path)
    second.epoch()
    assert first.losses + second.losses == whole.losses
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_step_in_mixed_precision_is_near_one_in_single(dtype):
    single = classifier().float()
    mixed = copy.deepcopy(single)
    single(IDS, labels=LABELS).loss.backward()
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16)
    optimizer = torch.optim.AdamW(mixed.parameters(), lr=1e-3)
    before = [weight.detach().clone() for weight in mixed.parameters()]
    with torch.autocast("cpu", dtype):
        loss = mixed(IDS, labels=LABELS).loss
    assert loss.dtype == torch.float32
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    largest = max(float(weight.grad.abs().max()) for weight in single.parameters())
    limit = largest * (4e-2 if dtype == torch.bfloat16 else 6e-3)
    for name, weight in single.named_parameters():
        found = mixed.get_parameter(name).grad
        torch.testing.assert_close(found, weight.grad, rtol=0, atol=limit, msg=name)
    scaler.step(optimizer)
    scaler.update()
    after = list(mixed.parameters())
    assert any(not torch.equal(*pair) for pair in zip(before, after, strict=True))


def test_gradients_of_parts_of_a_batch_add_up_to_those_of_the_batch():
    whole, parts = classifier(), classifier()
    whole(IDS, labels=LABELS).loss.backward()
    for rows in (slice(0, 2), slice(2, 4)):
        (parts(IDS[rows], labels=LABELS[rows]).loss / 2).backward()
    for name, weight in whole.named_parameters():
        found = parts.get_parameter(name).grad
        torch.testing.assert_close(found, weight.grad, rtol=0, atol=1e-12, msg=name)


def test_gradients_are_clipped_to_the_norm_over_all_weights():
    model = classifier()
    model(IDS, labels=LABELS).loss.backward()
    norm = sum(torch.square(weight.grad).sum() for weight in model.parameters()).sqrt()
    found = torch.nn.utils.clip_grad_norm_(model.parameters(), norm.item() / 3)
    torch.testing.assert_close(found, norm)
    clipped = sum(torch.square(weight.grad).sum() for weight in model.parameters()).sqrt()
    torch.testing.assert_close(clipped, norm / 3, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", ["fused", "foreach"])
def test_an_optimizer_in_one_kernel_steps_as_the_plain_one(kind):
    plain, fast = classifier(), classifier()
    for model, options in ((plain, {"foreach": False}), (fast, {kind: True})):
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, **options)
        for _ in range(3):
            optimizer.zero_grad()
            model(IDS, labels=LABELS).loss.backward()
            optimizer.step()
    for name, weight in plain.named_parameters():
        torch.testing.assert_close(fast.get_parameter(name), weight, rtol=0, atol=1e-10, msg=name)
