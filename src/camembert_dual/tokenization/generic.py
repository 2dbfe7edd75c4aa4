"""``TokenizerFast``: any ``tokenizer.json``, as RoBERTa and CamemBERTv2 have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tokenizers import AddedToken, Tokenizer

from camembert_dual.common.id_layout import SPECIAL_TOKENS
from camembert_dual.storage.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON
from camembert_dual.tokenization.added_tokens import ROLES, read_token
from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.files import TokenizerFolder, settings_json, write_files
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


class TokenizerFast(BaseTokenizer):
    """A tokenizer whose every step is a ``tokenizer.json`` of the *tokenizers* library."""

    segmenter: TokenizersSegmenter
    is_fast = True

    def __init__(
        self,
        tokenizer_file: str | Path,
        *,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        additional_special_tokens: Iterable[Any] | None = None,
        **settings: Any,
    ) -> None:
        """Load ``tokenizer_file``.

        Args:
            tokenizer_file: A ``tokenizer.json``.
            added_tokens_decoder: Further tokens by id; those that the file lacks are added in
                the order of their ids.
            additional_special_tokens: Tokens that ``skip_special_tokens`` leaves out as well.
            **settings: Special tokens by role, and the attributes of :class:`BaseTokenizer`.
                Without special tokens, those of RoBERTa or of BERT are taken if they are there.
        """
        segmenter = TokenizersSegmenter(load_library(Path(tokenizer_file)))
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
        return cls(folder.path / TOKENIZER_JSON, **folder.settings)

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The library's tokenizer."""
        return self.segmenter.library

    def templates(self) -> Templates:
        """Where the file puts special tokens."""
        return self._templates

    def save_pretrained(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write ``tokenizer.json`` and ``tokenizer_config.json``; return their paths."""
        settings = self.saved_settings() | {
            "model_input_names": self.model_input_names,
            "tokenizer_class": "PreTrainedTokenizerFast",
        }
        contents = {
            TOKENIZER_JSON: self.segmenter.text(),
            TOKENIZER_CONFIG: settings_json(
                self.init_kwargs,
                self.special_tokens,
                self.additional_special_tokens,
                settings,
            ),
        }
        return write_files(Path(save_directory), contents, filename_prefix)

    def save_vocabulary(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write the files of the model alone, as its kind has them; return their paths."""
        return tuple(self.segmenter.library.model.save(str(save_directory), filename_prefix))

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        self.convert_ids_to_tokens(list(set(ids)))  # each must be one of a token
        special = self.segmenter.added.special_ids if skip_special_tokens else ()
        kept = [index for index in ids if index not in special]
        return self.segmenter.library.decode(kept, skip_special_tokens=skip_special_tokens)


def _flagged(value: Any) -> AddedToken:
    token = read_token(value)
    return AddedToken(token, normalized=True) if isinstance(token, str) else token
