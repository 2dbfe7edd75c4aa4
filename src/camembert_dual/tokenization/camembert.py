"""CamemBERT's two tokenizer classes, which differ in the file that they are built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from tokenizers import Tokenizer

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import (
    BOS,
    EOS,
    FIRST_TOKENS,
    MASK,
    NOT_USED,
    PAD,
    UNK,
    mask_id,
)
from camembert_dual.storage.file_names import SENTENCEPIECE
from camembert_dual.tokenization.added_tokens import ADDITIONAL, ROLES, read_tokens
from camembert_dual.tokenization.camembert_base import ARGUMENTS, CamembertBase
from camembert_dual.tokenization.files import TokenizerFolder
from camembert_dual.tokenization.new_vocabulary import Texts, renamed, train_pieces
from camembert_dual.tokenization.sentencepiece_model import parse_model
from camembert_dual.tokenization.tokenizer_json import FIRST_PIECE

Slow = TypeVar("Slow", bound="CamembertTokenizer")
Fast = TypeVar("Fast", bound="CamembertTokenizerFast")


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
            **settings: The attributes of a tokenizer, and ``added_tokens_decoder``.
        """
        tokens = (bos_token, eos_token, sep_token, cls_token, unk_token, pad_token, mask_token)
        super().__init__(
            vocab_file,
            dict(zip(ARGUMENTS, tokens, strict=True)),
            additional_special_tokens=additional_special_tokens,
            sp_model_kwargs=sp_model_kwargs,
            **settings,
        )
        self.vocab_file = str(vocab_file)

    @classmethod
    def from_folder(cls: type[Slow], folder: TokenizerFolder) -> Slow:
        """Build the tokenizer of a folder that has been read."""
        folder.check_pieces()
        return cls(folder.vocab_file or folder.tokenizer_file or "", **folder.settings)


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
            dict(zip(ARGUMENTS, tokens, strict=True)),
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

    @property
    def vocab_size(self) -> int:
        """The tokens of a ``tokenizer.json`` but for those added behind ``<mask>``."""
        return mask_id(self.segmenter.size()) + 1

    @property
    def vocab(self) -> dict[str, int]:
        """Every token with its id."""
        return self.get_vocab()

    @property
    def can_save_slow_tokenizer(self) -> bool:
        """Whether the SentencePiece model can be saved: always."""
        return True

    def train_new_from_iterator(
        self: Fast,
        text_iterator: Texts,
        vocab_size: int,
        length: int | None = None,
        new_special_tokens: Sequence[Any] | None = None,
        special_tokens_map: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Fast:
        """The same tokenizer with another vocabulary, learnt from texts, in CamemBERT's id layout.

        Args:
            text_iterator: Texts, or batches of them.
            vocab_size: Tokens of the new vocabulary at most, special ones included.
            length: How many texts there are, for a bar that shows the progress.
            new_special_tokens: Further special tokens, behind ``<mask>``.
            special_tokens_map: New names of special tokens, by the old ones.
            **options: Those of ``tokenizers.trainers.UnigramTrainer``.

        Raises:
            ValueError: If ``vocab_size`` leaves no room for pieces.
        """
        names = dict(special_tokens_map or {})
        special = self.special_tokens_map_extended
        extra: list[Any] = [renamed(token, names) for token in special.get(ADDITIONAL, ())]
        extra += read_tokens(list(new_special_tokens or ()))
        roles = {role: renamed(special[role], names) for role in ROLES if role in special}
        ordinary = [one for one in self.added_tokens_decoder.values() if not one.special]
        model = parse_model(self.segmenter.model)
        first = {*FIRST_TOKENS, *map(str, roles.values())}
        behind = [one for one in (*extra, *ordinary) if str(one) not in first]
        size = vocab_size - FIRST_PIECE - len((BOS, EOS, MASK)) - len(behind)
        learnt = train_pieces(model, self.backend_tokenizer, text_iterator, size, length, options)
        settings = {**self.init_kwargs, **dict.fromkeys(ROLES), **self.saved_settings(), **roles}
        with TemporaryDirectory() as folder:
            path = Path(folder) / SENTENCEPIECE
            path.write_bytes(learnt)
            trained = type(self)(path, **settings | {ADDITIONAL: extra})
        trained.vocab_file = None
        trained.add_tokens(ordinary)
        return trained
