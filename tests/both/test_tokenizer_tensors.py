"""A tokenizer answers in the tensors of a framework, which it reads back."""

import pytest

from backend import tree
from camembert_dual import CamembertTokenizer, CamembertTokenizerFast


@pytest.mark.parametrize("kind", [CamembertTokenizer, CamembertTokenizerFast])
def test_ids_are_tensors_of_the_type_of_the_framework(kind):
    tokenizer = kind.from_pretrained("camembert-tiny-fr")
    encoding = tokenizer(["le", "la mer"], padding=True, return_tensors=tree.NAME)
    assert encoding.input_ids.dtype == encoding.attention_mask.dtype == tree.ID_TYPE
    assert tokenizer.decode(encoding.input_ids[0], True) == "le"
