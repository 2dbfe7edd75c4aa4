"""What CamemBERT's two tokenizer classes share: all but the file that they are built from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from tokenizers import AddedToken

from camembert_dual.storage.json_files import read_json
from camembert_dual.tokenization.added_tokens import special_token
from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.files import TOKENIZER_FILE, VOCAB_FILE, as_token
from camembert_dual.tokenization.save import save_tokenizer, save_vocabulary
from camembert_dual.tokenization.sentencepiece_segmenter import FAIRSEQ_OFFSET, PieceBackend
from camembert_dual.tokenization.template import Templates, camembert_templates
from camembert_dual.tokenization.tokenizer_json import to_proto

POSITIONS = 512  # every published CamemBERT of the first family takes this many tokens
NOT_USED = ("<s>NOTUSED", "</s>NOTUSED")


class CamembertBase(BaseTokenizer):
    """A SentencePiece vocabulary in CamemBERT's id layout."""

    backend: PieceBackend
    vocab_files_names: ClassVar = {"vocab_file": VOCAB_FILE, "tokenizer_file": TOKENIZER_FILE}

    def __init__(
        self,
        proto: bytes,
        special_tokens: Mapping[str, Any],
        *,
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        sp_model_kwargs: dict[str, Any] | None = None,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        model_max_length: int | None = None,
        **settings: Any,
    ) -> None:
        """Loads a serialized SentencePiece model and numbers its tokens."""
        backend = PieceBackend(proto, {}, sp_model_kwargs or {})
        number_tokens(backend, special_tokens, added_tokens_decoder or {})
        super().__init__(
            backend,
            special_tokens,
            additional_special_tokens=additional_special_tokens or (),
            model_max_length=POSITIONS if model_max_length is None else model_max_length,
            **settings,
        )

    @property
    def sp_model(self) -> Any:
        """The ``SentencePieceProcessor``."""
        return self.backend.sp_model

    @property
    def sp_model_kwargs(self) -> dict[str, Any]:
        """What the ``SentencePieceProcessor`` was made with."""
        return self.backend.sp_model_kwargs

    def templates(self) -> Templates:
        """``<s> A </s>`` and ``<s> A </s></s> B </s>``."""
        return camembert_templates(
            self.convert_tokens_to_ids(str(self.cls_token)),
            self.convert_tokens_to_ids(str(self.sep_token)),
        )

    def save_pretrained(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Writes every file that a CamemBERT tokenizer is loaded from; returns their paths."""
        return save_tokenizer(self, Path(save_directory), filename_prefix)

    def save_vocabulary(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str]:
        """Writes ``sentencepiece.bpe.model``; returns its path."""
        return save_vocabulary(self, Path(save_directory), filename_prefix)


def read_vocabulary(path: str | Path) -> bytes:
    """The serialized SentencePiece model of a ``.model`` file or of a ``tokenizer.json``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither.
    """
    content = Path(path).read_bytes()
    return to_proto(read_json(Path(path))) if content[:1] == b"{" else content


def number_tokens(
    backend: PieceBackend, special_tokens: Mapping[str, Any], added: Mapping[int, Any]
) -> None:
    """Gives every added token its id, whatever a file said of those that CamemBERT fixes.

    Files in the wild have ``<unk>`` at 3 or at 4, and ``<unk>NOTUSED`` at 4, nowhere, or behind the
    mask and outside the embedding. Unknown text must give 3.
    """
    mask = special_tokens.get("mask_token")
    fixed: dict[int, Any] = {
        0: "<s>NOTUSED",
        1: special_tokens.get("pad_token"),
        2: "</s>NOTUSED",
        3: special_tokens.get("unk_token"),
        4: "<unk>NOTUSED",
        backend.size() + FAIRSEQ_OFFSET: mask,
    }
    flags = {str(as_token(token)): as_token(token) for token in added.values()}
    for index, token in fixed.items():
        if token is None:
            continue
        if isinstance(token, str):
            known = flags.get(token)
            token = (
                known
                if isinstance(known, AddedToken)
                else special_token(token, lstrip=token == mask)
            )
        backend.added.set(index, token)
    for index, value in sorted(added.items()):
        token = as_token(value)
        token = token if isinstance(token, AddedToken) else AddedToken(token, normalized=True)
        if token.content in backend.added.ids or int(index) in fixed:
            continue
        known_id = backend.token_to_id(token.content)
        backend.added.set(int(index) if known_id is None else known_id, token)
