"""Classes of texts: logits to labels with scores, and labels that a user makes up (zero shots).

Letters: L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from camembert_dual.common.arrays import FloatArray, softmax
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of

FUNCTIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sigmoid": lambda logits: np.exp(-np.logaddexp(0.0, -logits)),
    "softmax": softmax,
    "none": lambda logits: logits,
}
LIKELIEST = ""  # of top_k: the best label alone, not in a list
ENTAILMENT = "entail"  # how a label begins that says that one text follows from another
TEMPLATE = "This example is {}."


@dataclass(frozen=True)
class ClassificationOptions:
    """What to answer about a text.

    Attributes:
        top_k: How many labels, the most probable first; None for all of them.
        return_all_scores: Where ``top_k`` is not given, whether to give all labels in the order of
            the configuration.
        function_to_apply: ``"sigmoid"``, ``"softmax"`` or ``"none"``; by default what the
            configuration's ``problem_type`` and number of labels ask for.
        others: Options of the tokenizer's call, such as ``truncation``.
    """

    top_k: int | str | None = LIKELIEST
    return_all_scores: bool | None = None
    function_to_apply: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the function's name."""
        if self.function_to_apply is not None:
            name = str(self.function_to_apply).lower()
            rule = f"function_to_apply must be one of {', '.join(FUNCTIONS)}"
            require(name in FUNCTIONS, rule, repr(self.function_to_apply))
            object.__setattr__(self, "function_to_apply", name)


def prepare(kit: Kit, example: Any, options: ClassificationOptions) -> Prepared:
    """Encode a text, or a pair as ``{"text": ..., "text_pair": ...}`` or ``[[text, pair]]``.

    Raises:
        ValueError: If it is none of them.
    """
    text, pair = example, None
    if isinstance(example, Mapping):
        text, pair = example.get("text"), example.get("text_pair")
    elif isinstance(example, list) and len(example) == 1 and len(example[0]) == 2:
        text, pair = example[0]
    rule = 'A text must be a str, or a pair must be {"text": ..., "text_pair": ...}'
    sound = isinstance(text, str) and (pair is None or isinstance(pair, str))
    require(sound, rule, type(example).__name__)
    pairs = None if pair is None else [pair]
    encoding = kit.tokenizer([text], pairs, **options.others)
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: ClassificationOptions
) -> Any:
    """Turn the logits (L,) of a text into its label with a score, or into several."""
    function = FUNCTIONS[options.function_to_apply or usual_function(kit.config)]
    scores = function(answers[0]["logits"])
    rows = [labelled(kit.config, index, score) for index, score in enumerate(scores.tolist())]
    best_first = sorted(rows, key=lambda row: -row["score"])
    if options.top_k is None or isinstance(options.top_k, int):
        return best_first[: options.top_k]
    return rows if options.return_all_scores else best_first[0]


def usual_function(config: CamembertConfig) -> str:
    """The function that makes scores of a model's logits."""
    several = config.problem_type == "multi_label_classification" or config.num_labels == 1
    return "sigmoid" if several else "softmax"


def labelled(config: CamembertConfig, index: int, score: float) -> dict[str, Any]:
    """A label by its number, with its score."""
    return {"label": config.id2label[index], "score": score}


@dataclass(frozen=True)
class ZeroShotOptions:
    """The labels to choose from.

    Attributes:
        candidate_labels: The labels, or a text of them with commas between.
        hypothesis_template: A sentence with {} in the place of the label.
        multi_label: Whether several labels may fit, each judged by itself.
    """

    candidate_labels: Sequence[str] | str = ()
    hypothesis_template: str = TEMPLATE
    multi_label: bool = False

    def __post_init__(self) -> None:
        """Split the labels, and check that there are some and that the template has a place."""
        labels = self.candidate_labels
        if isinstance(labels, str):
            labels = [one.strip() for one in labels.split(",") if one.strip()]
            object.__setattr__(self, "candidate_labels", labels)
        template = self.hypothesis_template
        differs = not labels or template.format(labels[0]) != template
        require(differs, "hypothesis_template must hold {} for the label", repr(template))


def prepare_hypotheses(kit: Kit, example: Any, options: ZeroShotOptions) -> Prepared:
    """Encode a text with each label's hypothesis; the text is cut if both are too long.

    Raises:
        ValueError: If it is no text, or there is no label.
    """
    require(options.candidate_labels, "candidate_labels must hold at least one label", "none")
    sound = isinstance(example, str) and example
    require(sound, "A text must be a str that is not empty", repr(example))
    hypotheses = [options.hypothesis_template.format(one) for one in options.candidate_labels]
    encoding = kit.tokenizer(
        [example] * len(hypotheses), hypotheses, truncation="only_first", max_length=kit.longest
    )
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode_hypotheses(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: ZeroShotOptions
) -> dict[str, Any]:
    """Turn the logits (L,) of each hypothesis into scores of the candidate labels.

    Raises:
        ValueError: If the model has no label for entailment.
    """
    logits = np.stack([one["logits"] for one in answers])  # (candidates, L)
    entailment = entailment_id(kit.config)
    if options.multi_label or len(logits) == 1:
        contradiction = -1 if entailment == 0 else 0
        scores = softmax(logits[:, [contradiction, entailment]])[:, 1]
    else:
        scores = softmax(logits[:, entailment])
    order = np.argsort(-scores, kind="stable").tolist()
    return {
        "sequence": prepared.example,
        "labels": [options.candidate_labels[index] for index in order],
        "scores": scores[order].tolist(),
    }


def entailment_id(config: CamembertConfig) -> int:
    """The number of the label that says that the second text follows from the first.

    Raises:
        ValueError: If there is none.
    """
    labels = config.id2label
    found = [index for index, name in labels.items() if name.lower().startswith(ENTAILMENT)]
    rule = f"A model for zero shots must have a label that begins with {ENTAILMENT!r}"
    require(found, rule, ", ".join(labels.values()))
    return found[0]
