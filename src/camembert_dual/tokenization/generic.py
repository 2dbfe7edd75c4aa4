"""``TokenizerFast``: any ``tokenizer.json``, as RoBERTa and CamemBERTv2 have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tokenizers import AddedToken, Tokenizer

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import SPECIAL_TOKENS
from camembert_dual.storage.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON
from camembert_dual.tokenization.added_tokens import ADDITIONAL, ROLES, read_token, read_tokens
from camembert_dual.tokenization.files import TokenizerFolder
from camembert_dual.tokenization.new_vocabulary import Texts, renamed, train_library
from camembert_dual.tokenization.published_calls import PublishedTokenizer
from camembert_dual.tokenization.saving import settings_json
from camembert_dual.tokenization.template import Templates
from camembert_dual.tokenization.tokenizers_segmenter import TokenizersSegmenter, load_library

_BERT = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}

Self = TypeVar("Self", bound="TokenizerFast")


class TokenizerFast(PublishedTokenizer):
    """A tokenizer whose every step is a ``tokenizer.json`` of the *tokenizers* library."""

    segmenter: TokenizersSegmenter
    is_fast = True
    pretrained_vocab_files_map: ClassVar[dict[str, dict[str, str]]] = {"vocab_file": {}}
    max_model_input_sizes: ClassVar[dict[str, int]] = {}
    pretrained_init_configuration: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init__(
        self,
        tokenizer_file: str | Path | None = None,
        *,
        tokenizer_object: Tokenizer | None = None,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        additional_special_tokens: Iterable[Any] | None = None,
        **settings: Any,
    ) -> None:
        """Load ``tokenizer_file``.

        Args:
            tokenizer_file: A ``tokenizer.json``.
            tokenizer_object: The library's tokenizer instead, of which a copy is taken.
            added_tokens_decoder: Further tokens by id; those that the file lacks are added in
                the order of their ids.
            additional_special_tokens: Tokens that ``skip_special_tokens`` leaves out as well.
            **settings: Special tokens by role, and the attributes of a tokenizer.
                Without special tokens, those of RoBERTa or of BERT are taken if they are there.

        Raises:
            ValueError: If neither is given, or both are.
        """
        rule = "A tokenizer must be given one of tokenizer_file and tokenizer_object"
        given = [one for one in (tokenizer_file, tokenizer_object) if one is not None]
        require(len(given) == 1, rule, len(given))
        library = given[0]
        segmenter = TokenizersSegmenter(
            copy(library) if isinstance(library, Tokenizer) else load_library(Path(library))
        )
        tokens = {role: settings.pop(role) for role in ROLES if role in settings}
        if not any(token is not None for token in tokens.values()):
            vocab = segmenter.vocab().keys()
            known = (one for one in (SPECIAL_TOKENS, _BERT) if vocab >= set(one.values()))
            tokens = next(known, {})
        named = segmenter.added.ids
        by_id = added_tokens_decoder or {}
        stated = [_flagged(by_id[index]) for index in sorted(by_id)]
        segmenter.add([token for token in stated if token.content not in named])
        super().__init__(
            segmenter, tokens, additional_special_tokens=additional_special_tokens, **settings
        )
        self._templates = segmenter.templates()

    @classmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder) -> Self:
        """Build the tokenizer of a folder that has been read."""
        return cls(folder.tokenizer_file or folder.path / TOKENIZER_JSON, **folder.settings)

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The library's tokenizer."""
        return self.segmenter.library

    def templates(self) -> Templates:
        """Where the file puts special tokens."""
        return self._templates

    def saved_class(self) -> str:
        """The class that files name."""
        own = type(self) is TokenizerFast
        return "PreTrainedTokenizerFast" if own else super().saved_class()

    def contents(self, legacy_format: bool | None = None) -> dict[str, str | bytes]:
        """``tokenizer.json`` and ``tokenizer_config.json``.

        Raises:
            ValueError: If an older form is asked for.
        """
        require(not legacy_format, "legacy_format must be False for a tokenizer.json", True)
        settings = self.saved_settings() | {
            "model_input_names": self.model_input_names,
            "tokenizer_class": self.saved_class(),
        }
        return {
            TOKENIZER_JSON: self.segmenter.text(),
            TOKENIZER_CONFIG: settings_json(
                self.init_kwargs,
                self.special_tokens,
                self.additional_special_tokens or (),
                settings,
            ),
        }

    def save_vocabulary(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write the files of the model alone, as its kind has them; return their paths."""
        return tuple(self.segmenter.library.model.save(str(save_directory), filename_prefix))

    def train_new_from_iterator(
        self: Self,
        text_iterator: Texts,
        vocab_size: int,
        length: int | None = None,
        new_special_tokens: Sequence[Any] | None = None,
        special_tokens_map: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Self:
        """The same tokenizer with another vocabulary, learnt from texts.

        Args:
            text_iterator: Texts, or batches of them.
            vocab_size: Tokens of the new vocabulary at most, special ones included.
            length: How many texts there are, for a bar that shows the progress.
            new_special_tokens: Further special tokens.
            special_tokens_map: New names of special tokens, by the old ones.
            **options: Those of the library's trainer for this kind of model.

        Raises:
            ValueError: If the library cannot train such a model.
        """
        names, more = dict(special_tokens_map or {}), read_tokens(list(new_special_tokens or ()))
        library = train_library(
            self.segmenter.library, text_iterator, vocab_size, length, more, names, options
        )
        special = self.special_tokens_map_extended
        roles = {role: renamed(special[role], names) for role in ROLES if role in special}
        extra = [renamed(token, names) for token in special.get(ADDITIONAL, ())]
        settings = {**self.init_kwargs, **dict.fromkeys(ROLES), **self.saved_settings(), **roles}
        settings[ADDITIONAL] = [*extra, *more]
        return type(self)(tokenizer_object=library, **settings)

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        self.convert_ids_to_tokens(list(set(ids)))  # each must be one of a token
        special = self.segmenter.added.special_ids if skip_special_tokens else ()
        kept = [index for index in ids if index not in special]
        return self.segmenter.library.decode(kept, skip_special_tokens=skip_special_tokens)


def _flagged(value: Any) -> AddedToken:
    token = read_token(value)
    return AddedToken(token, normalized=True) if isinstance(token, str) else token
