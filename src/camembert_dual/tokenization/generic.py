"""``TokenizerFast``: any ``tokenizer.json``, as RoBERTa and CamemBERTv2 have."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tokenizers import Tokenizer

from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.files import TOKENIZER_FILE, TokenizerFolder
from camembert_dual.tokenization.save import save_generic
from camembert_dual.tokenization.special import NAMES
from camembert_dual.tokenization.template import Templates
from camembert_dual.tokenization.tokenizers_segmenter import LibraryBackend, read_templates

_ROBERTA = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    "mask_token": "<mask>",
}
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

    backend: LibraryBackend
    is_fast = True

    def __init__(
        self,
        tokenizer_file: str | Path,
        *,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        additional_special_tokens: Iterable[Any] | None = None,
        **settings: Any,
    ) -> None:
        """Loads ``tokenizer_file``.

        Args:
            tokenizer_file: A ``tokenizer.json``.
            added_tokens_decoder: Further tokens by id; those that the file lacks are added in
                the order of their ids.
            additional_special_tokens: Tokens that ``skip_special_tokens`` leaves out as well.
            **settings: Special tokens by part, and the attributes of :class:`BaseTokenizer`.
                Without special tokens, those of RoBERTa or of BERT are taken if they are there.
        """
        backend = LibraryBackend(Tokenizer.from_file(str(tokenizer_file)))
        tokens = {name: settings.pop(name) for name in NAMES if name in settings}
        if not any(token is not None for token in tokens.values()):
            vocab = backend.vocab()
            tokens = next((c for c in (_ROBERTA, _BERT) if vocab.keys() >= set(c.values())), {})
        super().__init__(
            backend, tokens, additional_special_tokens=additional_special_tokens or (), **settings
        )
        self._templates = read_templates(backend.library)
        for _, token in sorted((added_tokens_decoder or {}).items()):
            self.add_tokens(token)

    @classmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder, **options: Any) -> Self:
        """Builds the tokenizer of a folder that has been read; ``options`` override its files."""
        return cls(folder.path / TOKENIZER_FILE, **(folder.settings | options))

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The library's tokenizer."""
        return self.backend.library

    def templates(self) -> Templates:
        """Where the file puts special tokens."""
        return self._templates

    def save_pretrained(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Writes ``tokenizer.json`` and ``tokenizer_config.json``; returns their paths."""
        return save_generic(self, Path(save_directory), filename_prefix)

    def save_vocabulary(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Writes the files of the model alone, as its kind has them; returns their paths."""
        return tuple(self.backend.library.model.save(str(save_directory), filename_prefix))

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        return self.backend.library.decode(list(ids), skip_special_tokens=skip_special_tokens)
