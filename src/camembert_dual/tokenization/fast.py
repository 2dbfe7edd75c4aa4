"""``CamembertTokenizerFast``: built from ``tokenizer.json`` or a SentencePiece file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from tokenizers import Tokenizer

from camembert_dual.tokenization.camembert import NOT_USED, CamembertBase, read_vocabulary
from camembert_dual.tokenization.files import TokenizerFolder
from camembert_dual.tokenization.save import tokenizer_json

Self = TypeVar("Self", bound="CamembertTokenizerFast")


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
        bos_token: Any = "<s>",
        eos_token: Any = "</s>",
        sep_token: Any = "</s>",
        cls_token: Any = "<s>",
        unk_token: Any = "<unk>",
        pad_token: Any = "<pad>",
        mask_token: Any = "<mask>",
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        **settings: Any,
    ) -> None:
        """Loads ``vocab_file``, or ``tokenizer_file`` where that is all there is.

        Args:
            vocab_file: A SentencePiece model.
            tokenizer_file: A ``tokenizer.json`` that spells one out.
            bos_token: Begins a sequence; ``cls_token`` is the one that is added.
            eos_token: Ends a sequence; ``sep_token`` is the one that is added.
            sep_token: Stands after each sequence, and twice between two.
            cls_token: Stands first.
            unk_token: Stands for text that no piece covers.
            pad_token: Fills rows up.
            mask_token: Stands for a token to predict; takes the blanks before it.
            additional_special_tokens: Further tokens that ``skip_special_tokens`` leaves out.
            **settings: The attributes of :class:`BaseTokenizer` and ``added_tokens_decoder``.

        Raises:
            ValueError: If no file is given.
        """
        source = vocab_file or tokenizer_file
        if source is None:
            raise ValueError("a tokenizer needs vocab_file or tokenizer_file; received neither")
        tokens = {
            "bos_token": bos_token,
            "eos_token": eos_token,
            "unk_token": unk_token,
            "sep_token": sep_token,
            "pad_token": pad_token,
            "cls_token": cls_token,
            "mask_token": mask_token,
        }
        super().__init__(
            read_vocabulary(source),
            tokens,
            additional_special_tokens=additional_special_tokens,
            **settings,
        )
        self.vocab_file = None if vocab_file is None else str(vocab_file)

    @classmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder, **options: Any) -> Self:
        """Builds the tokenizer of a folder that has been read; ``options`` override its files."""
        folder.check_pieces()
        return cls(folder.vocab_file, folder.tokenizer_file, **(folder.settings | options))

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """A ``tokenizers.Tokenizer`` of the same vocabulary, made anew."""
        return Tokenizer.from_str(tokenizer_json(self))
