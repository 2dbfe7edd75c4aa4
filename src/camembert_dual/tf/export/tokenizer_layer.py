"""``TFCamembertTokenizer``: the tokenizer as a Keras layer, for models that take strings."""

import base64
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.backends import import_optional
from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import PIECE_OFFSET
from camembert_dual.tokenization import CamembertTokenizer
from camembert_dual.tokenization.camembert import CamembertBase


@keras.saving.register_keras_serializable(package="camembert_dual")
class TFCamembertTokenizer(keras.layers.Layer):
    """Turns strings (N) into ``input_ids`` and ``attention_mask`` (N, L), inside the graph.

    It gives the ids of :class:`CamembertTokenizer`, except that special tokens written in the text
    are ordinary text, and that where two cuts are equally probable it may take the other one.
    (The library's older ``SentencepieceTokenizer`` does so far more often.)
    """

    def __init__(
        self,
        proto: bytes | str,
        *,
        max_length: int = 512,
        pad_to_max_length: bool = False,
        cls_id: int = 5,
        sep_id: int = 6,
        pad_id: int = 1,
        unk_id: int = 3,
        **options: Any,
    ) -> None:
        """Load a vocabulary.

        Args:
            proto: The serialized SentencePiece model, or its base64 text.
            max_length: Longest row, special tokens included; longer text is cut.
            pad_to_max_length: Whether rows are padded to ``max_length``, which gives static
                shapes; by default to the longest row.
            cls_id: The id of ``<s>``.
            sep_id: The id of ``</s>``.
            pad_id: The id of ``<pad>``.
            unk_id: The id of ``<unk>``.
            **options: Those of ``keras.layers.Layer``.

        Raises:
            ImportError: If tensorflow-text is not installed.
            ValueError: If ``max_length`` has no room for the special tokens of a pair.
        """
        super().__init__(**options)
        text = import_optional("tensorflow_text", "tf-text", type(self).__name__, "tensorflow-text")
        require(max_length >= 4, "max_length must leave room for four special tokens", max_length)
        self.proto = base64.b64decode(proto) if isinstance(proto, str) else proto
        self.max_length = max_length
        self.pad_to_max_length = pad_to_max_length
        self.ids = {"cls_id": cls_id, "sep_id": sep_id, "pad_id": pad_id, "unk_id": unk_id}
        self.pieces = text.FastSentencepieceTokenizer(self.proto)

    @classmethod
    def from_tokenizer(cls, tokenizer: CamembertBase, **options: Any) -> "TFCamembertTokenizer":
        """The layer of a tokenizer; ``options`` are those of the constructor."""
        options.setdefault("max_length", tokenizer.length_limit or 512)
        single = (
            tokenizer.templates().single
        )  # what the files put around a text, whatever the roles
        ends = [piece.content for piece in single if not isinstance(piece.content, str)]
        require(len(ends) == 2, "A tokenizer must put one token before a text and one behind", ends)
        ids = {
            "cls_id": ends[0],
            "sep_id": ends[1],
            "pad_id": tokenizer.pad_token_id,
            "unk_id": tokenizer.unknown_id,
        }
        return cls(tokenizer.segmenter.model, **(ids | options))

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path, **options: Any) -> "TFCamembertTokenizer":
        """The layer of a folder's tokenizer; ``options`` are those of the constructor."""
        return cls.from_tokenizer(CamembertTokenizer.from_pretrained(name_or_path), **options)

    def __call__(self, texts: Any, *args: Any, **options: Any) -> Any:
        """Encode texts; strings of Python become tensors, which alone Keras takes by position."""
        return super().__call__(as_strings(texts), *args, **options)

    def call(self, texts: Any) -> dict[str, Any]:
        """Encode strings (N) or (), or a pair of strings (N) and strings (N)."""
        pair = isinstance(texts, (list, tuple))
        rows = [self._encode(one) for one in (texts if pair else (texts,))]
        room = self.max_length - (4 if pair else 2)
        if pair:
            first, second = _shorten(rows[0], rows[1], room)
            parts = ["cls_id", first, "sep_id", "sep_id", second, "sep_id"]
        else:
            parts = ["cls_id", rows[0][:, :room], "sep_id"]
        count = rows[0].nrows()
        ids = tf.concat(
            [tf.fill([count, 1], self.ids[p]) if isinstance(p, str) else p for p in parts], axis=1
        )
        width = self.max_length if self.pad_to_max_length else None
        shape = [None, width]
        mask = tf.ones_like(ids).to_tensor(0, shape=shape)
        return {"input_ids": ids.to_tensor(self.ids["pad_id"], shape=shape), "attention_mask": mask}

    def _encode(self, texts: Any) -> Any:
        pieces = self.pieces.tokenize(tf.reshape(texts, [-1]))
        unknown = pieces.values == 0
        ids = tf.where(unknown, self.ids["unk_id"], pieces.values + PIECE_OFFSET)
        return pieces.with_values(ids).with_row_splits_dtype(tf.int64)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, the vocabulary among them."""
        return super().get_config() | {
            "proto": base64.b64encode(self.proto).decode(),
            "max_length": self.max_length,
            "pad_to_max_length": self.pad_to_max_length,
            **self.ids,
        }


def as_strings(texts: Any) -> Any:
    """A string or a list of strings as a tensor, also of each part of a pair."""
    if isinstance(texts, str | bytes):
        return tf.constant(texts)
    if not isinstance(texts, list | tuple):
        return texts
    if all(isinstance(one, str | bytes) for one in texts):
        return tf.constant(texts, tf.string)
    return [as_strings(one) for one in texts]


def _shorten(first: Any, second: Any, room: int) -> tuple[Any, Any]:
    """Cut the longer of two sequences until both fit, as ``longest_first`` does."""
    a, b = first.row_lengths(), second.row_lengths()
    room = tf.constant(room, a.dtype)
    both = 2 * tf.minimum(a, b) >= room
    keep_a = tf.where(both, (room + 1) // 2, tf.where(a > b, room - b, a))
    keep_b = tf.where(both, room // 2, tf.where(a > b, b, room - a))
    fits = a + b <= room
    return (
        _cut(first, tf.where(fits, a, keep_a)),
        _cut(second, tf.where(fits, b, keep_b)),
    )


def _cut(rows: Any, sizes: Any) -> Any:
    """The first ``sizes`` values of every row."""
    places = tf.ragged.range(rows.row_lengths())
    return tf.ragged.boolean_mask(rows, places < tf.expand_dims(sizes, 1))
