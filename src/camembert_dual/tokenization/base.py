"""What every tokenizer of this package can do, over any backend."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from camembert_dual.common.arrays import as_lists
from camembert_dual.storage.locate import HUB_OPTIONS
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.decoding import clean_up, join_tokens, text_runs
from camembert_dual.tokenization.encode import encode_samples
from camembert_dual.tokenization.files import TokenizerFolder, open_folder
from camembert_dual.tokenization.options import Options
from camembert_dual.tokenization.padding import pad_encodings
from camembert_dual.tokenization.prepare import prepare_ids
from camembert_dual.tokenization.samples import read_samples
from camembert_dual.tokenization.segmenter import Backend
from camembert_dual.tokenization.template import Templates, count_special, place
from camembert_dual.tokenization.vocabulary import Vocabulary

NO_LIMIT = int(1e30)

Self = TypeVar("Self", bound="BaseTokenizer")


class BaseTokenizer(Vocabulary, ABC):
    """Turns text into model inputs and back.

    Attributes:
        model_max_length: Tokens that the model takes; ``int(1e30)`` if unknown.
        padding_side: Where padding goes, "right" or "left".
        truncation_side: Where text is cut, "right" or "left".
        model_input_names: The fields that a call returns unless told otherwise.
        clean_up_tokenization_spaces: Whether :meth:`decode` removes blanks before ``. ? ! ,``.
        name_or_path: What the tokenizer was loaded from.
        init_kwargs: Further settings, kept and saved again.
    """

    is_fast = False

    def __init__(
        self,
        backend: Backend,
        special_tokens: Mapping[str, Any],
        *,
        additional_special_tokens: Iterable[Any] = (),
        model_max_length: int | None = None,
        padding_side: str = "right",
        truncation_side: str = "right",
        model_input_names: Sequence[str] = ("input_ids", "attention_mask"),
        clean_up_tokenization_spaces: bool = False,
        name_or_path: str = "",
        **init_kwargs: Any,
    ) -> None:
        """Sets the attributes and adds the special tokens that the vocabulary lacks."""
        super().__init__(backend, special_tokens, additional_special_tokens)
        self.model_max_length = NO_LIMIT if model_max_length is None else int(model_max_length)
        self.padding_side = padding_side
        self.truncation_side = truncation_side
        self.model_input_names = list(model_input_names)
        self.clean_up_tokenization_spaces = clean_up_tokenization_spaces
        self.name_or_path = name_or_path
        self.init_kwargs = init_kwargs
        self.pad_token_type_id = 0
        self._warned = False

    @classmethod
    def from_pretrained(cls: type[Self], name_or_path: str | Path, **options: Any) -> Self:
        """Loads a tokenizer from a folder, a bundled checkpoint or the hub.

        Args:
            name_or_path: The folder, or the name.
            **options: ``revision``, ``cache_dir``, ``token`` and ``local_files_only`` for the hub;
                anything else overrides what the files say.

        Raises:
            FileNotFoundError: If there is no such folder, or no tokenizer in it.
            ValueError: If the files are of another kind of tokenizer.
        """
        hub = {name: options.pop(name) for name in HUB_OPTIONS if name in options}
        return cls.from_folder(open_folder(name_or_path, **hub), **options)

    @classmethod
    @abstractmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder, **options: Any) -> Self:
        """Builds the tokenizer of a folder that has been read; ``options`` override its files."""

    @abstractmethod
    def save_pretrained(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Writes the files that the tokenizer is loaded from; returns their paths."""

    @abstractmethod
    def templates(self) -> Templates:
        """Where special tokens stand."""

    def __call__(
        self,
        text: Any = None,
        text_pair: Any = None,
        *,
        is_split_into_words: bool = False,
        add_special_tokens: bool = True,
        padding: bool | str | None = False,
        truncation: bool | str | None = None,
        max_length: int | None = None,
        stride: int = 0,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
    ) -> BatchEncoding:
        """Encodes one text or many, single or in pairs.

        Args:
            text: A text, or a list of texts, or a list of pairs of texts; where
                ``is_split_into_words`` is true, lists of words take the place of texts.
            text_pair: The second text, or as many as there are first ones.
            is_split_into_words: Whether texts come as lists of words.
            add_special_tokens: Whether to add ``<s>`` and ``</s>``.
            padding: True or "longest" pads to the longest row, "max_length" to ``max_length``.
            truncation: True or "longest_first" shortens the longer of two sequences,
                "only_first" and "only_second" always the same one.
            max_length: Tokens of a row, special ones included; the model's limit by default. Given
                without ``padding`` and ``truncation`` it truncates.
            stride: Tokens that a window shares with the one before it.
            pad_to_multiple_of: Rounds the padded length up.
            padding_side: "right" or "left"; the tokenizer's by default.
            return_tensors: "np", "pt" or "tf"; lists by default.
            return_token_type_ids: Whether to return ``token_type_ids``.
            return_attention_mask: Whether to return ``attention_mask``.
            return_overflowing_tokens: Whether what truncation cuts off comes back as further rows,
                with ``overflow_to_sample_mapping`` telling whose they are.
            return_special_tokens_mask: Whether to return 1 for special tokens, 0 for others.
            return_offsets_mapping: Whether to return the characters of every token.
            return_length: Whether to return the length of every row.
            verbose: Whether to warn, once, of rows that are too long for the model.

        Raises:
            TypeError: If something is not text.
            ValueError: If options contradict each other or cannot be met.
        """
        options = dict(locals())
        for name in ("self", "text", "text_pair", "is_split_into_words"):
            del options[name]
        samples = read_samples(text, text_pair, is_split_into_words)
        return encode_samples(self, samples, Options(**options))

    def encode_plus(self, text: Any, text_pair: Any = None, **options: Any) -> BatchEncoding:
        """Encodes one text; the options are those of a call."""
        return self(text, text_pair, **options)

    def batch_encode_plus(
        self, batch_text_or_text_pairs: Sequence[Any], **options: Any
    ) -> BatchEncoding:
        """Encodes a list of texts, or of pairs; the options are those of a call."""
        return self(list(batch_text_or_text_pairs), **options)

    def encode(self, text: Any, text_pair: Any = None, **options: Any) -> Any:
        """The ids of one text; the options are those of a call."""
        return self(text, text_pair, **options)["input_ids"]

    def tokenize(
        self, text: str, pair: str | None = None, add_special_tokens: bool = False, **options: Any
    ) -> list[str]:
        """The tokens of one text as strings."""
        options = {"add_special_tokens": add_special_tokens, "verbose": False} | options
        return self(text, pair, **options).tokens()

    def prepare_for_model(
        self, ids: Sequence[int], pair_ids: Sequence[int] | None = None, **options: Any
    ) -> BatchEncoding:
        """Adds special tokens to ids, truncates and pads; the options are those of a call.

        With ``return_overflowing_tokens`` the cut ids come back as ``overflowing_tokens``, and
        ``num_truncated_tokens`` says how many ids were too many.
        """
        return prepare_ids(self, ids, pair_ids, Options(**options))

    def pad(self, encoded_inputs: Any, padding: bool | str = True, **options: Any) -> BatchEncoding:
        """Pads encodings that exist already; see :func:`pad_encodings` for the options."""
        return pad_encodings(self, encoded_inputs, padding, **options)

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """The text of tokens."""
        return join_tokens(tokens, set(self.all_special_tokens), self.backend.join)

    def decode(
        self,
        token_ids: Any,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        spaces_between_special_tokens: bool = True,
    ) -> str:
        """The text of ids: an int, a list, an array or a tensor of one dimension.

        Args:
            token_ids: The ids.
            skip_special_tokens: Whether to leave special tokens out.
            clean_up_tokenization_spaces: Whether to remove blanks before ``. ? ! ,`` as English
                wants it; the tokenizer's attribute by default, which is False: French sets a blank
                before ``?`` and ``!``.
            spaces_between_special_tokens: Whether tokens that were added stand between blanks.

        Raises:
            ValueError: If ids are unknown or of more than one dimension.
        """
        ids = as_lists(token_ids)
        ids = [ids] if isinstance(ids, int) else ids
        if any(isinstance(index, list) for index in ids):
            raise ValueError("decode takes one row of ids, batch_decode many; received many")
        glue = " " if spaces_between_special_tokens else ""
        text = self._text_of(ids, skip_special_tokens, glue)
        clean = clean_up_tokenization_spaces
        if self.clean_up_tokenization_spaces if clean is None else clean:
            return clean_up(text)
        return text

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        tokens = self.convert_ids_to_tokens(ids, skip_special_tokens)
        beyond = self.backend.added.ids.keys() - set(self.all_special_tokens)
        return glue.join(text_runs(tokens, beyond, self.convert_tokens_to_string))

    def batch_decode(
        self, sequences: Iterable[Any], skip_special_tokens: bool = False, **options: Any
    ) -> list[str]:
        """The texts of many rows of ids; the options are those of :meth:`decode`."""
        return [self.decode(row, skip_special_tokens, **options) for row in sequences]

    def build_inputs_with_special_tokens(
        self, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
    ) -> list[int]:
        """One or two sequences of ids with the special tokens around them."""
        return place(self.templates(), token_ids_0, token_ids_1).ids

    def create_token_type_ids_from_sequences(
        self, token_ids_0: Sequence[int], token_ids_1: Sequence[int] | None = None
    ) -> list[int]:
        """The token types of the same; zeros for CamemBERT."""
        return place(self.templates(), token_ids_0, token_ids_1).type_ids

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
            return place(self.templates(), token_ids_0, token_ids_1).special_tokens_mask
        if token_ids_1 is not None:
            raise ValueError("ids that have their special tokens must come as one; received two")
        special = set(self.all_special_ids)
        return [int(index in special) for index in token_ids_0]

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many special tokens a call adds to one text, or to a pair."""
        return count_special(self.templates().pair if pair else self.templates().single)

    @property
    def max_len_single_sentence(self) -> int:
        """Tokens of one text that fit beside the special tokens."""
        return self.model_max_length - self.num_special_tokens_to_add()

    @property
    def max_len_sentences_pair(self) -> int:
        """Tokens of two texts together that fit beside the special tokens."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=True)

    def __repr__(self) -> str:
        """The settings that matter."""
        return (
            f"{type(self).__name__}(name_or_path={self.name_or_path!r}, tokens={len(self)}, "
            f"model_max_length={self.model_max_length}, padding_side={self.padding_side!r}, "
            f"truncation_side={self.truncation_side!r}, special_tokens={self.special_tokens_map})"
        )

    def limit(self) -> int | None:
        """``model_max_length`` where it means something."""
        return self.model_max_length if self.model_max_length < 10**9 else None

    def warn_if_over_limit(self, longest: int) -> None:
        """Warns, once in a tokenizer's life, of a row that the model cannot take."""
        limit = self.limit()
        if limit is not None and longest > limit and not self._warned:
            self._warned = True
            warnings.warn(
                f"a row of {longest} tokens is over the model's limit of {limit}; "
                "pass truncation=True",
                stacklevel=5,
            )
