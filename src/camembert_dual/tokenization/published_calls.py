"""What tokenizers of ``transformers`` 4 offer besides: other names of a call, tools, refusals."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.storage.publishing import publish, take_publishing
from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.decoding import clean_up
from camembert_dual.tokenization.deprecated import read_old_options
from camembert_dual.tokenization.encode import prepare_ids
from camembert_dual.tokenization.options import (
    DEFAULTS,
    OPTION_KINDS,
    TRUNCATIONS,
    Options,
    check_kinds,
)
from camembert_dual.tokenization.saving import write_files
from camembert_dual.tokenization.template import count_special
from camembert_dual.tokenization.truncation import shares

_LANGUAGES = ("src_lang", "tgt_lang")
_ORDER = tuple(signature(BaseTokenizer.__call__).parameters)[5:]  # behind the texts


class PublishedTokenizer(BaseTokenizer):
    """The calls of published scripts, over those of :class:`BaseTokenizer`."""

    def encode(self, text: Any, text_pair: Any = None, *args: Any, **options: Any) -> Any:
        """The ids of one text; see :meth:`encode_plus`."""
        return self.encode_plus(text, text_pair, *args, **options)["input_ids"]

    def encode_plus(self, text: Any, text_pair: Any = None, *args: Any, **options: Any) -> Any:
        """Encode one text, or the tokens or ids that it was cut into before.

        Args:
            text: A text, or a list of tokens or of ids; of words under ``is_split_into_words``.
            text_pair: The second one.
            *args: Further arguments of a call in their order.
            **options: Those of a call.

        Raises:
            TypeError: If it is none of these.
        """
        options = dict(zip(_ORDER, args, strict=False)) | options
        is_cut = any(isinstance(one, list | tuple) and one for one in (text, text_pair))
        if not is_cut or options.pop("is_split_into_words", False):
            words: dict[str, Any] = {"is_split_into_words": True} if is_cut else {}
            return self(text, text_pair, **words, **options)
        ids = self._ids_in(text, "text")
        pair_ids = None if text_pair is None else self._ids_in(text_pair, "text_pair")
        return self.prepare_for_model(ids, pair_ids, prepend_batch_axis=True, **options)

    def _ids_in(self, text: Any, name: str) -> list[int]:
        """The ids of a text, of tokens, or of ids."""
        if isinstance(text, str):
            ids: list[int] = self(text, add_special_tokens=False, verbose=False)["input_ids"]
            return ids
        if isinstance(text, list | tuple) and all(isinstance(one, str) for one in text):
            return self.convert_tokens_to_ids(list(text))
        return self.known_ids(text, name)

    def batch_encode_plus(
        self, batch_text_or_text_pairs: Sequence[Any], *args: Any, **options: Any
    ) -> BatchEncoding:
        """Encode a list of texts, or of pairs; the options are those of a call."""
        return self(list(batch_text_or_text_pairs), None, None, None, *args, **options)

    def prepare_for_model(
        self,
        ids: Sequence[int],
        pair_ids: Sequence[int] | None = None,
        *args: Any,
        prepend_batch_axis: bool = False,
        **options: Any,
    ) -> BatchEncoding:
        """Add special tokens to ids, truncate and pad.

        With ``return_overflowing_tokens`` the cut ids come back as ``overflowing_tokens``, and
        ``num_truncated_tokens`` says how many ids were too many.

        Args:
            ids: Those of the first sequence.
            pair_ids: Those of the second.
            *args: Further arguments of a call in their order, without ``is_split_into_words``.
            prepend_batch_axis: Whether tensors have an axis for the one row.
            **options: Those of a call.

        Raises:
            ValueError: If an id is none of a token, or the options cannot be met.
        """
        order = (name for name in _ORDER if name in DEFAULTS)
        given = dict(zip(order, args, strict=False)) | options
        named = DEFAULTS | {name: given.pop(name) for name in DEFAULTS if name in given}
        checked = Options(**read_old_options(named, given))
        first = self.known_ids(ids, "ids")
        second = None if pair_ids is None else self.known_ids(pair_ids, "pair_ids")
        listed = replace(checked, return_tensors=None)
        encoding = self._warned_of(prepare_ids(self.rules(), first, second, listed), listed)
        return encoding.convert_to_tensors(checked.return_tensors, prepend_batch_axis)

    @contextmanager
    def as_target_tokenizer(self) -> Iterator[None]:
        """Encode labels, as a call does everywhere; ``text_target`` of a call says the same."""
        warnings.warn(
            "as_target_tokenizer is deprecated; pass labels to a call as text_target.",
            FutureWarning,
            stacklevel=3,
        )
        yield

    def prepare_seq2seq_batch(
        self,
        src_texts: Sequence[str],
        tgt_texts: Sequence[str] | None = None,
        max_length: int | None = None,
        max_target_length: int | None = None,
        padding: bool | str = "longest",
        return_tensors: str | None = None,
        truncation: bool | str = True,
        **options: Any,
    ) -> BatchEncoding:
        """Encode texts, and the texts that they become, under ``labels``.

        Args:
            src_texts: The texts.
            tgt_texts: What they become.
            max_length: Tokens of a row; the model's limit by default.
            max_target_length: The same for what they become; ``max_length`` by default.
            padding: That of a call.
            return_tensors: That of a call.
            truncation: That of a call.
            **options: Others of a call; languages are of no meaning here.
        """
        warnings.warn(
            "prepare_seq2seq_batch is deprecated; call the tokenizer with text_target.",
            FutureWarning,
            stacklevel=2,
        )
        options = {name: one for name, one in options.items() if name not in _LANGUAGES}
        options |= {
            "padding": padding,
            "return_tensors": return_tensors,
            "truncation": truncation,
        }
        inputs = self(list(src_texts), max_length=max_length, **options)
        if tgt_texts is not None:
            limit = max_length if max_target_length is None else max_target_length
            labels = self(text_target=list(tgt_texts), max_length=limit, **options)
            inputs["labels"] = labels["input_ids"]
        return inputs

    def save_pretrained(
        self,
        save_directory: str | Path,
        legacy_format: bool | None = None,
        filename_prefix: str | None = None,
        push_to_hub: bool = False,
        **options: Any,
    ) -> tuple[str, ...]:
        """Write every file that the tokenizer is loaded from; return their paths.

        Args:
            save_directory: The folder, which is made if need be.
            legacy_format: True leaves ``tokenizer.json`` out, False all that it makes needless.
            filename_prefix: What the files' names begin with, and a dash.
            push_to_hub: Whether to put them into a repository of the hub, too.
            **options: Those of :func:`camembert_dual.storage.publishing.publish`, where that is
                asked for.

        Raises:
            ValueError: If the tokenizer has no such files, or an option is unknown.
        """
        check_kinds({"legacy_format": legacy_format}, OPTION_KINDS)
        publishing = take_publishing(options, save_directory, push_to_hub)
        rule = "An option of save_pretrained must be a known one"
        require(not options, rule, ", ".join(sorted(options)))
        contents = self.contents(legacy_format)
        paths = write_files(Path(save_directory), contents, filename_prefix)
        if publishing is not None:
            self.push_to_hub(**publishing)
        return paths

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Put the files into a repository of the hub; return the address of the commit.

        Args:
            repo_id: The repository.
            **options: Those of :func:`camembert_dual.storage.publishing.publish`.
        """
        return publish(self.save_pretrained, repo_id, **options)

    def saved_class(self) -> str:
        """The class that files name: this one, or its slow sister."""
        return type(self).__name__.removesuffix("Fast")

    def truncate_sequences(
        self,
        ids: list[int],
        pair_ids: list[int] | None = None,
        num_tokens_to_remove: int = 0,
        truncation_strategy: str = "longest_first",
        stride: int = 0,
    ) -> tuple[list[int], list[int] | None, list[int]]:
        """Cut ids of one or two sequences.

        Args:
            ids: The first.
            pair_ids: The second.
            num_tokens_to_remove: How many to cut off.
            truncation_strategy: That of a call.
            stride: How many ids that stay come back with those cut off.

        Returns:
            What stays of each, and what was cut off: of a pair under ``longest_first``, nothing.

        Raises:
            ValueError: If there are not as many.
        """
        kinds = {"truncation": truncation_strategy, "stride": stride}
        check_kinds(kinds, OPTION_KINDS)
        strategy = TRUNCATIONS[truncation_strategy]
        if num_tokens_to_remove <= 0 or strategy is None:
            return ids, pair_ids, []
        budget = len(ids) + len(pair_ids or ()) - num_tokens_to_remove
        rule = "num_tokens_to_remove must leave at least one token"
        require(budget > 0, rule, num_tokens_to_remove)
        keep = shares(len(ids), len(pair_ids or ()), budget, strategy)
        kept, cut = self._cut(ids, keep[0], stride)
        if pair_ids is None:
            return kept, None, cut
        kept_pair, cut_pair = self._cut(pair_ids, keep[1], stride)
        return kept, kept_pair, [] if strategy == "longest_first" else cut + cut_pair

    def _cut(self, ids: list[int], keep: int, stride: int) -> tuple[list[int], list[int]]:
        """The ids that stay, and those that do not with ``stride`` of the others beside them."""
        size = len(ids)
        if keep == size:
            return ids, []
        if self.truncation_side == "left":
            return ids[size - keep :], ids[: min(size - keep + stride, size)]
        return ids[:keep], ids[max(keep - stride, 0) :]

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

    @staticmethod
    def clean_up_tokenization(out_string: str) -> str:
        """Remove the blanks before marks that English sets tight."""
        return clean_up(out_string)

    def apply_chat_template(self, *args: Any, **options: Any) -> Any:
        """Refuse: CamemBERT holds no conversations.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "apply_chat_template must be asked of a model for conversations; CamemBERT is none: "
            "join the texts yourself and call the tokenizer."
        )
