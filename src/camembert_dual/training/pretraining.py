"""The plan of a pretraining: steps over a corpus, whose words are hidden anew each time."""

from __future__ import annotations

from collections.abc import Iterator

from camembert_dual.training.collators import training_batches
from camembert_dual.training.corpus_rows import EncodedCorpus
from camembert_dual.training.masking import MaskingVocabulary
from camembert_dual.training.schedules import linear_warmup_linear_decay
from camembert_dual.training.settings import (
    PRETRAINING_BETAS,
    PRETRAINING_EPSILON,
    OptimizerNumbers,
    PretrainingSettings,
)
from camembert_dual.training.steps import Plan, Step, weighted


def pretraining_plan(
    settings: PretrainingSettings, corpus: EncodedCorpus, vocabulary: MaskingVocabulary
) -> Plan:
    """Plan the steps over a corpus.

    Args:
        settings: The numbers of the run.
        corpus: The text as ids.
        vocabulary: What masking has to know of the vocabulary.
    """

    def steps(done: int) -> Iterator[Step]:
        batches = training_batches(settings, corpus, vocabulary, done)
        for number, batch in zip(range(done, settings.steps), batches, strict=False):
            # one step more at both ends, so that none has a rate of 0
            factor = linear_warmup_linear_decay(
                number + 1, warmup_steps=settings.warmup_steps, total_steps=settings.steps + 1
            )
            rate = settings.learning_rate * factor
            yield Step(weighted([batch._asdict()]), rate, settings.seed + number)

    numbers = OptimizerNumbers(
        settings.weight_decay, betas=PRETRAINING_BETAS, epsilon=PRETRAINING_EPSILON
    )
    return Plan(steps, settings.steps, 0, numbers, precision=settings.precision)
