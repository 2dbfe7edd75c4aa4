"""PyTorch moves and collates what a tokenizer answers."""

import torch

from camembert_dual.tokenization import CamembertTokenizer


def test_torch_sees_a_mapping():
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    encoding = tokenizer("La mer était belle.", return_tensors="pt")
    moved = encoding.to("cpu")
    assert moved is encoding
    moved["note"] = "kept"
    assert moved.to(torch.device("cpu"))["note"] == "kept"
    assert torch.utils.data.default_collate([{"input_ids": moved.input_ids}] * 2)
