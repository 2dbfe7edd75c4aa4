"""RoBERTa's and XLM-RoBERTa's tokenizers by name: byte-level BPE, and SentencePiece."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import BOS, EOS, FAIRSEQ_SPECIALS, MASK, PAD, UNK
from camembert_dual.storage.file_names import MERGES, SENTENCEPIECE, TOKENIZER_JSON, VOCAB_JSON
from camembert_dual.tokenization.added_tokens import special_token
from camembert_dual.tokenization.files import TokenizerFolder
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.sentencepiece_model import UNIGRAM, parse_model
from camembert_dual.tokenization.tokenizers_segmenter import library_errors, load_library

Self = TypeVar("Self", bound="RobertaTokenizerFast")
Multilingual = TypeVar("Multilingual", bound="XLMRobertaTokenizerFast")


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
            **settings: The attributes of a tokenizer, and ``added_tokens_decoder``;
                ``tokenizer_object``, the library's tokenizer instead of files.

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
        tokenizer_object = settings.pop("tokenizer_object", None)
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
        self.init_kwargs |= {"errors": errors}

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
    """XLM-RoBERTa's tokenizer: a SentencePiece model whose piece k has id k + 1."""

    vocab_files_names: ClassVar = {"vocab_file": SENTENCEPIECE, "tokenizer_file": TOKENIZER_JSON}

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
        **settings: Any,
    ) -> None:
        """Load ``tokenizer_file``, or make the same of ``vocab_file``.

        Args:
            vocab_file: A SentencePiece model of the kind Unigram.
            tokenizer_file: A ``tokenizer.json``, which counts if it is given.
            bos_token: Begins a sequence.
            eos_token: Ends a sequence.
            sep_token: Stands after each sequence, and twice between two.
            cls_token: Stands first.
            unk_token: Stands for text that no piece covers.
            pad_token: Fills rows up.
            mask_token: Stands for a token to predict; takes the blanks before it.
            **settings: The attributes of a tokenizer, and ``added_tokens_decoder``;
                ``tokenizer_object``, the library's tokenizer instead of files.

        Raises:
            ValueError: If no file is given, or the model is of another kind.
        """
        roles = {
            **{"bos_token": bos_token, "eos_token": eos_token, "sep_token": sep_token},
            **{"cls_token": cls_token, "unk_token": unk_token, "pad_token": pad_token},
            "mask_token": special_token(mask_token, lstrip=True)
            if isinstance(mask_token, str)
            else mask_token,
        }
        tokenizer_object = settings.pop("tokenizer_object", None)
        if tokenizer_object is None and tokenizer_file is not None:
            tokenizer_object = load_library(Path(tokenizer_file))
        elif tokenizer_object is None:
            rule = "An XLM-RoBERTa tokenizer must be given vocab_file or tokenizer_file"
            require(vocab_file, rule, "neither")
            tokenizer_object = unigram(Path(str(vocab_file)))
        super().__init__(tokenizer_object=tokenizer_object, **roles, **settings)
        self.vocab_file = None if vocab_file is None else str(vocab_file)

    @classmethod
    def from_folder(cls: type[Multilingual], folder: TokenizerFolder) -> Multilingual:
        """Build the tokenizer of a folder that has been read."""
        library = None if folder.tokenizer_file is None else load_library(folder.tokenizer_file)
        return cls(vocab_file=folder.vocab_file, tokenizer_object=library, **folder.settings)


class XLMRobertaTokenizer(XLMRobertaTokenizerFast):
    """The same under the name of the slow class."""

    is_fast = False

    def __init__(
        self,
        vocab_file: str | Path | None = None,
        *tokens: Any,
        sp_model_kwargs: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """Load ``vocab_file``; the special tokens may follow it by place, as in the slow class.

        Raises:
            ValueError: If no file is given, or text is to be cut at random.
        """
        rule = "sp_model_kwargs of XLMRobertaTokenizer must be empty"
        require(not sp_model_kwargs, rule, repr(sp_model_kwargs))
        super().__init__(vocab_file, settings.pop("tokenizer_file", None), *tokens, **settings)


def unigram(vocab_file: Path) -> Tokenizer:
    """The library's tokenizer of a SentencePiece model, behind RoBERTa's first four ids.

    Raises:
        ValueError: If the model is no SentencePiece model of the kind Unigram.
    """
    model = parse_model(vocab_file.read_bytes())
    first = [piece.text for piece in model.pieces[:3]]
    rule = f"{vocab_file} must be a Unigram model that begins with {UNK}, {BOS}, {EOS}"
    require(model.model_type == UNIGRAM and first == [UNK, BOS, EOS], rule, first)
    vocab = [(token, 0.0) for token in FAIRSEQ_SPECIALS]
    vocab += [(piece.text, piece.score) for piece in model.pieces[3:]]
    library = Tokenizer(models.Unigram([*vocab, (MASK, 0.0)], FAIRSEQ_SPECIALS.index(UNK)))
    table = [normalizers.Precompiled(model.charsmap)] if model.charsmap else []
    blanks = normalizers.Replace(Regex(" {2,}"), " ")
    library.normalizer = normalizers.Sequence([*table, blanks])
    library.pre_tokenizer, library.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    ends = [(token, FAIRSEQ_SPECIALS.index(token)) for token in (BOS, EOS)]
    library.add_special_tokens([*FAIRSEQ_SPECIALS, special_token(MASK, lstrip=True)])
    library.post_processor = processors.TemplateProcessing(
        f"{BOS} $A {EOS}", f"{BOS} $A {EOS} {EOS} $B {EOS}", ends
    )
    return library


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
