"""The oracle: a float64 forward pass in NumPy, written from the papers and not from the package.

It works on a dict of published names to arrays and on any object with the config's attributes. It
returns named stages in the order of computation, so that a comparison names the first that differs.

Sources: Vaswani et al. 2017 (attention), Devlin et al. 2019 (embeddings, post-norm layers, pooler),
Liu et al. 2019 (RoBERTa's positions and heads), Shaw et al. 2018 and Huang et al. 2020 (relative
positions), Hendrycks and Gimpel 2016 (GELU), Michel et al. 2019 (head masks).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from reference_losses import cross_entropy, sequence_loss, span_loss

Arrays = Mapping[str, np.ndarray]
Stages = dict[str, np.ndarray]

erf = np.vectorize(math.erf, otypes=[np.float64])


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


ACTIVATIONS = {
    "gelu": gelu,
    "gelu_new": lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def affine(x, weights: Arrays, name: str):
    """``x W^T + b``: published matrices are (out, in)."""
    return np.einsum("...i,oi->...o", x, weights[f"{name}.weight"]) + weights[f"{name}.bias"]


def normalise(x, weights: Arrays, name: str, epsilon: float):
    mean = x.sum(-1, keepdims=True) / x.shape[-1]
    variance = ((x - mean) ** 2).sum(-1, keepdims=True) / x.shape[-1]
    return (x - mean) / np.sqrt(variance + epsilon) * weights[f"{name}.weight"] + weights[
        f"{name}.bias"
    ]


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# positions and masks ----------------------------------------------------------------------------


def positions(ids: np.ndarray, pad: int, past: int = 0) -> np.ndarray:
    """Count the tokens that are not padding from ``pad + 1``; padding stays at ``pad``."""
    numbered = np.full(ids.shape, pad)
    for row, column in np.ndindex(*ids.shape):
        if ids[row, column] != pad:
            before = sum(1 for token in ids[row, : column + 1] if token != pad)
            numbered[row, column] = pad + past + before
    return numbered


def allowed(mask: np.ndarray | None, causal: bool, rows: int, queries: int, keys: int):
    """Which key each query sees, (B, T, S). A mask for every query says all, causality too."""
    if mask is not None and mask.ndim == 3:
        return mask != 0
    sees = np.ones((rows, queries, keys), bool)
    if mask is not None:
        sees &= (mask != 0)[:, None, :]
    if causal:
        for query in range(queries):
            sees[:, query, keys - queries + query + 1 :] = False
    return sees


def attend(query, key, value, sees, extra_scores=0.0, head_factors=None):
    """Scaled dot products (B, H, T, S); a query that sees nothing takes the mean of all values."""
    scores = np.einsum("bhtk,bhsk->bhts", query, key) + extra_scores
    scores = scores / math.sqrt(query.shape[-1])
    blind = ~sees.any(-1)  # (B, T)
    scores = np.where(sees[:, None], scores, -np.inf)
    scores = np.where(blind[:, None, :, None], 0.0, scores)
    probabilities = softmax(scores)
    if head_factors is not None:
        probabilities = probabilities * head_factors[None, :, None, None]
    return np.einsum("bhts,bhsk->bhtk", probabilities, value), probabilities


def distance_scores(query, key, table, with_key: bool):
    """Products with the embedding of query minus key position; the middle row is distance 0."""
    queries, keys = query.shape[2], key.shape[2]
    scores = np.zeros((*query.shape[:2], queries, keys))
    middle = len(table) // 2
    for t in range(queries):
        for s in range(keys):
            row = table[middle + (keys - queries + t) - s]
            scores[:, :, t, s] = query[:, :, t] @ row
            if with_key:
                scores[:, :, t, s] += key[:, :, s] @ row
    return scores


# the network ------------------------------------------------------------------------------------


def heads_of(x, head_size: int):
    """(B, T, H K) to (B, H, T, K)."""
    return np.stack(np.split(x, x.shape[-1] // head_size, axis=-1), axis=1)


def attention_block(config, weights, name, x, source, cached, sees, relative, head_factors):
    """Projections, heads, output projection, residual, norm; also probabilities, key and value."""
    size = config.hidden_size // config.num_attention_heads
    query = heads_of(affine(x, weights, f"{name}.self.query"), size)
    if source is None and cached is None:
        source = x
    if source is not None:
        key = heads_of(affine(source, weights, f"{name}.self.key"), size)
        value = heads_of(affine(source, weights, f"{name}.self.value"), size)
        if cached is not None:
            key = np.concatenate([cached[0], key], axis=2)
            value = np.concatenate([cached[1], value], axis=2)
    else:
        key, value = cached
    extra = 0.0
    if relative != "absolute":
        table = weights[f"{name}.self.distance_embedding.weight"]
        extra = distance_scores(query, key, table, relative == "relative_key_query")
    context, probabilities = attend(query, key, value, sees, extra, head_factors)
    joined = np.concatenate(list(np.moveaxis(context, 1, 0)), axis=-1)  # (B, T, H K)
    projected = affine(joined, weights, f"{name}.output.dense")
    output = normalise(projected + x, weights, f"{name}.output.LayerNorm", config.layer_norm_eps)
    return output, probabilities, key, value


def embed(config, weights: Arrays, inputs: Mapping[str, Any], past: int):
    ids, embeds = inputs.get("input_ids"), inputs.get("inputs_embeds")
    words = weights["embeddings.word_embeddings.weight"][ids] if embeds is None else embeds
    rows, length = words.shape[:2]
    types = inputs.get("token_type_ids")
    types = np.zeros((rows, length), int) if types is None else types
    total = words + weights["embeddings.token_type_embeddings.weight"][types]
    if config.position_embedding_type == "absolute":
        where = inputs.get("position_ids")
        if where is None and ids is not None:
            where = positions(ids, config.pad_token_id, past)
        elif where is None:
            first = config.pad_token_id + 1 + past
            where = np.array([[first + column for column in range(length)]] * rows)
        total = total + weights["embeddings.position_embeddings.weight"][where]
    return normalise(total, weights, "embeddings.LayerNorm", config.layer_norm_eps)


def layer_factors(config, head_mask, layer: int, is_cross: bool = False):
    """The factors of one layer's heads, pruned ones left out; cross-attention has all its heads."""
    if head_mask is None:
        return None
    row = head_mask if head_mask.ndim == 1 else head_mask[layer]
    gone = () if is_cross else config.pruned_heads.get(layer, ())
    return np.array([row[head] for head in range(config.num_attention_heads) if head not in gone])


def encode(config, weights: Arrays, inputs: Mapping[str, Any]) -> Stages:
    """Embeddings and layers; ``weights`` without the backbone's prefix."""
    stages: Stages = {}
    past = inputs.get("past_key_values")
    past_length = 0 if past is None else past[0][0].shape[2]
    x = stages["hidden_states.0"] = embed(config, weights, inputs, past_length)
    rows, length = x.shape[:2]
    causal = config.is_decoder
    sees = allowed(inputs.get("attention_mask"), causal, rows, length, past_length + length)
    other = inputs.get("encoder_hidden_states")
    if other is not None:
        other_mask = inputs.get("encoder_attention_mask")
        sees_other = allowed(other_mask, False, rows, length, other.shape[1])
    for layer in range(config.num_hidden_layers):
        name = f"encoder.layer.{layer}"
        head_mask = inputs.get("head_mask")
        factors = layer_factors(config, head_mask, layer)
        cached = None if past is None else past[layer]
        x, probabilities, key, value = attention_block(
            config,
            weights,
            f"{name}.attention",
            x,
            x,
            None if cached is None else cached[:2],
            sees,
            config.position_embedding_type,
            factors,
        )
        if causal:
            stages[f"past_key_values.{layer}.0"] = key
            stages[f"past_key_values.{layer}.1"] = value
        stages[f"attentions.{layer}"] = probabilities
        if other is not None:
            x, probabilities, key, value = attention_block(
                config,
                weights,
                f"{name}.crossattention",
                x,
                other if cached is None else None,
                None if cached is None else cached[2:],
                sees_other,
                "absolute",
                layer_factors(config, head_mask, layer, is_cross=True),
            )
            stages[f"past_key_values.{layer}.2"] = key
            stages[f"past_key_values.{layer}.3"] = value
            stages[f"cross_attentions.{layer}"] = probabilities
        wide = ACTIVATIONS[config.hidden_act](affine(x, weights, f"{name}.intermediate.dense"))
        narrow = affine(wide, weights, f"{name}.output.dense")
        x = normalise(narrow + x, weights, f"{name}.output.LayerNorm", config.layer_norm_eps)
        stages[f"hidden_states.{layer + 1}"] = x
    return stages


# heads --------------------------------------------------------------------------------------------


def pool(weights: Arrays, x):
    return np.tanh(affine(x[:, 0], weights, "pooler.dense"))


def language_model(config, weights: Arrays, table, x):
    x = gelu(affine(x, weights, "lm_head.dense"))
    x = normalise(x, weights, "lm_head.layer_norm", config.layer_norm_eps)
    return np.einsum("btd,vd->btv", x, table) + weights["lm_head.bias"]


ROW_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds")


def forward(
    config: Any, weights: Arrays, task: str, inputs: Mapping[str, Any], pooler: bool = True
) -> Stages:
    """Every stage of one of the seven models, by the name a model's output gives it."""
    weights = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    if task == "CamembertForMultipleChoice":
        main = inputs["input_ids"] if "input_ids" in inputs else inputs["inputs_embeds"]
        choices = main.shape[1]
        inputs = {
            name: value.reshape(-1, *value.shape[2:]) if name in ROW_INPUTS else value
            for name, value in inputs.items()
        }
    body = {name.removeprefix("roberta."): array for name, array in weights.items()}
    stages = encode(config, body, inputs)
    x = stages[f"hidden_states.{config.num_hidden_layers}"]
    if task == "CamembertModel":
        stages["last_hidden_state"] = x
        if pooler:
            stages["pooler_output"] = pool(body, x)
        return stages
    if not task.endswith("CausalLM"):
        for name in [name for name in stages if name.startswith(("past_", "cross_"))]:
            del stages[name]
    labels = inputs.get("labels")
    if task.endswith("LM"):
        table = weights.get("lm_head.decoder.weight")
        table = body["embeddings.word_embeddings.weight"] if table is None else table
        logits = stages["logits"] = language_model(config, weights, table, x)
        if labels is not None and task.endswith("CausalLM"):
            stages["loss"] = cross_entropy(logits[:, :-1], labels[:, 1:])
        elif labels is not None:
            stages["loss"] = cross_entropy(logits, labels)
    elif task.endswith("SequenceClassification"):
        hidden = np.tanh(affine(x[:, 0], weights, "classifier.dense"))
        logits = stages["logits"] = affine(hidden, weights, "classifier.out_proj")
        if labels is not None:
            stages["loss"] = sequence_loss(config, logits, labels)
    elif task.endswith("MultipleChoice"):
        scores = affine(pool(body, x), weights, "classifier")
        logits = stages["logits"] = scores.reshape(-1, choices)
        if labels is not None:
            stages["loss"] = cross_entropy(logits, labels)
    elif task.endswith("TokenClassification"):
        logits = stages["logits"] = affine(x, weights, "classifier")
        if labels is not None:
            stages["loss"] = cross_entropy(logits, labels)
    else:
        scores = affine(x, weights, "qa_outputs")
        start, end = stages["start_logits"], stages["end_logits"] = scores[..., 0], scores[..., 1]
        if "start_positions" in inputs and "end_positions" in inputs:
            targets = (inputs["start_positions"], inputs["end_positions"])
            stages["loss"] = span_loss((start, end), targets)
    return stages


# comparison -------------------------------------------------------------------------------------


def first_difference(expected: Stages, actual: Stages, tolerance: float) -> str | None:
    """Name the first stage, in the order of computation, that differs by more than ``tolerance``.

    The two must have the same stages; a NaN or an infinity in either differs from everything.
    """
    if set(expected) != set(actual):
        missing, extra = set(expected) - set(actual), set(actual) - set(expected)
        return f"stages differ: missing {sorted(missing)}, unexpected {sorted(extra)}"
    for name, wanted in expected.items():
        wanted = np.asarray(wanted, np.float64)
        got = np.asarray(actual[name], np.float64)
        if got.shape != wanted.shape:
            return f"{name}: shape {got.shape} instead of {wanted.shape}"
        if not (np.isfinite(got).all() and np.isfinite(wanted).all()):
            return f"{name}: not finite"
        difference = np.abs(got - wanted)
        if difference.size and (difference > tolerance * (1 + np.abs(wanted))).any():
            return f"{name}: differs by {difference.max():.3g}"
    return None


# gradients --------------------------------------------------------------------------------------


def slope(config: Any, weights: Arrays, task: str, inputs: Mapping[str, Any], name: str, direction):
    """How fast the loss rises when a weight moves along ``direction``, by a central difference."""
    step = 1e-5
    moved = []
    for sign in (1, -1):
        shifted = {**weights, name: weights[name] + sign * step * direction}
        moved.append(forward(config, shifted, task, inputs)["loss"])
    return float(moved[0] - moved[1]) / (2 * step)
