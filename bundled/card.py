"""The model card of a pretrained checkpoint, written from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from camembert_dual.tasks.fill_mask import MaskedLMResult
from camembert_dual.training.settings import (
    CHOSEN_SHARE,
    MASK_SHARE,
    RANDOM_SHARE,
    PretrainingSettings,
)

NAMES = {"model": "this model", "bigram": "bigram, both neighbours", "unigram": "unigram"}


class Origin(NamedTuple):
    """Where a folder of texts comes from.

    Attributes:
        credit: Whom to name.
        licence: An SPDX identifier or expression (spdx.org/licenses).
    """

    credit: str
    licence: str


ORIGINS = {
    "text_eltec_fra": Origin(
        "French Novel Corpus (ELTeC-fra), ed. Christof Schöch and Lou Burnard, doi "
        "10.5281/zenodo.4662433; novels of 1840 to 1920, themselves in the public domain",
        "CC-BY-4.0",
    ),
    "text_commonvoice_fr": Origin("Mozilla Common Voice, sentences to be read aloud", "CC0-1.0"),
    "text_code_civil": Origin(
        "Code civil of 2015, as text by steeve/france.code-civil", "CC-BY-4.0"
    ),
}
UNKNOWN = Origin("origin not recorded", "NOASSERTION")


def model_card(
    name: str,
    settings: PretrainingSettings,
    *,
    vocab_size: int,
    command: str,
    sources: Sequence[str],
    epochs: float,
    seconds: float,
    num_parameters: int,
    results: Mapping[str, Mapping[str, MaskedLMResult]],
) -> str:
    """Write the card in Markdown.

    Args:
        name: The checkpoint's name.
        settings: The numbers of the run.
        vocab_size: SentencePiece pieces.
        command: The command that made the checkpoint.
        sources: One line for each text it was trained on.
        epochs: How often it read the text.
        seconds: How long the steps took.
        num_parameters: Size of the network.
        results: For each evaluation text, the scores of the model and the baselines.
    """
    facts = network_and_training(settings, vocab_size, num_parameters, epochs, seconds)
    lines = [
        *("---", "language: fr", "library_name: camembert-dual", "license: apache-2.0"),
        *("pipeline_tag: fill-mask", "tags: [camembert]", "---", ""),
        f"# {name}",
        "",
        "A small CamemBERT, trained from scratch as a masked language model of French. It is made "
        "for demonstrations and tests: do not expect the quality of the published checkpoints.",
        "",
        *(f"- {fact}" for fact in facts),
        "",
        "## Text",
        "",
        "Licences are SPDX identifiers. The weights, the vocabulary and this card are "
        "`Apache-2.0`.",
        "",
        *(f"- {source}" for source in sources),
        "",
        "## Command",
        "",
        "```",
        command,
        "```",
        "",
        "## Held-out results",
        "",
        "Every chosen token is hidden; the baselines are fitted on the training text and see the "
        "same masks. The bigram multiplies what the left and the right neighbour say.",
        "",
        *score_table(results),
    ]
    return "\n".join(lines) + "\n"


def source_line(folder: str, file: str, weight: float) -> str:
    """A text that a model was trained on: what it is, how much it counted, and its licence."""
    origin = ORIGINS.get(folder, UNKNOWN)
    return f"{folder}/{file}, weight {weight:g}: {origin.credit}; `{origin.licence}`"


def network_and_training(
    settings: PretrainingSettings,
    vocab_size: int,
    num_parameters: int,
    epochs: float,
    seconds: float,
) -> list[str]:
    """What the checkpoint is and how it came to be, a line each."""
    shares = (CHOSEN_SHARE, MASK_SHARE, RANDOM_SHARE, 1 - MASK_SHARE - RANDOM_SHARE)
    chosen, masked, drawn, kept = (f"{share:.0%}".replace("%", " %") for share in shares)
    return [
        f"Network: {settings.num_hidden_layers} layers of {settings.hidden_size}, "
        f"{settings.num_attention_heads} heads, {num_parameters:,} parameters, at most "
        f"{settings.long_length} tokens; float16 on disk, float32 in use.",
        f"Vocabulary: SentencePiece unigram, {vocab_size:,} pieces, in CamemBERT's id layout.",
        f"Objective: whole words hidden with probability {chosen} ({masked} `<mask>`, {drawn} "
        f"random, {kept} kept), drawn afresh in each epoch. Punctuation marks count as words of "
        "their own.",
        f"Training: {settings.steps:,} steps of at most {settings.tokens_per_batch:,} tokens, "
        f"{epochs:.1f} passes over the text; AdamW, peak learning rate {settings.learning_rate:g}, "
        f"{settings.warmup_steps} steps of warm-up, linear decay, {settings.precision}, no "
        f"dropout; {seconds / 60:.0f} minutes on CPU.",
    ]


def score_table(results: Mapping[str, Mapping[str, MaskedLMResult]]) -> list[str]:
    """The scores of the model and the baselines on each text, a row each."""
    lines = [
        "| text | masked tokens | predictor | top-1 | top-5 | perplexity |",
        "|---|---|---|---|---|---|",
    ]
    for text, scores in results.items():
        for predictor, title in NAMES.items():
            one = scores[predictor]
            lines.append(
                f"| {text} | {one['count']:,} | {title} | {one['top1']:.1%} | {one['top5']:.1%} | "
                f"{one['perplexity']:.1f} |"
            )
    return lines
