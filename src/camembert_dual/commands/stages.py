"""One checkpoint run by one framework in a process of its own: every stage's values into a file.

``python -m camembert_dual.commands.stages CHECKPOINT BACKEND DTYPE INPUTS OUTPUT``
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.selecting import select
from camembert_dual.config import CamembertConfig

TREES = {"torch": ("camembert_dual.pt", ""), "tf": ("camembert_dual.tf", "TF")}
ROWS, TOKENS = 3, 24
Inputs = dict[str, npt.NDArray[np.int64]]


def sample_inputs(configs: Sequence[CamembertConfig]) -> Inputs:
    """Ids and mask (B, T) that fit every model to be compared, two of the rows padded."""
    length = min(TOKENS, *(config.max_sequence_length for config in configs))
    vocabulary = np.arange(min(config.vocab_size for config in configs))
    tokens = np.setdiff1d(vocabulary, [config.pad_token_id for config in configs])
    sizes = np.array([length, max(1, length * 2 // 3), max(1, length // 4)])
    return {
        "input_ids": np.random.default_rng(0).choice(tokens, (ROWS, length)),
        "attention_mask": (np.arange(length) < sizes[:, None]).astype(np.int64),
    }


def arranged(inputs: Inputs, config: CamembertConfig, task: str) -> Inputs:
    """The same inputs with the model's own padding; (B, C, T) with C = 2 for choices."""
    mask = inputs["attention_mask"]
    ids = np.where(mask == 1, inputs["input_ids"], config.pad_token_id)
    if task == "CamembertForMultipleChoice":
        ids, mask = (np.stack([one, one[::-1]], axis=1) for one in (ids, mask))
    return {"input_ids": ids, "attention_mask": mask}


def stages(name: str, backend: str, dtype: str, inputs: Inputs) -> dict[str, npt.NDArray[Any]]:
    """Run a checkpoint.

    Args:
        name: Folder, file, bundled name or hub name.
        backend: ``"torch"`` or ``"tf"``.
        dtype: Type of weights and arithmetic.
        inputs: Ids and mask (B, T).

    Returns:
        Stage to its values, in the order of the network; padded positions are zero.
    """
    checkpoint = open_checkpoint(name)
    task = select(checkpoint).architecture
    module, prefix = TREES[backend]
    tree = importlib.import_module(module)
    model = getattr(tree, f"{prefix}{task}").from_pretrained(name, dtype=dtype)
    inputs = arranged(inputs, checkpoint.config, task)
    outputs = model(
        **{key: _tensor(backend, one) for key, one in inputs.items()}, output_hidden_states=True
    )
    mask = inputs["attention_mask"].reshape(-1, inputs["attention_mask"].shape[-1])
    found = {}
    for number, state in enumerate(outputs["hidden_states"]):
        title = f"layer {number - 1}" if number else "embeddings"
        found[title] = _array(state) * mask[..., None]
    for key in ("last_hidden_state", "pooler_output", "logits", "start_logits", "end_logits"):
        if key in outputs:
            value = _array(outputs[key])
            if value.shape[:2] == mask.shape:
                value = value * mask.reshape(mask.shape + (1,) * (value.ndim - 2))
            found[key] = value
    return found


def _tensor(backend: str, array: npt.NDArray[np.int64]) -> Any:
    return importlib.import_module("torch").from_numpy(array) if backend == "torch" else array


def _array(value: Any) -> npt.NDArray[Any]:
    return np.asarray(value.detach() if hasattr(value, "detach") else value)


def main(checkpoint: str, backend: str, dtype: str, inputs: str, output: str) -> None:
    """Write the stages; numbers before the names keep their order."""
    with np.load(inputs) as arrays:
        found = stages(checkpoint, backend, dtype, dict(arrays))
    named: dict[str, Any] = {
        f"{number:03d} {name}": one for number, (name, one) in enumerate(found.items())
    }
    np.savez(output, **named)


if __name__ == "__main__":
    main(*sys.argv[1:])
