"""Vectors: of each token of a text, or one for a text, pooled as sentence-transformers says.

Letters of shapes: B rows, T tokens, D hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require, require_file
from camembert_dual.storage.file_names import CONFIG, SENTENCE_MODULES, SENTENCE_SETTINGS
from camembert_dual.storage.json_files import read_json, read_json_list
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of

POOLINGS = ("mean", "cls", "max")
_OLD_KEYS = {  # of a file before it said "pooling_mode"
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
STATES = "last_hidden_state"
_KINDS = ("Transformer", "Pooling", "Normalize")

Vectors = npt.NDArray[np.float32]


class EmbeddingSettings(NamedTuple):
    """How a folder of sentence-transformers makes vectors.

    Attributes:
        pooling: ``"mean"`` of the tokens' states, ``"cls"`` (the first one's) or ``"max"``.
        normalize: Whether vectors get the length 1.
        max_length: The most tokens of a text, or None for what the model takes.
    """

    pooling: str = "mean"
    normalize: bool = False
    max_length: int | None = None


def embedding_settings(folder: str | Path) -> EmbeddingSettings:
    """Read ``modules.json`` and what it names in a folder of sentence-transformers.

    Raises:
        CheckpointError: If a file is damaged, or the folder pools in another way.
        FileNotFoundError: If it has no such files.
    """
    path = Path(folder) / SENTENCE_MODULES
    rows = [(one.get("type"), one.get("path")) for one in read_json_list(path)]
    sound = all(isinstance(one, str) for row in rows for one in row)
    require_file(path, sound, "each module must have a type and a path, both texts", rows)
    modules = {str(kind).rpartition(".")[2]: str(place) for kind, place in rows}
    others = [kind for kind in modules if kind not in _KINDS]
    rule = f"the modules must be among {', '.join(_KINDS)}, one of each"
    require_file(path, not others and "Pooling" in modules, rule, ", ".join(modules))
    pooled = Path(folder) / modules["Pooling"] / CONFIG
    settings = read_json(pooled)
    found = [settings["pooling_mode"]] if "pooling_mode" in settings else []
    found += [mode for key, mode in _OLD_KEYS.items() if settings.get(key)]
    known = len(found) == 1 and found[0] in POOLINGS
    require_file(pooled, known, f"the pooling must be one of {', '.join(POOLINGS)}", found)
    lengths = Path(folder) / modules.get("Transformer", "") / SENTENCE_SETTINGS
    length = read_json(lengths).get("max_seq_length") if lengths.exists() else None
    return EmbeddingSettings(found[0], "Normalize" in modules, length)


def pool(states: Array, attention_mask: Any, pooling: str) -> Vectors:
    """Make one vector of the states of a text's tokens.

    Args:
        states: (B, T, D).
        attention_mask: (B, T), 0 for padding; a row holds at least one token.
        pooling: One of ``POOLINGS``.

    Returns:
        (B, D).

    Raises:
        ValueError: If the pooling is none of them.
    """
    require(pooling in POOLINGS, f"pooling must be one of {', '.join(POOLINGS)}", repr(pooling))
    numbers = states.astype(np.float32)
    is_token = np.asarray(attention_mask) != 0  # (B, T)
    if pooling == "cls":
        vectors: Vectors = numbers[np.arange(len(numbers)), is_token.argmax(axis=1)]
    elif pooling == "max":
        vectors = np.where(is_token[..., None], numbers, -np.inf).max(axis=1)
    else:
        total = np.where(is_token[..., None], numbers, 0.0).sum(axis=1)
        vectors = total / is_token.sum(axis=1, keepdims=True)
    return vectors.astype(np.float32)


def normalised(vectors: Vectors) -> Vectors:
    """Give vectors (B, D) the length 1; one of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    shortened: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return shortened


@dataclass(frozen=True)
class FeatureOptions:
    """How texts are read, and as what features are given.

    Attributes:
        truncation: Whether, or how, what is too long is cut; the tokenizer's own way if None.
        tokenize_kwargs: Options of the tokenizer's call.
        return_tensors: Whether to give a NumPy array instead of lists.
    """

    truncation: bool | str | None = None
    tokenize_kwargs: Mapping[str, Any] = field(default_factory=dict)
    return_tensors: bool = False

    def __post_init__(self) -> None:
        """Put the options of the tokenizer together."""
        asked = dict(self.tokenize_kwargs or {})
        if self.truncation is not None:
            rule = "truncation must be given once, outside of tokenize_kwargs"
            require("truncation" not in asked, rule, "twice")
            asked["truncation"] = self.truncation
        object.__setattr__(self, "tokenize_kwargs", asked)


def prepare(kit: Kit, example: Any, options: FeatureOptions) -> Prepared:
    """Encode a text."""
    require(isinstance(example, str), "A text must be a str", type(example).__name__)
    encoding = kit.tokenizer([example], **options.tokenize_kwargs)
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: FeatureOptions
) -> Any:
    """Give the first output of the model for a text: (1, T, D) for states."""
    first = next(iter(answers[0].values()))
    length = len(prepared.parts[0]["input_ids"])
    features = first[None, :length] if first.ndim > 1 else first[None]
    return features if options.return_tensors else features.tolist()


@dataclass(frozen=True)
class SentenceOptions:
    """How one vector is made of a text.

    Attributes:
        pooling: ``"mean"`` of the tokens' states, ``"cls"`` (the first one's) or ``"max"``.
        normalize: Whether vectors get the length 1.
        max_length: The most tokens of a text, or None for what the model takes.
        return_tensors: Whether to give a NumPy array instead of a list.
    """

    pooling: str = "mean"
    normalize: bool = False
    max_length: int | None = None
    return_tensors: bool = False


def prepare_sentence(kit: Kit, example: Any, options: SentenceOptions) -> Prepared:
    """Encode a text; what is too long is cut."""
    require(isinstance(example, str), "A text must be a str", type(example).__name__)
    longest = min(kit.longest, options.max_length or kit.longest)
    encoding = kit.tokenizer([example], truncation=True, max_length=longest)
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode_sentence(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: SentenceOptions
) -> Any:
    """Make one vector (D,) of the states (T, D) of a text."""
    length = len(prepared.parts[0]["input_ids"])
    states = answers[0][STATES][None, :length]
    vectors = pool(states, np.ones((1, length)), options.pooling)
    vector = (normalised(vectors) if options.normalize else vectors)[0]
    return vector if options.return_tensors else vector.tolist()
