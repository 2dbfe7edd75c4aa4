"""The model card of a pretrained model, written from what was done and measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from camembert_dual.common.errors import short
from camembert_dual.data.text import WeightedText
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import CARD
from camembert_dual.tasks.fill_mask import MaskedLMResult
from camembert_dual.workflows.pretrain import Run

NUMBERS = (
    *("tokens_per_batch", "max_length", "long_length", "long_share"),
    *("learning_rate", "warmup_steps", "precision", "seed"),
)


def write_pretrained_card(
    run: Run,
    source: str | None,
    texts: Sequence[WeightedText],
    scores: Mapping[str, MaskedLMResult],
) -> None:
    """Write ``README.md`` beside the checkpoint of a run.

    Args:
        run: The run.
        source: The checkpoint that it began from, or None.
        texts: What it was trained on.
        scores: The title of each text that it was judged on, to what it scored.

    Raises:
        OSError: If the file cannot be written.
    """
    card = pretrained_card(run, source, texts, scores)
    write_atomically(run.checkpoint / CARD, card.encode())


def pretrained_card(
    run: Run,
    source: str | None,
    texts: Sequence[WeightedText],
    scores: Mapping[str, MaskedLMResult],
) -> str:
    """The card in Markdown; the arguments are those of :func:`write_pretrained_card`."""
    config, name = run.model.config, run.checkpoint.resolve().parent.name
    begun = f"`{short(source)}`" if source else "new, random weights"
    width = f"{config.num_hidden_layers} of width {config.hidden_size}"
    settings = dataclasses.asdict(run.settings)
    lines = [
        *("---", "language: fr", "pipeline_tag: fill-mask", "---", ""),
        *(f"# {short(name)}", "", "A masked language model of French.", ""),
        f"- Begun from: {begun}",
        f"- Layers: {width}, with {config.num_attention_heads} heads; "
        f"{run.model.num_parameters():,} parameters",
        f"- Vocabulary: {config.vocab_size:,} tokens",
        f"- Steps: {run.progress.done:,}",
        *(f"- Trained on: `{short(one.path.name)}`, weight {one.weight:g}" for one in texts),
        *("", "## Training", "", "| number | value |", "|---|---|"),
        *(f"| `{name}` | {settings[name]} |" for name in NUMBERS),
    ]
    if scores:
        lines += ["", "## Scores", "", "Every chosen token is hidden.", ""]
        lines += ["| text | masked tokens | top-1 | top-5 | perplexity |", "|---|---|---|---|---|"]
        lines += [row_of(title, one) for title, one in scores.items()]
    return "\n".join(lines) + "\n"


def row_of(title: str, one: MaskedLMResult) -> str:
    """The scores of a text as a row of a table."""
    shares = f"{one['top1']:.1%} | {one['top5']:.1%} | {one['perplexity']:.1f}"
    return f"| {short(title)} | {one['count']:,} | {shares} |"
