"""RoBERTa's and XLM-RoBERTa's tokenizers by name: byte-level BPE, and any ``tokenizer.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import BOS, EOS, MASK, PAD, UNK
from camembert_dual.storage.file_names import MERGES, TOKENIZER_JSON, VOCAB_JSON
from camembert_dual.tokenization.added_tokens import special_token
from camembert_dual.tokenization.files import TokenizerFolder
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.tokenizers_segmenter import library_errors, load_library

Self = TypeVar("Self", bound="RobertaTokenizerFast")


class RobertaTokenizerFast(TokenizerFast):
    """RoBERTa's tokenizer: byte-level BPE."""

    vocab_files_names: ClassVar = {
        "vocab_file": VOCAB_JSON,
        "merges_file": MERGES,
        "tokenizer_file": TOKENIZER_JSON,
    }

    def __init__(
        self,
        vocab_file: str | Path | None = None,
        merges_file: str | Path | None = None,
        tokenizer_file: str | Path | None = None,
        errors: str = "replace",
        bos_token: Any = BOS,
        eos_token: Any = EOS,
        sep_token: Any = EOS,
        cls_token: Any = BOS,
        unk_token: Any = UNK,
        pad_token: Any = PAD,
        mask_token: Any = MASK,
        add_prefix_space: bool = False,
        trim_offsets: bool = True,
        tokenizer_object: Tokenizer | None = None,
        **settings: Any,
    ) -> None:
        """Load ``tokenizer_file``, or make the same of ``vocab_file`` and ``merges_file``.

        Args:
            vocab_file: A ``vocab.json``: ids by piece.
            merges_file: A ``merges.txt``: which pieces join, the first ones first.
            tokenizer_file: A ``tokenizer.json``, which counts if it is given.
            errors: Accepted; bytes that are no text become U+FFFD.
            bos_token: Begins a sequence.
            eos_token: Ends a sequence.
            sep_token: Stands after each sequence, and twice between two.
            cls_token: Stands first.
            unk_token: Stands for what the vocabulary lacks.
            pad_token: Fills rows up.
            mask_token: Stands for a token to predict; takes the blanks before it.
            add_prefix_space: Whether the first word is cut as those after blanks.
            trim_offsets: Whether offsets leave blanks out.
            tokenizer_object: The library's tokenizer instead.
            **settings: The attributes of a tokenizer, and ``added_tokens_decoder``.

        Raises:
            ValueError: If neither a ``tokenizer.json`` nor both other files are given.
        """
        roles = {
            **{"bos_token": bos_token, "eos_token": eos_token, "sep_token": sep_token},
            **{"cls_token": cls_token, "unk_token": unk_token, "pad_token": pad_token},
            "mask_token": special_token(mask_token, lstrip=True)
            if isinstance(mask_token, str)
            else mask_token,
        }
        if tokenizer_object is None and tokenizer_file is not None:
            tokenizer_object = load_library(Path(tokenizer_file))
        elif tokenizer_object is None:
            rule = "A RoBERTa tokenizer must be given tokenizer_file, or vocab_file and merges_file"
            require(vocab_file and merges_file, rule, "neither")
            tokenizer_object = byte_level(str(vocab_file), str(merges_file), str(unk_token))
        if isinstance(tokenizer_object.model, models.BPE):  # CamemBERTv2 names this class, too
            ends = str(cls_token), str(sep_token)
            set_steps(tokenizer_object, *ends, add_prefix_space, trim_offsets)
        super().__init__(tokenizer_object=tokenizer_object, **roles, **settings)
        self.add_prefix_space = add_prefix_space
        self.init_kwargs |= {"add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets}

    @classmethod
    def from_folder(cls: type[Self], folder: TokenizerFolder) -> Self:
        """Build the tokenizer of a folder that has been read."""
        if folder.tokenizer_file is not None:
            return cls(tokenizer_file=folder.tokenizer_file, **folder.settings)
        return cls(folder.path / VOCAB_JSON, folder.path / MERGES, **folder.settings)


class RobertaTokenizer(RobertaTokenizerFast):
    """The same under the name of the slow class, whose tokens are the same ones."""

    is_fast = False


class XLMRobertaTokenizerFast(TokenizerFast):
    """XLM-RoBERTa's tokenizer, from a ``tokenizer.json``."""


class XLMRobertaTokenizer(XLMRobertaTokenizerFast):
    """The same under the name of the slow class."""

    is_fast = False


def byte_level(vocab_file: str, merges_file: str, unk_token: str) -> Tokenizer:
    """The library's tokenizer of the two files.

    Raises:
        CheckpointError: If they cannot be read.
    """
    with library_errors(f"{vocab_file}: the vocabulary"):
        model = models.BPE.from_file(vocab_file, merges_file)
        library = Tokenizer(model)
    library.decoder = decoders.ByteLevel()
    return library


def set_steps(
    library: Tokenizer, cls_token: str, sep_token: str, add_prefix_space: bool, trim_offsets: bool
) -> None:
    """Cut words and place special tokens as RoBERTa does, if the vocabulary has the ends."""
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    sep_id, cls_id = library.token_to_id(sep_token), library.token_to_id(cls_token)
    if sep_id is not None and cls_id is not None:
        library.post_processor = processors.RobertaProcessing(
            (sep_token, sep_id),
            (cls_token, cls_id),
            trim_offsets=trim_offsets,
            add_prefix_space=add_prefix_space,
        )
