"""What every tokenizer of this package can do, over any segmenter."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from camembert_dual.common.errors import require, shown
from camembert_dual.tokenization.added_tokens import ADDITIONAL, ROLES
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.deprecated import read_old_options
from camembert_dual.tokenization.encode import Encoded, encode_texts, pad_encodings
from camembert_dual.tokenization.files import TokenizerFolder, read_folder
from camembert_dual.tokenization.options import (
    DEFAULTS,
    NO_LIMIT,
    NO_OPTIONS,
    OPTION_KINDS,
    SANE_LIMIT,
    SETTING_KINDS,
    Options,
    Rules,
    check_kinds,
    truncation_of,
)
from camembert_dual.tokenization.samples import read_samples
from camembert_dual.tokenization.segmenter import Segmenter
from camembert_dual.tokenization.template import Placed, Templates, place
from camembert_dual.tokenization.vocabulary import Vocabulary

PAD_OPTIONS = (
    *("max_length", "pad_to_multiple_of", "padding_side"),
    *("return_attention_mask", "return_tensors", "verbose"),
)
SAVED_ATTRIBUTES = (
    *("clean_up_tokenization_spaces", "model_max_length", "padding_side", "truncation_side"),
)

Self = TypeVar("Self", bound="BaseTokenizer")


class BaseTokenizer(Vocabulary, ABC):
    """Turn text into model inputs and back.

    Attributes:
        model_max_length: Tokens that the model takes; ``int(1e30)`` if unknown.
        padding_side: Where padding goes, "right" or "left".
        truncation_side: Where text is cut, "right" or "left".
        split_special_tokens: Whether added tokens that stand in a text are text.
        model_input_names: The fields that a call returns unless told otherwise.
        name_or_path: What the tokenizer was loaded from.
        init_kwargs: The settings that it was made with; those of no meaning here are saved again.
        deprecation_warnings: What was warned of once and is not warned of again.
    """

    is_fast = False
    padding_side = truncation_side = "right"
    model_input_names: Sequence[str] = ("input_ids", "attention_mask")
    pad_token_type_id = 0

    def __init__(
        self,
        segmenter: Segmenter,
        special_tokens: Mapping[str, Any],
        *,
        additional_special_tokens: Any = (),
        model_max_length: int | None = None,
        padding_side: str | None = None,
        truncation_side: str | None = None,
        model_input_names: Sequence[str] | None = None,
        clean_up_tokenization_spaces: bool | None = False,
        split_special_tokens: bool = False,
        name_or_path: str = "",
        **init_kwargs: Any,
    ) -> None:
        """Set the attributes and add the special tokens that the vocabulary lacks."""
        super().__init__(segmenter, special_tokens, additional_special_tokens)
        given = {name: value for name, value in locals().items() if value is not None}
        check_kinds(given, SETTING_KINDS)
        self.model_max_length = NO_LIMIT if model_max_length is None else int(model_max_length)
        self.padding_side = padding_side or self.padding_side
        self.truncation_side = truncation_side or self.truncation_side
        self.model_input_names = list(model_input_names or self.model_input_names)
        self.clean_up_tokenization_spaces = bool(clean_up_tokenization_spaces)
        self.split_special_tokens = split_special_tokens
        self.name_or_path = name_or_path
        self.init_inputs = ()
        self.init_kwargs = {
            **init_kwargs,
            **{role: special_tokens.get(role) for role in ROLES},
            ADDITIONAL: self.additional_special_tokens,
            "model_max_length": self.model_max_length,
            "padding_side": self.padding_side,
            "truncation_side": self.truncation_side,
        }
        self.deprecation_warnings: dict[str, bool] = {}

    @classmethod
    def from_pretrained(
        cls: type[Self], pretrained_model_name_or_path: str | Path, **options: Any
    ) -> Self:
        """Load a tokenizer from a folder, a bundled checkpoint or the hub.

        Args:
            pretrained_model_name_or_path: The folder, or the name.
            **options: ``revision``, ``cache_dir``, ``token`` and ``local_files_only`` for the hub;
                ``vocab_file`` and ``tokenizer_file`` in the place of the folder's own; anything
                else overrides what the files say.

        Raises:
            FileNotFoundError: If there is no such folder, or no tokenizer in it.
            ValueError: If the files are of another kind of tokenizer.
        """
        return cls.from_folder(read_folder(pretrained_model_name_or_path, options))

    @classmethod
    @abstractmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder) -> Self:
        """Build the tokenizer of a folder that has been read."""

    @abstractmethod
    def contents(self, legacy_format: bool | None = None) -> dict[str, str | bytes]:
        """The files that the tokenizer is loaded from, by name.

        Args:
            legacy_format: Whether the older of two forms is written, or the newer; None for both.
        """

    @abstractmethod
    def templates(self) -> Templates:
        """Where special tokens stand."""

    def __call__(
        self,
        text: Any = None,
        text_pair: Any = None,
        text_target: Any = None,
        text_pair_target: Any = None,
        add_special_tokens: bool = True,
        padding: bool | str | None = False,
        truncation: bool | str | None = None,
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        padding_side: str | None = None,
        split_special_tokens: bool | None = None,
        **old_options: Any,
    ) -> BatchEncoding:
        """Encode one text or many, single or in pairs.

        Args:
            text: A text, or a list of texts, or a list of pairs of texts; where
                ``is_split_into_words`` is true, lists of words take the place of texts.
            text_pair: The second text, or as many as there are first ones.
            text_target: Texts that are labels: alone, or their ids beside the others' fields as
                ``labels``.
            text_pair_target: The second ones of these.
            add_special_tokens: Whether to add ``<s>`` and ``</s>``.
            padding: True or "longest" pads to the longest row, "max_length" to ``max_length``.
            truncation: True or "longest_first" shortens the longer of two sequences,
                "only_first" and "only_second" always the same one.
            max_length: Tokens of a row, special ones included; the model's limit by default. Given
                without ``padding`` and ``truncation`` it truncates.
            stride: Tokens that a window shares with the one before it.
            is_split_into_words: Whether texts come as lists of words.
            pad_to_multiple_of: Rounds the padded length up.
            return_tensors: "np", "pt" or "tf"; lists by default.
            return_token_type_ids: Whether to return ``token_type_ids``.
            return_attention_mask: Whether to return ``attention_mask``.
            return_overflowing_tokens: Whether what truncation cuts off comes back as further rows,
                with ``overflow_to_sample_mapping`` telling whose they are.
            return_special_tokens_mask: Whether to return 1 for special tokens, 0 for others.
            return_offsets_mapping: Whether to return the characters of every token.
            return_length: Whether to return the length of every row.
            verbose: Whether to warn, once, of rows that are too long for the model.
            padding_side: "right" or "left"; the tokenizer's by default.
            split_special_tokens: Whether added tokens that stand in the text are text; the
                tokenizer's attribute by default, which is False.
            **old_options: Those of :mod:`camembert_dual.tokenization.deprecated`.

        Raises:
            TypeError: If something is not text, or there is no such option.
            ValueError: If options contradict each other or cannot be met.
        """
        given = locals()
        check_kinds({"is_split_into_words": is_split_into_words}, OPTION_KINDS)
        named = {name: given[name] for name in DEFAULTS if given[name] is not DEFAULTS[name]}
        if old_options:
            named = read_old_options({**DEFAULTS, **named}, old_options)
        options = Options(**named) if named else NO_OPTIONS
        if text_target is None:
            return self._encode(text, text_pair, is_split_into_words, options)
        labels = self._encode(text_target, text_pair_target, is_split_into_words, options)
        if text is None:
            return labels
        encoding = self._encode(text, text_pair, is_split_into_words, options)
        encoding["labels"] = labels["input_ids"]
        return encoding

    def _encode(self, text: Any, text_pair: Any, split: bool, options: Options) -> BatchEncoding:
        samples = read_samples(text, text_pair, split)
        encoded = encode_texts(self.segmenter, self.rules(), samples, options)
        return self._warned_of(encoded, options)

    def tokenize(
        self, text: str, pair: str | None = None, add_special_tokens: bool = False, **options: Any
    ) -> list[str]:
        """The tokens of one text as strings.

        Raises:
            TypeError: If it is not one text.
        """
        words = options.get("is_split_into_words") and isinstance(text, list | tuple)
        if not isinstance(text, str) and not (words and all(isinstance(one, str) for one in text)):
            raise TypeError(f"text must be one str; received {type(text).__name__}.")
        options = {"add_special_tokens": add_special_tokens, "verbose": False} | options
        return self(text, pair, **options).tokens()

    def pad(
        self,
        encoded_inputs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        padding: bool | str = True,
        **options: Any,
    ) -> BatchEncoding:
        """Pad one encoding, a batch of rows by name, or a list of encodings.

        Fields that tokenizers make grow; others stay as they are. A missing attention mask is made.

        Args:
            encoded_inputs: What to pad, with ``input_ids``.
            padding: That of a call.
            **options: Those of a call that speak of padding, and of what is returned.

        Raises:
            ValueError: If there is no ``input_ids``, or a field cannot become a tensor.
        """
        unknown = options.keys() - PAD_OPTIONS
        require(not unknown, f"Options must be of {', '.join(PAD_OPTIONS)}", shown(sorted(unknown)))
        checked = Options(padding=padding, **options)
        return pad_encodings(self.rules(), encoded_inputs, checked)

    def build_inputs_with_special_tokens(
        self, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
    ) -> list[int]:
        """One or two sequences of ids with the special tokens around them."""
        return self._place(token_ids_0, token_ids_1).ids

    def create_token_type_ids_from_sequences(
        self, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
    ) -> list[int]:
        """The token types of the same; zeros for CamemBERT."""
        return self._place(token_ids_0, token_ids_1).type_ids

    def get_special_tokens_mask(
        self,
        token_ids_0: Sequence[int],
        token_ids_1: Sequence[int] | None = None,
        already_has_special_tokens: bool = False,
    ) -> list[int]:
        """1 for special tokens, 0 for others; of ids before or after special tokens are added.

        Raises:
            ValueError: If there are two sequences that have their special tokens already.
        """
        if not already_has_special_tokens:
            return self._place(token_ids_0, token_ids_1).special_tokens_mask
        rule = "Ids that have their special tokens must come as one sequence"
        require(token_ids_1 is None, rule, "two")
        special = self.segmenter.added.special_ids
        return [int(index in special) for index in self.known_ids(token_ids_0, "token_ids_0")]

    def _place(self, token_ids_0: Any, token_ids_1: Any) -> Placed:
        first = self.known_ids(token_ids_0, "token_ids_0")
        second = None if token_ids_1 is None else self.known_ids(token_ids_1, "token_ids_1")
        return place(self.templates(), first, second)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what was warned of."""
        return vars(self) | {"deprecation_warnings": {}}

    def __repr__(self) -> str:
        """The settings that matter."""
        return (
            f"{type(self).__name__}(name_or_path={self.name_or_path!r}, tokens={len(self)}, "
            f"model_max_length={self.model_max_length}, padding_side={self.padding_side!r}, "
            f"truncation_side={self.truncation_side!r}, special_tokens={self.special_tokens_map})"
        )

    @property
    def length_limit(self) -> int | None:
        """``model_max_length`` where it means something."""
        limit = self.model_max_length
        return int(limit) if limit is not None and limit < SANE_LIMIT else None

    @property
    def unknown_id(self) -> int | None:
        """The id of text that the vocabulary lacks; None if the vocabulary alone decides it."""
        return None

    def rules(self) -> Rules:
        """What this tokenizer adds to the options of a call, as it is now.

        Raises:
            ValueError: If an attribute is of another kind.
        """
        check_kinds(vars(self), SETTING_KINDS)
        return Rules(
            templates=self.templates(),
            limit=self.length_limit,
            padding_side=self.padding_side,
            truncation_side=self.truncation_side,
            pad_token=self.pad_token,
            pad_token_id=self.pad_token_id,
            pad_token_type_id=self.pad_token_type_id,
            input_names=tuple(self.model_input_names),
            unk_id=self.unknown_id,
            special_rows=self.segmenter.added.special_rows,
            split_special_tokens=self.split_special_tokens,
        )

    def saved_settings(self) -> dict[str, Any]:
        """The attributes that ``tokenizer_config.json`` keeps."""
        return {name: getattr(self, name) for name in SAVED_ATTRIBUTES}

    def _warned_of(self, encoded: Encoded, options: Options) -> BatchEncoding:
        """Warn, once in a tokenizer's life, of a row that the model cannot take."""
        limit = self.length_limit
        is_over = limit is not None and encoded.longest > limit
        told = self.deprecation_warnings.get("length", False)
        if is_over and options.verbose and truncation_of(options) is None and not told:
            self.deprecation_warnings["length"] = True
            warnings.warn(
                f"a row of {encoded.longest} tokens is over the model's limit of {limit}; "
                "pass truncation=True",
                stacklevel=4,
            )
        return encoded.encoding
