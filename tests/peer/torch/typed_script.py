"""A user's script, for type checkers: what each call gives is known exactly."""

from typing import assert_type

import numpy as np
import numpy.typing as npt
import torch

from camembert_dual import (
    AutoTokenizer,
    CamembertConfig,
    CamembertForCausalLM,
    CamembertForMaskedLM,
    CamembertForMultipleChoice,
    CamembertForQuestionAnswering,
    CamembertForSequenceClassification,
    CamembertForTokenClassification,
    CamembertModel,
)
from camembert_dual.outputs import (
    BaseModelOutput,
    CausalLMOutput,
    MaskedLMOutput,
    MultipleChoiceModelOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)
from camembert_dual.pipelines import embed

NAME = "camembert-tiny-fr"

tokenizer = AutoTokenizer.from_pretrained(NAME)
batch = tokenizer(["Il pleut."], padding=True, return_tensors="pt")
config = CamembertConfig.from_pretrained(NAME)
assert_type(config, CamembertConfig)
assert_type(config.hidden_size, int)

masked = CamembertForMaskedLM.from_pretrained(NAME)
assert_type(masked, CamembertForMaskedLM)
assert_type(masked(**batch), MaskedLMOutput)
assert_type(masked.num_parameters(), int)
bare = CamembertModel.from_pretrained(NAME, add_pooling_layer=False)
assert_type(bare, CamembertModel)
assert_type(bare(**batch), BaseModelOutput)
decoder = CamembertForCausalLM.from_pretrained(NAME, is_decoder=True)
assert_type(decoder, CamembertForCausalLM)
assert_type(decoder(**batch), CausalLMOutput)
texts = decoder.generate(batch["input_ids"], max_new_tokens=3)
assert_type(texts, torch.Tensor)
print(tokenizer.batch_decode(texts))
decoder.save_pretrained("typed")
assert_type(CamembertForSequenceClassification(config)(**batch), SequenceClassifierOutput)
assert_type(CamembertForTokenClassification(config)(**batch), TokenClassifierOutput)
assert_type(CamembertForMultipleChoice(config).eval(), CamembertForMultipleChoice)
assert_type(CamembertForQuestionAnswering(config)(**batch), QuestionAnsweringModelOutput)
choices = {name: value[:, None] for name, value in batch.items()}
assert_type(CamembertForMultipleChoice(config)(**choices), MultipleChoiceModelOutput)
vectors: npt.NDArray[np.float32] = embed(bare, tokenizer, ["Il pleut."], normalize=True)
print(vectors.shape)
