"""Examples into batches, by the names of ``transformers`` 4: padded, labelled, masked.

A collator works on NumPy arrays and gives tensors of the framework that it is asked for. Examples
are dicts (or tokenizers' results) of one row each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from camembert_dual.common.arrays import Array, IntArray, as_lists, to_numpy, to_tensor
from camembert_dual.common.errors import refusal, require
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.training.masking import MaskingVocabulary, mask_whole_words, vocabulary_of
from camembert_dual.training.settings import CHOSEN_SHARE

LABELS = ("label", "label_ids")  # how examples spell what a model takes as labels
Features = Sequence[Any]


def default_data_collator(features: Features, return_tensors: str = "pt") -> dict[str, Any]:
    """Put rows of one length together, field by field; ``label`` and ``label_ids`` become labels.

    Args:
        features: Examples, or objects with such attributes.
        return_tensors: ``"pt"``, ``"tf"`` or ``"np"``.

    Returns:
        Each field that is neither a text nor None in the first example.

    Raises:
        ImportError: If the framework is not installed.
        ValueError: If there are no examples, or rows of a field differ in length.
    """
    rows = _as_dicts(features)
    return {
        "labels" if name in LABELS else name: to_tensor(
            _stacked(name, [row[name] for row in rows]), return_tensors
        )
        for name, value in rows[0].items()
        if value is not None and not isinstance(value, str)
    }


@dataclass
class DefaultDataCollator:
    """:func:`default_data_collator` as an object.

    Attributes:
        return_tensors: ``"pt"``, ``"tf"`` or ``"np"``.
    """

    return_tensors: str = "pt"

    def __call__(self, features: Features, return_tensors: str | None = None) -> dict[str, Any]:
        """Put rows of one length together."""
        return default_data_collator(features, return_tensors or self.return_tensors)


@dataclass
class DataCollatorWithPadding:
    """Pads the rows of each batch, as the tokenizer pads.

    Attributes:
        tokenizer: Whose ``pad`` it is.
        padding: True or ``"longest"``, ``"max_length"``, or False.
        max_length: Of rows under ``"max_length"``.
        pad_to_multiple_of: What the length of a batch is a multiple of.
        return_tensors: ``"pt"``, ``"tf"`` or ``"np"``.
    """

    tokenizer: Any
    padding: bool | str = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    return_tensors: str = "pt"

    def __call__(self, features: Features) -> Any:
        """Pad a batch; ``label`` and ``label_ids``, one for each row, become ``labels``.

        Raises:
            ValueError: If there are no examples, or a field cannot become a tensor.
        """
        rows = _as_dicts(features)
        kept = [{name: row[name] for name in row if name not in LABELS} for row in rows]
        batch = _padded(self, kept, self.return_tensors)
        for name in [one for one in LABELS if rows[0].get(one) is not None]:
            labels = _stacked(name, [row[name] for row in rows])
            batch["labels"] = to_tensor(labels, self.return_tensors)
        return batch


@dataclass
class DataCollatorForTokenClassification:
    """Pads the rows of each batch, and their labels, one for each token.

    Attributes:
        tokenizer: Whose ``pad`` it is.
        padding: True or ``"longest"``, ``"max_length"``, or False.
        max_length: Of rows under ``"max_length"``.
        pad_to_multiple_of: What the length of a batch is a multiple of.
        label_pad_token_id: The label of padding, which no loss counts.
        return_tensors: ``"pt"``, ``"tf"`` or ``"np"``.
    """

    tokenizer: Any
    padding: bool | str = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    label_pad_token_id: int = IGNORE_INDEX
    return_tensors: str = "pt"

    def __call__(self, features: Features, return_tensors: str | None = None) -> Any:
        """Pad a batch; labels are ``label`` or ``labels``, and stay under that name.

        Raises:
            ValueError: If there are no examples, or a row has more labels than tokens.
        """
        kind = return_tensors or self.return_tensors
        rows = _as_dicts(features)
        field = LABELS[0] if LABELS[0] in rows[0] else "labels"
        kept = [{name: row[name] for name in row if name != field} for row in rows]
        batch = _padded(self, kept, kind)
        if field in rows[0]:
            labels = [as_lists(row[field]) for row in rows]
            batch[field] = to_tensor(self._grown(labels, batch["input_ids"].shape[1]), kind)
        return batch

    def _grown(self, labels: list[list[int]], width: int) -> IntArray:
        """Labels (B, T), padded where the tokenizer pads its ids."""
        longest = max(map(len, labels))
        require(longest <= width, f"A row must have at most {width} labels, as tokens", longest)
        grown = np.full((len(labels), width), self.label_pad_token_id, dtype=np.int64)
        for row, values in zip(grown, labels, strict=True):
            is_right = self.tokenizer.padding_side == "right"
            row[slice(len(values)) if is_right else slice(width - len(values), width)] = values
        return grown


@dataclass
class DataCollatorForLanguageModeling:
    """Pads rows of ids and hides tokens of them, other ones at each call; or labels them as a text.

    Draws come from NumPy's global generator, which ``set_seed`` and the workers of PyTorch's
    ``DataLoader`` seed. Random tokens are drawn from the ordinary ones.

    Attributes:
        tokenizer: The tokenizer of the ids.
        mlm: Whether to hide tokens; else labels are the ids themselves, for a causal model.
        mlm_probability: Share of the ordinary tokens to choose, of which 80 % become ``<mask>``,
            10 % others and 10 % stay.
        pad_to_multiple_of: What the length of a batch is a multiple of.
        tf_experimental_compile: Accepted; no graph draws, so there is none to compile.
        return_tensors: ``"pt"``, ``"tf"`` or ``"np"``.

    Raises:
        ValueError: If tokens are to be hidden and the tokenizer has no ``<mask>``.
    """

    tokenizer: Any
    mlm: bool = True
    mlm_probability: float = CHOSEN_SHARE
    pad_to_multiple_of: int | None = None
    tf_experimental_compile: bool = False
    return_tensors: str = "pt"

    def __post_init__(self) -> None:
        self._vocabulary = self._read_vocabulary() if self.mlm else None

    def __call__(self, features: Features, return_tensors: str | None = None) -> Any:
        """Pad a batch and give it labels, -100 where there is nothing to predict.

        Args:
            features: Examples, or rows of ids; ``special_tokens_mask`` says which tokens stay.
            return_tensors: Another kind for this call.

        Raises:
            ValueError: If there are no examples, or an id is outside the vocabulary.
        """
        named = [
            one if isinstance(one, Mapping) else {"input_ids": as_lists(one)} for one in features
        ]
        batch = _padded(self, _as_dicts(named), "np")
        kept = batch.pop("special_tokens_mask", None)
        ids = batch["input_ids"]
        if self.mlm:
            batch["input_ids"], batch["labels"] = self._hidden(ids, kept)
        else:
            is_padding = ids == self.tokenizer.pad_token_id
            batch["labels"] = np.where(is_padding, IGNORE_INDEX, ids)
        return batch.convert_to_tensors(return_tensors or self.return_tensors)

    def _hidden(self, ids: IntArray, kept: Array | None) -> tuple[IntArray, IntArray]:
        """Masked ids and labels (B, T); what is kept counts as special while words are drawn."""
        vocabulary = self._current_vocabulary()
        rng = np.random.default_rng(np.random.randint(2**31, size=4))
        is_kept = np.zeros(ids.shape, bool) if kept is None else kept.astype(bool)
        visible = np.where(is_kept, vocabulary.pad_token_id, ids)
        masked, labels = mask_whole_words(
            visible, vocabulary, rng, chosen_share=self.mlm_probability
        )
        return np.where(is_kept, ids, masked), labels

    def _current_vocabulary(self) -> MaskingVocabulary:
        """That of the tokenizer as it is now, to which tokens may have been added."""
        if self._vocabulary is None or self._vocabulary.special.size != len(self.tokenizer):
            self._vocabulary = self._read_vocabulary()
        return self._vocabulary

    def _read_vocabulary(self) -> MaskingVocabulary:
        """A vocabulary in which each token is a word."""
        vocabulary = vocabulary_of(self.tokenizer)
        every = np.ones_like(vocabulary.word_starts)
        return dataclasses.replace(vocabulary, word_starts=every)


@dataclass
class DataCollatorForWholeWordMask(DataCollatorForLanguageModeling):
    """The same with whole words of SentencePiece hidden, as CamemBERT was trained.

    See :func:`camembert_dual.training.masking.mask_whole_words`.
    """

    def _read_vocabulary(self) -> MaskingVocabulary:
        return vocabulary_of(self.tokenizer)


def _as_dicts(features: Features) -> list[Mapping[str, Any]]:
    require(len(features), "A batch must have at least one example", "none")
    return [one if isinstance(one, Mapping) else vars(one) for one in features]


def _padded(collator: Any, rows: Sequence[Mapping[str, Any]], return_tensors: str) -> Any:
    """The rows as a batch of the collator's tokenizer."""
    return collator.tokenizer.pad(
        rows,
        padding=getattr(collator, "padding", True),
        max_length=getattr(collator, "max_length", None),
        pad_to_multiple_of=collator.pad_to_multiple_of,
        return_tensors=return_tensors,
    )


def _stacked(name: str, values: list[Any]) -> Array:
    """Rows of a field as one array; Python's floats are float32, as frameworks take them."""
    try:
        array = np.stack([to_numpy(one) if hasattr(one, "numpy") else one for one in values])
    except ValueError as error:
        rule = f"Rows of {name} must have one shape; a padding collator makes them so"
        raise refusal(rule, "several") from error
    typed = hasattr(values[0], "dtype")
    return array.astype(np.float32) if array.dtype == np.float64 and not typed else array
