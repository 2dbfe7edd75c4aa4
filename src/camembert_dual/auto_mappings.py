"""What the Auto classes choose from, as tables: ``MODEL_MAPPING`` and the others of its kind.

Scripts list the families that a task knows, and make a configuration from its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from camembert_dual import auto


class ModelMapping(Mapping[type, Any]):
    """The model's class by the configuration's, registered ones among them.

    A class is imported with its framework when it is asked for.
    """

    def __init__(self, maker: type[auto.AutoModelBase]) -> None:
        self.maker = maker

    def __getitem__(self, config_class: type) -> Any:
        """The class that makes a model of a configuration's class."""
        if config_class not in self.maker.registered:
            raise KeyError(config_class)
        return self.maker.class_of(config_class)

    def __iter__(self) -> Iterator[type]:
        """The configurations' classes."""
        return iter(self.maker.registered)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.maker.registered)


CONFIG_MAPPING = auto.AutoConfig.registered
MODEL_MAPPING = ModelMapping(auto.AutoModel)
MODEL_FOR_CAUSAL_LM_MAPPING = ModelMapping(auto.AutoModelForCausalLM)
MODEL_FOR_MASKED_LM_MAPPING = ModelMapping(auto.AutoModelForMaskedLM)
MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING = ModelMapping(auto.AutoModelForSequenceClassification)
MODEL_FOR_MULTIPLE_CHOICE_MAPPING = ModelMapping(auto.AutoModelForMultipleChoice)
MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING = ModelMapping(auto.AutoModelForTokenClassification)
MODEL_FOR_QUESTION_ANSWERING_MAPPING = ModelMapping(auto.AutoModelForQuestionAnswering)
TF_MODEL_MAPPING = ModelMapping(auto.TFAutoModel)
TF_MODEL_FOR_CAUSAL_LM_MAPPING = ModelMapping(auto.TFAutoModelForCausalLM)
TF_MODEL_FOR_MASKED_LM_MAPPING = ModelMapping(auto.TFAutoModelForMaskedLM)
TF_MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING = ModelMapping(
    auto.TFAutoModelForSequenceClassification
)
TF_MODEL_FOR_MULTIPLE_CHOICE_MAPPING = ModelMapping(auto.TFAutoModelForMultipleChoice)
TF_MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING = ModelMapping(auto.TFAutoModelForTokenClassification)
TF_MODEL_FOR_QUESTION_ANSWERING_MAPPING = ModelMapping(auto.TFAutoModelForQuestionAnswering)
