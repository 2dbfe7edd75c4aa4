"""Models in PyTorch against those of ``transformers``, interleaved, from one checkpoint.

Run it where both are installed, with the newest ``transformers``::

    .venv-peer-new/bin/python benchmarks/model_speed.py

The checkpoint has camembert-base's widths and random weights. Every case is timed ``--rounds``
times, ours and theirs in turn; the medians and their ratio are printed.
"""

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
import transformers

from camembert_dual import CamembertConfig, CamembertForMaskedLM

CASES = {
    "one text of 16": (1, 16, False),
    "one text of 128": (1, 128, False),
    "8 texts of 128": (8, 128, False),
    "8 texts of up to 128, padded": (8, 128, True),
    "2 texts of 512": (2, 512, False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        config = CamembertConfig.camembert_base(num_hidden_layers=arguments.layers)
        CamembertForMaskedLM(config).save_pretrained(folder)
        loads = {
            "ours": lambda: CamembertForMaskedLM.from_pretrained(folder),
            "theirs": lambda: transformers.CamembertForMaskedLM.from_pretrained(folder),
        }
        compare("load", loads, arguments.rounds)
        models: dict[str, Any] = {name: load() for name, load in loads.items()}
    for name, (batch, length, is_padded) in CASES.items():
        inputs = random_inputs(config, batch, length, is_padded)
        calls = {
            side: lambda model=model, inputs=inputs: forward(model, inputs)
            for side, model in models.items()
        }
        logits = [call() for call in calls.values()]
        torch.testing.assert_close(*logits, rtol=2e-5, atol=2e-5)
        compare(name, calls, arguments.rounds)
    inputs = random_inputs(config, 4, 128, True)
    inputs["labels"] = torch.where(torch.rand(4, 128) < 0.15, inputs["input_ids"], -100)
    for model in models.values():
        model.train()
    steps = {
        side: lambda model=model: training_step(model, inputs) for side, model in models.items()
    }
    compare("loss and gradient, 4 x 128", steps, arguments.rounds)


def random_inputs(
    config: CamembertConfig, batch: int, length: int, is_padded: bool
) -> dict[str, torch.Tensor]:
    """Random ids (B, T); padded rows lose up to half of their length."""
    ids = torch.randint(5, config.vocab_size, (batch, length))
    lengths = torch.full((batch,), length)
    if is_padded:
        lengths[1:] -= torch.randint(0, length // 2, (batch - 1,))
    mask = torch.arange(length) < lengths[:, None]
    ids = ids.where(mask, torch.tensor(config.pad_token_id))
    return {"input_ids": ids, "attention_mask": mask.long()}


def forward(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """The logits of real tokens."""
    with torch.inference_mode():
        return model(**inputs).logits[inputs["attention_mask"].bool()]


def training_step(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    """Loss and gradients."""
    model(**inputs).loss.backward()
    model.zero_grad()


def compare(name: str, calls: dict[str, Callable[[], Any]], rounds: int) -> None:
    """Time the calls in turn and print medians and their ratio."""
    seconds: dict[str, list[float]] = {side: [] for side in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for side, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[side].append(time.perf_counter() - start)
    ours, theirs = (statistics.median(seconds[side]) for side in ("ours", "theirs"))
    print(
        f"{name:<32} ours {ours * 1e3:8.1f} ms  theirs {theirs * 1e3:8.1f} ms  "
        f"theirs/ours {theirs / ours:5.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
