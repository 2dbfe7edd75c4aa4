"""Models of another size: more or fewer words, fewer heads."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from camembert_dual.common.errors import require
from camembert_dual.pt.tying import own_weight, shares, tie


def backbone_of(model: Any) -> Any:
    """The bare model: the one given, or the one below its head."""
    return getattr(model, "roberta", model)


def has_network(model: Any) -> bool:
    """Whether a model has the network; a user's may not, or call it otherwise."""
    return hasattr(backbone_of(model), "encoder") and hasattr(backbone_of(model), "embeddings")


def set_input_embeddings(model: Any, embeddings: nn.Module) -> None:
    """Use a module for the word embeddings.

    Raises:
        ValueError: If its weight has another shape, or a tied LM head has none to share.
    """
    wanted = (model.config.vocab_size, model.config.hidden_size)
    rule = f"The word embedding table must be of shape {wanted}; see resize_token_embeddings"
    weight = own_weight(embeddings, "weight")
    if weight is not None or "weight" in shares(model):
        shape = "none" if weight is None else tuple(weight.shape)
        require(shape == wanted, rule, shape)
    backbone_of(model).embeddings.word_embeddings = embeddings
    tie(model)


def set_output_embeddings(model: Any, embeddings: nn.Module) -> None:
    """Use a module for the LM head's decoder.

    Raises:
        ValueError: If the model has no LM head.
    """
    has_head = hasattr(model, "lm_head")
    require(has_head, "Output embeddings must be set in a model with LM head", "none")
    model.lm_head.decoder = embeddings


def resize_token_embeddings(model: Any, new_num_tokens: int | None, mean_initialised: bool) -> None:
    """Grow or shrink the word table, the LM head's bias and an untied decoder; update the config.

    Raises:
        ValueError: If a special token of the config would lose its row.
    """
    config = model.config
    if new_num_tokens is None or new_num_tokens == config.vocab_size:
        return
    special = (config.pad_token_id, config.bos_token_id or 0, config.eos_token_id or 0)
    rule = f"The vocabulary must keep the special tokens, at least {max(special) + 1} rows"
    require(new_num_tokens > max(special), rule, new_num_tokens)
    tables = [model.get_input_embeddings()]
    decoder = model.get_output_embeddings()
    if decoder is not None and not config.tie_word_embeddings:
        tables.append(decoder)
    for table in tables:
        scale = None if mean_initialised else config.initializer_range
        replace_weight(table, "weight", resize_rows(table.weight, new_num_tokens, scale))
    tables[0].num_embeddings = new_num_tokens
    head = getattr(model, "lm_head", decoder)  # a decoder of a user's own has its own bias
    if decoder is not None and head.bias is not None:
        old = head.bias
        kept = old[:new_num_tokens]
        new = torch.zeros(new_num_tokens - kept.shape[0], dtype=old.dtype, device=old.device)
        replace_weight(head, "bias", torch.cat([kept, new], dim=0))
    if decoder is not None:
        decoder.out_features = new_num_tokens
    config.vocab_size = new_num_tokens
    tie(model)


def resize_rows(table: Tensor, rows: int, scale: float | None) -> Tensor:
    """Keep the first rows of a table and add new ones.

    Args:
        table: (V, D).
        rows: Rows wanted.
        scale: Standard deviation of the new rows, or None to start them at the mean of the old
            ones.

    Returns:
        (rows, D).
    """
    kept = table[:rows].detach()
    new = (rows - kept.shape[0], table.shape[1])
    if scale is None:
        added = table.detach().mean(dim=0, keepdim=True).expand(new)
    else:
        added = torch.randn(new, dtype=table.dtype, device=table.device) * scale
    return torch.cat([kept, added], dim=0)


def prune_heads(model: Any, heads_to_prune: Mapping[int, Sequence[int]]) -> None:
    """Remove heads, by their original numbers; heads that are gone already are passed over.

    Raises:
        ValueError: If a layer or head does not exist or none would be left.
    """
    config = model.config
    pruned = config.pruned_further(heads_to_prune)
    for layer, heads in pruned.items():
        attention = backbone_of(model).encoder.layer[layer].attention
        keep_heads(
            attention,
            [head for head in attention.self.heads if head not in heads],
            config.head_size,
        )
    config.pruned_heads = {**config.pruned_heads, **pruned}


def keep_heads(attention: Any, kept: Sequence[int], head_size: int) -> None:
    """Drop all heads of an attention block but those ``kept``, by their original numbers."""
    indices = [attention.self.heads.index(head) for head in kept]
    rows = torch.tensor([head * head_size + row for head in indices for row in range(head_size)])
    rows = rows.to(attention.self.query.weight.device)
    for projection in (attention.self.query, attention.self.key, attention.self.value):
        replace_weight(projection, "weight", projection.weight.detach()[rows])
        replace_weight(projection, "bias", projection.bias.detach()[rows])
        projection.out_features = len(rows)
    dense = attention.output.dense
    replace_weight(dense, "weight", dense.weight.detach()[:, rows])
    dense.in_features = len(rows)
    attention.self.heads = list(kept)


def replace_weight(layer: nn.Module, name: str, value: Tensor) -> None:
    """Give a module a weight of another shape; whether it trains stays."""
    old = getattr(layer, name)
    setattr(layer, name, nn.Parameter(value.clone(), requires_grad=old.requires_grad))
