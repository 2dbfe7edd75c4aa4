"""The model card of a fine-tuned model, written from what was done and measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.errors import short
from camembert_dual.training.finetuning_settings import FinetuningSettings

PURPOSES = {
    "pos": "Labels words, as a column of a treebank does.",
    "ner": "Finds the names of entities.",
    "classification": "Classifies texts.",
    "pair": "Classifies pairs of texts.",
    "qa": "Finds the answer to a question in a text.",
    "choice": "Chooses the answer to a question.",
    "mlm": "Completes French text, after more training on a text of one's own.",
    "embed": "Makes vectors of texts, near each other where the texts mean the same.",
}
TAGS = {
    "pos": "token-classification",
    "ner": "token-classification",
    "classification": "text-classification",
    "pair": "text-classification",
    "qa": "question-answering",
    "choice": "multiple-choice",
    "mlm": "fill-mask",
    "embed": "sentence-similarity",
}


def finetuned_card(
    task: str,
    labels: Sequence[str],
    source: str,
    backend: str,
    settings: FinetuningSettings,
    history: Sequence[Mapping[str, Any]],
    files: tuple[Path, Path | None],
) -> str:
    """Write the card in Markdown.

    Args:
        task: The word for the task.
        labels: The names of its classes, if any.
        source: The checkpoint that the training began from.
        backend: The framework.
        settings: The numbers of the run.
        history: The epochs.
        files: What it was trained on, and judged on, if on anything.
    """
    train, valid = files
    best = next((one for one in reversed(history) if one["is_best"]), None)
    numbers = dataclasses.asdict(settings).items()
    lines = [
        *("---", "language: fr", f"pipeline_tag: {TAGS[task]}", "---", ""),
        *(f"# {Path(source).name}, fine-tuned for {task}", "", PURPOSES[task], ""),
        f"- Begun from: `{short(source)}`",
        f"- Trained on: `{short(train.name)}`",
        *([f"- Labels: {', '.join(f'`{short(one)}`' for one in labels)}"] if labels else []),
        f"- Framework: {BACKENDS[backend].title}",
        *("", "## Training", "", "| number | value |", "|---|---|"),
        *(f"| `{name}` | {value} |" for name, value in numbers),
    ]
    if best is not None and valid is not None:
        lines += [
            "",
            "## Scores",
            "",
            f"On `{short(valid.name)}`, after epoch {best['epoch']}:",
            "",
        ]
        lines += ["| score | value |", "|---|---|"]
        lines += [f"| {name} | {value:.4f} |" for name, value in best["scores"].items()]
    return "\n".join(lines) + "\n"
