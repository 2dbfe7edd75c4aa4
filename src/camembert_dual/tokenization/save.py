"""Writing the files of a CamemBERT tokenizer, for this package and for ``transformers``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import AddedToken

from camembert_dual.storage.atomic import write_atomically
from camembert_dual.tokenization.files import (
    ADDED_FILE,
    CONFIG_FILE,
    SPECIAL_FILE,
    TOKENIZER_FILE,
    VOCAB_FILE,
)
from camembert_dual.tokenization.sentencepiece_model import parse_model
from camembert_dual.tokenization.sentencepiece_segmenter import FAIRSEQ_OFFSET
from camembert_dual.tokenization.tokenizer_json import can_hold, from_proto

if TYPE_CHECKING:
    from camembert_dual.tokenization.base import BaseTokenizer
    from camembert_dual.tokenization.camembert import CamembertBase
    from camembert_dual.tokenization.generic import TokenizerFast


def save_tokenizer(tokenizer: "CamembertBase", folder: Path, prefix: str | None) -> tuple[str, ...]:
    """Writes all files; ``tokenizer.json`` only if it can hold the model."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [*save_vocabulary(tokenizer, folder, prefix)]
    texts = {CONFIG_FILE: _text(_config(tokenizer)), SPECIAL_FILE: _text(_special(tokenizer))}
    beyond = _beyond(tokenizer)
    if beyond:
        texts[ADDED_FILE] = _text(beyond)
    if can_hold(parse_model(tokenizer.backend.proto)):
        texts[TOKENIZER_FILE] = tokenizer_json(tokenizer)
    for name, text in texts.items():
        path = _path(folder, name, prefix)
        write_atomically(path, text.encode())
        written.append(str(path))
    return tuple(written)


def save_vocabulary(tokenizer: "CamembertBase", folder: Path, prefix: str | None) -> tuple[str]:
    """Writes the SentencePiece model.

    Raises:
        FileNotFoundError: If ``folder`` is not a folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"A vocabulary is saved in a folder; {folder} is none.")
    path = _path(folder, VOCAB_FILE, prefix)
    write_atomically(path, tokenizer.backend.proto)
    return (str(path),)


def tokenizer_json(tokenizer: "CamembertBase") -> str:
    """The text of ``tokenizer.json``."""
    return from_proto(
        parse_model(tokenizer.backend.proto),
        tokenizer.backend.added.by_id,
        tokenizer.templates(),
        tokenizer.mask_token or "<mask>",
    )


def save_generic(tokenizer: "TokenizerFast", folder: Path, prefix: str | None) -> tuple[str, ...]:
    """Writes the two files that ``TokenizerFast`` needs."""
    folder.mkdir(parents=True, exist_ok=True)
    config = _settings(tokenizer) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    config["model_input_names"] = tokenizer.model_input_names
    texts = {
        TOKENIZER_FILE: tokenizer.backend.library.to_str(pretty=True),
        CONFIG_FILE: _text(config),
    }
    for name, text in texts.items():
        write_atomically(_path(folder, name, prefix), text.encode())
    return tuple(str(_path(folder, name, prefix)) for name in texts)


def _settings(tokenizer: "BaseTokenizer") -> dict[str, Any]:
    """What both kinds of tokenizer keep in ``tokenizer_config.json``."""
    config = tokenizer.init_kwargs | tokenizer.special_tokens_map
    for name in (
        "clean_up_tokenization_spaces",
        "model_max_length",
        "padding_side",
        "truncation_side",
    ):
        config[name] = getattr(tokenizer, name)
    return config


def _config(tokenizer: "CamembertBase") -> dict[str, Any]:
    config = _settings(tokenizer)
    config["added_tokens_decoder"] = {
        str(index): _written(token)
        for index, token in sorted(tokenizer.backend.added.by_id.items())
    }
    config["sp_model_kwargs"] = tokenizer.sp_model_kwargs
    config["tokenizer_class"] = "CamembertTokenizer"
    return config


def _special(tokenizer: "CamembertBase") -> dict[str, Any]:
    special = tokenizer.special_tokens_map
    mask = tokenizer.mask_token
    if mask is not None:
        token = tokenizer.backend.added.by_id[tokenizer.backend.added.ids[mask]]
        special["mask_token"] = _written(token)
        del special["mask_token"]["special"]
    return special


def _beyond(tokenizer: "CamembertBase") -> dict[str, int]:
    """Tokens that have no row in the SentencePiece model: ``<mask>`` and those behind it."""
    first = tokenizer.backend.size() + FAIRSEQ_OFFSET
    return {
        token.content: index
        for index, token in sorted(tokenizer.backend.added.by_id.items())
        if index >= first
    }


def _written(token: AddedToken) -> dict[str, Any]:
    names = ("content", "lstrip", "normalized", "rstrip", "single_word", "special")
    return {name: getattr(token, name) for name in names}


def _path(folder: Path, name: str, prefix: str | None) -> Path:
    return folder / (f"{prefix}-{name}" if prefix else name)


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
