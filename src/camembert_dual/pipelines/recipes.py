"""The tasks of the pipelines: for each word the model's class and the steps around the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.common.model_names import (
    CAUSAL_LM,
    MASKED_LM,
    MODEL,
    MULTIPLE_CHOICE,
    QUESTION_ANSWERING,
    SEQUENCE_CLASSIFICATION,
    TASK_OF,
    TOKEN_CLASSIFICATION,
)
from camembert_dual.pipelines import calls, forwards
from camembert_dual.tasks import (
    answer_spans,
    entities,
    feature_extraction,
    masked_words,
    multiple_choice,
    text_classification,
    text_generation,
)


class Recipe(NamedTuple):
    """How a task is done.

    Attributes:
        architecture: The class of the model.
        options: The class of what a user may ask for.
        prepare: From an example to rows of inputs.
        decode: From the model's answers to the example's answer.
        forward: From a batch of rows to the model's answers.
        read: From what the pipeline is called with to examples.
        loading: Options with which the model is loaded.
    """

    architecture: str
    options: type
    prepare: Callable[..., Any]
    decode: Callable[..., Any]
    forward: Callable[..., Any] = forwards.outputs
    read: Callable[..., calls.Call] = calls.read_call
    loading: Mapping[str, Any] = MappingProxyType({})


NO_POOLER = MappingProxyType({"add_pooling_layer": False})
RECIPES = {
    TASK_OF[MODEL]: Recipe(
        MODEL,
        feature_extraction.FeatureOptions,
        feature_extraction.prepare,
        feature_extraction.decode,
        loading=NO_POOLER,
    ),
    "sentence-embeddings": Recipe(
        MODEL,
        feature_extraction.SentenceOptions,
        feature_extraction.prepare_sentence,
        feature_extraction.decode_sentence,
        forwards.states,
        loading=NO_POOLER,
    ),
    TASK_OF[MASKED_LM]: Recipe(
        MASKED_LM,
        masked_words.FillMaskOptions,
        masked_words.prepare,
        masked_words.decode,
        forwards.masks,
        calls.read_singles,
    ),
    TASK_OF[SEQUENCE_CLASSIFICATION]: Recipe(
        SEQUENCE_CLASSIFICATION,
        text_classification.ClassificationOptions,
        text_classification.prepare,
        text_classification.decode,
        read=calls.read_texts_to_classify,
    ),
    "zero-shot-classification": Recipe(
        SEQUENCE_CLASSIFICATION,
        text_classification.ZeroShotOptions,
        text_classification.prepare_hypotheses,
        text_classification.decode_hypotheses,
        read=calls.read_texts_with_labels,
    ),
    TASK_OF[TOKEN_CLASSIFICATION]: Recipe(
        TOKEN_CLASSIFICATION, entities.EntityOptions, entities.prepare, entities.decode
    ),
    TASK_OF[QUESTION_ANSWERING]: Recipe(
        QUESTION_ANSWERING,
        answer_spans.AnswerOptions,
        answer_spans.prepare,
        answer_spans.decode,
        read=calls.read_questions,
    ),
    TASK_OF[MULTIPLE_CHOICE]: Recipe(
        MULTIPLE_CHOICE,
        multiple_choice.ChoiceOptions,
        multiple_choice.prepare,
        multiple_choice.decode,
        read=calls.read_choices,
    ),
    TASK_OF[CAUSAL_LM]: Recipe(
        CAUSAL_LM,
        text_generation.GenerationOptions,
        text_generation.prepare,
        text_generation.decode,
        forwards.writing,
    ),
}
ALIASES = {
    "sentiment-analysis": TASK_OF[SEQUENCE_CLASSIFICATION],
    # what a model was fine-tuned for
    "pos": TASK_OF[TOKEN_CLASSIFICATION],
    "ner": TASK_OF[TOKEN_CLASSIFICATION],
    "classification": TASK_OF[SEQUENCE_CLASSIFICATION],
    "pair": TASK_OF[SEQUENCE_CLASSIFICATION],
    "qa": TASK_OF[QUESTION_ANSWERING],
    "choice": TASK_OF[MULTIPLE_CHOICE],
    "mlm": TASK_OF[MASKED_LM],
    "embed": "sentence-embeddings",
}


def read_word(word: str) -> str:
    """The task that a user means by a word.

    Raises:
        ValueError: If there is none of that name.
    """
    found = ALIASES.get(word, word)
    known = ", ".join([*RECIPES, *ALIASES])
    require(found in RECIPES, f"A task must be one of {known}", repr(word))
    return found
