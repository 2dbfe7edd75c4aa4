"""CamemBERT's two tokenizer classes, which differ in the file that they are built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tokenizers import AddedToken, Tokenizer

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import (
    BOS,
    EOS,
    FIRST_TOKENS,
    MASK,
    NOT_USED,
    PAD,
    PAD_ID,
    POSITIONS,
    UNK,
    UNK_ID,
    UNUSED_UNK_ID,
    mask_id,
)
from camembert_dual.storage.file_names import (
    ADDED_TOKENS,
    SENTENCEPIECE,
    SPECIAL_TOKENS,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
)
from camembert_dual.storage.json_files import read_json
from camembert_dual.tokenization.added_tokens import read_token, special_token, token_json
from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.files import (
    TokenizerFolder,
    added_tokens_json,
    settings_json,
    special_tokens_json,
    write_files,
)
from camembert_dual.tokenization.sentencepiece_model import parse_model
from camembert_dual.tokenization.sentencepiece_segmenter import SentencePieceSegmenter
from camembert_dual.tokenization.template import Templates, camembert_templates
from camembert_dual.tokenization.tokenizer_json import can_hold, from_model, to_model

Slow = TypeVar("Slow", bound="CamembertTokenizer")
Fast = TypeVar("Fast", bound="CamembertTokenizerFast")
# the order of the constructors' arguments, which is the reference's
_ARGUMENTS = (
    "bos_token",
    "eos_token",
    "sep_token",
    "cls_token",
    "unk_token",
    "pad_token",
    "mask_token",
)


class CamembertBase(BaseTokenizer):
    """A SentencePiece vocabulary in CamemBERT's id layout."""

    segmenter: SentencePieceSegmenter
    vocab_files_names: ClassVar = {"vocab_file": SENTENCEPIECE, "tokenizer_file": TOKENIZER_JSON}

    def __init__(
        self,
        vocabulary: str | Path,
        special_tokens: Mapping[str, Any],
        *,
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        sp_model_kwargs: dict[str, Any] | None = None,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        model_max_length: int | None = None,
        **settings: Any,
    ) -> None:
        """Load a SentencePiece model, or the one of a ``tokenizer.json``, and number its tokens."""
        model = read_vocabulary(Path(vocabulary))
        segmenter = SentencePieceSegmenter(model, {}, sp_model_kwargs or {})
        number_tokens(segmenter, special_tokens, added_tokens_decoder or {})
        super().__init__(
            segmenter,
            special_tokens,
            additional_special_tokens=additional_special_tokens or (),
            model_max_length=POSITIONS if model_max_length is None else model_max_length,
            **settings,
        )

    @property
    def sp_model(self) -> Any:
        """The ``SentencePieceProcessor``."""
        return self.segmenter.sp_model

    @property
    def sp_model_kwargs(self) -> dict[str, Any]:
        """What the ``SentencePieceProcessor`` was made with."""
        return self.segmenter.sp_model_kwargs

    def templates(self) -> Templates:
        """``<s> A </s>`` and ``<s> A </s></s> B </s>``."""
        return camembert_templates(
            self.convert_tokens_to_ids(str(self.cls_token)),
            self.convert_tokens_to_ids(str(self.sep_token)),
        )

    def save_pretrained(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write every file that a CamemBERT tokenizer is loaded from; return their paths.

        ``tokenizer.json`` is among them only if it can hold the model.
        """
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        return write_files(folder, self._contents(), filename_prefix)

    def save_vocabulary(
        self, save_directory: str | Path, filename_prefix: str | None = None
    ) -> tuple[str]:
        """Write ``sentencepiece.bpe.model``; return its path.

        Raises:
            FileNotFoundError: If ``save_directory`` is not a folder.
        """
        folder = Path(save_directory)
        if not folder.is_dir():
            raise FileNotFoundError(f"A vocabulary must be saved in a folder; {folder} is none.")
        model = {SENTENCEPIECE: self.segmenter.model}
        (path,) = write_files(folder, model, filename_prefix)
        return (path,)

    def _contents(self) -> dict[str, str | bytes]:
        """The files by name."""
        added, special_tokens = self.segmenter.added.by_id, self.special_tokens_map
        decoder = {str(index): token_json(added[index]) for index in sorted(added)}
        settings = self.saved_settings() | {
            "added_tokens_decoder": decoder,
            "sp_model_kwargs": self.sp_model_kwargs,
            "tokenizer_class": CamembertTokenizer.__name__,
        }
        mask = None if self.mask_token is None else added[self.segmenter.added.ids[self.mask_token]]
        contents: dict[str, str | bytes] = {
            SENTENCEPIECE: self.segmenter.model,
            TOKENIZER_CONFIG: settings_json(self.init_kwargs, special_tokens, settings),
            SPECIAL_TOKENS: special_tokens_json(special_tokens, mask),
        }
        first = mask_id(self.segmenter.size())
        if behind := {index: token for index, token in added.items() if index >= first}:
            contents[ADDED_TOKENS] = added_tokens_json(behind)
        if can_hold(parse_model(self.segmenter.model)):
            contents[TOKENIZER_JSON] = self._tokenizer_json()
        return contents

    def _tokenizer_json(self) -> str:
        return from_model(
            parse_model(self.segmenter.model),
            self.segmenter.added.by_id,
            self.templates(),
            self.mask_token or MASK,
        )


class CamembertTokenizer(CamembertBase):
    """CamemBERT's tokenizer over the *sentencepiece* library."""

    def __init__(
        self,
        vocab_file: str | Path,
        bos_token: Any = BOS,
        eos_token: Any = EOS,
        sep_token: Any = EOS,
        cls_token: Any = BOS,
        unk_token: Any = UNK,
        pad_token: Any = PAD,
        mask_token: Any = MASK,
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        sp_model_kwargs: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """Load ``vocab_file``.

        Args:
            vocab_file: A SentencePiece model, or a ``tokenizer.json`` that spells one out.
            bos_token: Begins a sequence; ``cls_token`` is the one that is added.
            eos_token: Ends a sequence; ``sep_token`` is the one that is added.
            sep_token: Stands after each sequence, and twice between two.
            cls_token: Stands first.
            unk_token: Stands for text that no piece covers.
            pad_token: Fills rows up.
            mask_token: Stands for a token to predict; takes the blanks before it.
            additional_special_tokens: Further tokens that ``skip_special_tokens`` leaves out.
            sp_model_kwargs: Passed to ``SentencePieceProcessor``: ``enable_sampling``,
                ``nbest_size``, ``alpha``.
            **settings: The attributes of :class:`BaseTokenizer` and ``added_tokens_decoder``.
        """
        tokens = (bos_token, eos_token, sep_token, cls_token, unk_token, pad_token, mask_token)
        super().__init__(
            vocab_file,
            dict(zip(_ARGUMENTS, tokens, strict=True)),
            additional_special_tokens=additional_special_tokens,
            sp_model_kwargs=sp_model_kwargs,
            **settings,
        )
        self.vocab_file = str(vocab_file)

    @classmethod
    def from_folder(cls: type[Slow], folder: TokenizerFolder) -> Slow:
        """Build the tokenizer of a folder that has been read."""
        folder.check_pieces()
        return cls(folder.vocab_file or folder.path / TOKENIZER_JSON, **folder.settings)


class CamembertTokenizerFast(CamembertBase):
    """CamemBERT's tokenizer over a ``tokenizer.json``.

    The *tokenizers* library normalises decomposed letters otherwise than SentencePiece, and where
    two ways of cutting a word are (nearly) as likely it may take the other one, even in composed
    text: once in some 4,000 paragraphs of novels. SentencePiece is right by definition, and some
    four times faster, so it cuts here too; :attr:`backend_tokenizer` is the library's own.
    """

    is_fast = True

    def __init__(
        self,
        vocab_file: str | Path | None = None,
        tokenizer_file: str | Path | None = None,
        bos_token: Any = BOS,
        eos_token: Any = EOS,
        sep_token: Any = EOS,
        cls_token: Any = BOS,
        unk_token: Any = UNK,
        pad_token: Any = PAD,
        mask_token: Any = MASK,
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        **settings: Any,
    ) -> None:
        """Load ``vocab_file``, or ``tokenizer_file`` where that is all there is.

        Args:
            vocab_file: A SentencePiece model.
            tokenizer_file: A ``tokenizer.json`` that spells one out.
            bos_token: As all further ones, that of :class:`CamembertTokenizer`.
            eos_token: See there.
            sep_token: See there.
            cls_token: See there.
            unk_token: See there.
            pad_token: See there.
            mask_token: See there.
            additional_special_tokens: See there.
            **settings: See there.

        Raises:
            ValueError: If no file is given.
        """
        rule = "A tokenizer must be given vocab_file or tokenizer_file"
        require(vocab_file or tokenizer_file, rule, "neither")
        tokens = (bos_token, eos_token, sep_token, cls_token, unk_token, pad_token, mask_token)
        super().__init__(
            vocab_file or tokenizer_file or "",
            dict(zip(_ARGUMENTS, tokens, strict=True)),
            additional_special_tokens=additional_special_tokens,
            **settings,
        )
        self.vocab_file = None if vocab_file is None else str(vocab_file)

    @classmethod
    def from_folder(cls: type[Fast], folder: TokenizerFolder) -> Fast:
        """Build the tokenizer of a folder that has been read."""
        folder.check_pieces()
        return cls(folder.vocab_file, folder.tokenizer_file, **folder.settings)

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """A ``tokenizers.Tokenizer`` of the same vocabulary, made anew."""
        return Tokenizer.from_str(self._tokenizer_json())


def read_vocabulary(path: Path) -> bytes:
    """The serialized SentencePiece model of a ``.model`` file or of a ``tokenizer.json``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither.
    """
    content = path.read_bytes()
    return to_model(read_json(path)) if content[:1] == b"{" else content


def number_tokens(
    segmenter: SentencePieceSegmenter,
    special_tokens: Mapping[str, Any],
    added: Mapping[int, Any],
) -> None:
    """Give every added token its id, whatever a file said of those that CamemBERT fixes.

    Files in the wild have ``<unk>`` at 3 or at 4, and ``<unk>NOTUSED`` at 4, nowhere, or behind the
    mask and outside the embedding. Unknown text must give 3.
    """
    mask = special_tokens.get("mask_token")
    fixed: dict[int, Any] = dict(enumerate(FIRST_TOKENS[: UNUSED_UNK_ID + 1]))
    fixed[PAD_ID] = special_tokens.get("pad_token")
    fixed[UNK_ID] = special_tokens.get("unk_token")
    fixed[mask_id(segmenter.size())] = mask
    flags = {str(read_token(token)): read_token(token) for token in added.values()}
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
        segmenter.added.set(index, token)
    for index, value in sorted(added.items()):
        token = read_token(value)
        token = token if isinstance(token, AddedToken) else AddedToken(token, normalized=True)
        if token.content in segmenter.added.ids or int(index) in fixed:
            continue
        known_id = segmenter.token_to_id(token.content)
        segmenter.added.set(int(index) if known_id is None else known_id, token)
