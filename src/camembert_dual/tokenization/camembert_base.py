"""What CamemBERT's two tokenizer classes have in common: the vocabulary in its id layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import (
    NOT_USED,
    POSITIONS,
    UNK_ID,
    mask_id,
)
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import (
    ADDED_TOKENS,
    SENTENCEPIECE,
    SPECIAL_TOKENS,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
)
from camembert_dual.storage.json_files import read_json
from camembert_dual.tokenization.added_tokens import read_token, token_json
from camembert_dual.tokenization.files import read_added_tokens
from camembert_dual.tokenization.options import SETTING_KINDS, check_kinds
from camembert_dual.tokenization.published_calls import PublishedTokenizer
from camembert_dual.tokenization.saving import (
    added_tokens_json,
    settings_json,
    special_tokens_json,
)
from camembert_dual.tokenization.sentencepiece_model import parse_model
from camembert_dual.tokenization.sentencepiece_segmenter import (
    SentencePieceSegmenter,
    number_tokens,
)
from camembert_dual.tokenization.template import Templates, camembert_templates
from camembert_dual.tokenization.tokenizer_json import can_hold, from_model, to_model

# the order of the constructors' arguments, which is the reference's
ARGUMENTS = (
    "bos_token",
    "eos_token",
    "sep_token",
    "cls_token",
    "unk_token",
    "pad_token",
    "mask_token",
)


PUBLISHED = "camembert-base"  # the name that the tables of the classes are by


class CamembertBase(PublishedTokenizer):
    """A SentencePiece vocabulary in CamemBERT's id layout."""

    segmenter: SentencePieceSegmenter
    vocab_files_names: ClassVar = {"vocab_file": SENTENCEPIECE, "tokenizer_file": TOKENIZER_JSON}
    pretrained_vocab_files_map: ClassVar = {"vocab_file": {PUBLISHED: SENTENCEPIECE}}
    max_model_input_sizes: ClassVar = {PUBLISHED: POSITIONS}
    pretrained_init_configuration: ClassVar[dict[str, dict[str, Any]]] = {PUBLISHED: {}}

    def __init__(
        self,
        vocabulary: str | Path,
        special_tokens: Mapping[str, Any],
        *,
        additional_special_tokens: Iterable[Any] | None = NOT_USED,
        sp_model_kwargs: dict[str, Any] | None = None,
        added_tokens_decoder: Mapping[int, Any] | None = None,
        model_max_length: int | None = None,
        unk_id: int | None = None,
        ends: tuple[int, int] | None = None,
        **settings: Any,
    ) -> None:
        """Load a SentencePiece model, or the one of a ``tokenizer.json``, and number its tokens.

        Args:
            vocabulary: The file.
            special_tokens: The special tokens by role.
            additional_special_tokens: Further special tokens.
            sp_model_kwargs: How text is cut at random.
            added_tokens_decoder: The added tokens by id; those of the file by default.
            model_max_length: Tokens that the model takes.
            unk_id: The id of text that no piece covers, as long as no other ``unk_token`` is set;
                that of the token by default.
            ends: The ids around a text, as long as no other ``cls_token`` or ``sep_token`` is set;
                those of the tokens by default.
            **settings: The attributes of a tokenizer.
        """
        model, stated = read_vocabulary(Path(vocabulary))
        if added_tokens_decoder is not None:
            stated = dict(added_tokens_decoder)
        stated = {index: read_token(one) for index, one in stated.items()}
        check_kinds({"sp_model_kwargs": sp_model_kwargs}, SETTING_KINDS)
        segmenter = SentencePieceSegmenter(model, sp_model_kwargs or {})
        roles = {
            role: None if one is None else read_token(one) for role, one in special_tokens.items()
        }
        segmenter.added.update(number_tokens(segmenter, roles, stated))
        super().__init__(
            segmenter,
            roles,
            additional_special_tokens=additional_special_tokens,
            model_max_length=POSITIONS if model_max_length is None else model_max_length,
            **settings,
        )
        self.init_kwargs["sp_model_kwargs"] = self.sp_model_kwargs
        self.convert_ids_to_tokens([] if ends is None else list(ends))  # each must be a token's
        self._unknown = self.unk_token, unk_id
        self._ends = (self.cls_token, self.sep_token), ends

    @property
    def sp_model(self) -> Any:
        """The ``SentencePieceProcessor``."""
        return self.segmenter.sp_model

    @property
    def sp_model_kwargs(self) -> dict[str, Any]:
        """What the ``SentencePieceProcessor`` was made with."""
        return self.segmenter.sp_model_kwargs

    @property
    def unknown_id(self) -> int | None:
        """The id of text that no piece covers."""
        unk_token, index = self._unknown
        return self.unk_token_id if index is None or unk_token != self.unk_token else index

    def templates(self) -> Templates:
        """``<s> A </s>`` and ``<s> A </s></s> B </s>``."""
        tokens, ends = self._ends
        if ends is not None and tokens == (self.cls_token, self.sep_token):
            return camembert_templates(*ends)
        return camembert_templates(
            self.convert_tokens_to_ids(str(self.cls_token)),
            self.convert_tokens_to_ids(str(self.sep_token)),
        )

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
        path = folder / (f"{filename_prefix}-{SENTENCEPIECE}" if filename_prefix else SENTENCEPIECE)
        write_atomically(path, self.segmenter.model)
        return (str(path),)

    def contents(self, legacy_format: bool | None = None) -> dict[str, str | bytes]:
        """The files by name; ``tokenizer.json`` is among them only if it can hold the model.

        Raises:
            ValueError: If it alone is asked for, and cannot.
        """
        added, special_tokens = dict(self.segmenter.added.by_id), self.special_tokens_map
        decoder = {str(index): token_json(added[index]) for index in sorted(added)}
        settings = self.saved_settings() | {
            "added_tokens_decoder": decoder,
            "sp_model_kwargs": self.sp_model_kwargs,
            "tokenizer_class": self.saved_class(),
        }
        mask = None if self.mask_token is None else added[self.segmenter.added.ids[self.mask_token]]
        contents: dict[str, str | bytes] = {
            SENTENCEPIECE: self.segmenter.model,
            TOKENIZER_CONFIG: settings_json(
                self.init_kwargs, special_tokens, self.additional_special_tokens or (), settings
            ),
            SPECIAL_TOKENS: special_tokens_json(special_tokens, mask),
        }
        first = mask_id(self.segmenter.size())
        if behind := {index: token for index, token in added.items() if index >= first}:
            contents[ADDED_TOKENS] = added_tokens_json(behind)
        fits = can_hold(parse_model(self.segmenter.model), added)
        rule = "legacy_format must be None or True for a model that tokenizer.json cannot hold"
        require(fits or legacy_format is not False, rule, legacy_format)
        if fits:
            contents[TOKENIZER_JSON] = self._tokenizer_json()
        unwanted = {True: (TOKENIZER_JSON,), False: (SENTENCEPIECE, ADDED_TOKENS)}
        left_out = () if legacy_format is None else unwanted[legacy_format]
        return {name: content for name, content in contents.items() if name not in left_out}

    def _tokenizer_json(self) -> str:
        unknown = self.unknown_id
        return from_model(
            parse_model(self.segmenter.model),
            dict(self.segmenter.added.by_id),
            self.templates(),
            UNK_ID if unknown is None else unknown,
        )


def read_vocabulary(path: Path) -> tuple[bytes, dict[int, Any]]:
    """The serialized SentencePiece model of a ``.model`` file or of a ``tokenizer.json``.

    Returns:
        The model, and the added tokens by id that the second names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither.
    """
    content = path.read_bytes()
    if content[:1] != b"{":
        return content, {}
    values = read_json(path)
    return to_model(values), read_added_tokens(path, values)
