"""``CamembertTokenizer``: built from a SentencePiece file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from camembert_dual.tokenization.camembert import NOT_USED, CamembertBase, read_vocabulary
from camembert_dual.tokenization.files import TOKENIZER_FILE, TokenizerFolder

Self = TypeVar("Self", bound="CamembertTokenizer")


class CamembertTokenizer(CamembertBase):
    """CamemBERT's tokenizer over the *sentencepiece* library."""

    def __init__(
        self,
        vocab_file: str | Path,
        bos_token: Any = "<s>",
        eos_token: Any = "</s>",
        sep_token: Any = "</s>",
        cls_token: Any = "<s>",
        unk_token: Any = "<unk>",
        pad_token: Any = "<pad>",
        mask_token: Any = "<mask>",
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        sp_model_kwargs: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """Loads ``vocab_file``.

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
            read_vocabulary(vocab_file),
            tokens,
            additional_special_tokens=additional_special_tokens,
            sp_model_kwargs=sp_model_kwargs,
            **settings,
        )
        self.vocab_file = str(vocab_file)

    @classmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder, **options: Any) -> Self:
        """Builds the tokenizer of a folder that has been read; ``options`` override its files."""
        folder.check_pieces()
        return cls(folder.vocab_file or folder.path / TOKENIZER_FILE, **(folder.settings | options))
