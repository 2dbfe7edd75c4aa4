"""Names, shapes and values of the weights, as the hub's files have them."""

import numpy as np

from camembert_dual.config import CamembertConfig
from cases.configs import BARE, generator


def published_shapes(config: CamembertConfig, task: str, pooler: bool | None = None):
    """Names and shapes of the hub's files, spelt out independently of the package's table."""
    hidden, wide, words = config.hidden_size, config.intermediate_size, config.vocab_size
    positions = config.max_position_embeddings
    size = hidden // config.num_attention_heads
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (words, hidden),
        "embeddings.position_embeddings.weight": (positions, hidden),
        "embeddings.token_type_embeddings.weight": (config.type_vocab_size, hidden),
        **_norm("embeddings.LayerNorm", hidden),
    }
    for layer in range(config.num_hidden_layers):
        name = f"encoder.layer.{layer}"
        kept = config.num_attention_heads - len(config.pruned_heads.get(layer, ()))
        shapes |= _attention(f"{name}.attention", hidden, kept * size)
        if config.position_embedding_type != "absolute":
            table = f"{name}.attention.self.distance_embedding.weight"
            shapes[table] = (2 * positions - 1, size)
        if config.add_cross_attention:
            shapes |= _attention(f"{name}.crossattention", hidden, hidden)
        shapes |= _dense(f"{name}.intermediate.dense", wide, hidden)
        shapes |= _dense(f"{name}.output.dense", hidden, wide)
        shapes |= _norm(f"{name}.output.LayerNorm", hidden)
    has_pooler = task in (BARE, "CamembertForMultipleChoice") if pooler is None else pooler
    if has_pooler:
        shapes |= _dense("pooler.dense", hidden, hidden)
    if task == BARE:
        return shapes
    shapes = {f"roberta.{name}": shape for name, shape in shapes.items()}
    if task.endswith("LM"):
        shapes |= _dense("lm_head.dense", hidden, hidden) | _norm("lm_head.layer_norm", hidden)
        shapes["lm_head.bias"] = (words,)
        if not config.tie_word_embeddings:
            shapes["lm_head.decoder.weight"] = (words, hidden)
        return shapes
    labels = config.num_labels
    return (
        shapes
        | {
            "CamembertForSequenceClassification": _dense("classifier.dense", hidden, hidden)
            | _dense("classifier.out_proj", labels, hidden),
            "CamembertForMultipleChoice": _dense("classifier", 1, hidden),
            "CamembertForTokenClassification": _dense("classifier", labels, hidden),
            "CamembertForQuestionAnswering": _dense("qa_outputs", 2, hidden),
        }[task]
    )


def _dense(name: str, out_size: int, in_size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out_size, in_size), f"{name}.bias": (out_size,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _attention(name: str, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("query", "key", "value"):
        shapes |= _dense(f"{name}.self.{part}", width, hidden)
    return (
        shapes
        | _dense(f"{name}.output.dense", hidden, width)
        | _norm(f"{name}.output.LayerNorm", hidden)
    )


def weights(
    config: CamembertConfig, task: str, pooler: bool | None = None
) -> dict[str, np.ndarray]:
    """Random float64 weights: no bias is zero, no norm is one, no row is empty."""
    random = generator("weights", task)
    arrays = {}
    for name, shape in published_shapes(config, task, pooler).items():
        is_norm = "orm.weight" in name
        spread = 0.3 if len(shape) == 1 or "embeddings" in name else 0.2
        arrays[name] = random.normal(1.0 if is_norm else 0.0, spread, shape)
    return arrays
