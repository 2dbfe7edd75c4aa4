"""The files of a tokenizer in a checkpoint folder, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import AddedToken

from camembert_dual.common.id_layout import OFFSET_FAMILIES, PAD_ID, longest_text
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import (
    ADDED_TOKENS,
    CONFIG,
    SENTENCEPIECE,
    SPECIAL_TOKENS,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
)
from camembert_dual.storage.json_files import json_text, read_json
from camembert_dual.storage.locate import HUB_OPTIONS, locate
from camembert_dual.tokenization.added_tokens import ROLES, read_token, token_json
from camembert_dual.tokenization.options import SANE_LIMIT

VOCABULARIES = (SENTENCEPIECE, TOKENIZER_JSON)
READ_FILES = (*VOCABULARIES, TOKENIZER_CONFIG, SPECIAL_TOKENS, ADDED_TOKENS, CONFIG)
_NOT_SETTINGS = (
    "added_tokens_decoder",
    "auto_map",
    "backend",
    "extra_special_tokens",
    "is_local",
    "local_files_only",
    "name_or_path",
    "processor_class",
    "special_tokens_map_file",
    "tokenizer_class",
    "tokenizer_file",
    "vocab_file",
)


class TokenizerFolder(NamedTuple):
    """What a folder says of its tokenizer.

    Attributes:
        path: The folder.
        settings: Arguments of a tokenizer's constructor.
        family: The kind of tokenizer that the files name, such as "camembert" or "xlmroberta".
        vocab_file: Its SentencePiece model.
        tokenizer_file: Its ``tokenizer.json``.
    """

    path: Path
    settings: dict[str, Any]
    family: str | None
    vocab_file: Path | None
    tokenizer_file: Path | None

    def check_pieces(self) -> None:
        """Refuse SentencePiece files whose pieces have other ids than CamemBERT's.

        Raises:
            ValueError: If the folder names another family.
        """
        if self.family not in (None, "camembert", "roberta"):
            raise ValueError(
                f"A SentencePiece file must be of CamemBERT; received one of {self.family}, "
                "which numbers its pieces otherwise: load its tokenizer.json by AutoTokenizer."
            )


def read_folder(name_or_path: str | Path, options: Mapping[str, Any]) -> TokenizerFolder:
    """Read the small files of a folder, a bundled checkpoint or a hub repository.

    Args:
        name_or_path: The folder, or the name.
        options: What overrides the files; those of the hub are used here.

    Raises:
        FileNotFoundError: If there is no such folder, or no tokenizer in it.
        ValueError: If a file is not JSON.
    """
    hub = {name: options[name] for name in HUB_OPTIONS if name in options}
    path = locate(name_or_path, filenames=READ_FILES, **hub)
    path = path.parent if path.is_file() else path
    vocab_file, tokenizer_file = (
        path / name if (path / name).is_file() else None for name in VOCABULARIES
    )
    if vocab_file is None and tokenizer_file is None:
        raise FileNotFoundError(
            f"A tokenizer must have {' or '.join(VOCABULARIES)}; neither is in {path}."
        )
    content = _read(path / TOKENIZER_CONFIG)
    settings = {name: value for name, value in content.items() if name not in _NOT_SETTINGS}
    settings.update(_read(path / SPECIAL_TOKENS))
    if extra := content.get("extra_special_tokens"):
        named = isinstance(extra, Mapping)
        settings.setdefault("additional_special_tokens", list(extra.values()) if named else extra)
    for role in ROLES:
        if role in settings:
            settings[role] = read_token(settings[role])
    settings["added_tokens_decoder"] = _added(content, path, tokenizer_file)
    if extras := settings.get("additional_special_tokens"):
        settings["additional_special_tokens"] = [read_token(token) for token in extras]
    settings["model_max_length"] = _limit(settings.get("model_max_length"), path)
    settings["name_or_path"] = str(name_or_path)
    settings |= {name: value for name, value in options.items() if name not in HUB_OPTIONS}
    return TokenizerFolder(path, settings, _family(content, path), vocab_file, tokenizer_file)


def write_files(
    folder: Path, contents: Mapping[str, str | bytes], prefix: str | None
) -> tuple[str, ...]:
    """Write files, each whole or not at all; return their paths.

    Args:
        folder: Where; it must be there.
        contents: Texts or bytes by file name.
        prefix: What the names begin with, and a dash.
    """
    paths = []
    for name, content in contents.items():
        path = folder / (f"{prefix}-{name}" if prefix else name)
        write_atomically(path, content.encode() if isinstance(content, str) else content)
        paths.append(str(path))
    return tuple(paths)


def settings_json(
    init_kwargs: Mapping[str, Any], special_tokens: Mapping[str, Any], settings: Mapping[str, Any]
) -> str:
    """The text of ``tokenizer_config.json``; what comes later wins."""
    return json_text({**init_kwargs, **special_tokens, **settings})


def special_tokens_json(special_tokens: Mapping[str, Any], mask_token: AddedToken | None) -> str:
    """The text of ``special_tokens_map.json``; the mask is spelt out, as it strips blanks."""
    content = dict(special_tokens)
    if mask_token is not None:
        content["mask_token"] = token_json(mask_token)
        del content["mask_token"]["special"]
    return json_text(content)


def added_tokens_json(tokens: Mapping[int, AddedToken]) -> str:
    """The text of ``added_tokens.json``."""
    return json_text({token.content: index for index, token in tokens.items()})


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _added(
    content: Mapping[str, Any], path: Path, tokenizer_file: Path | None
) -> dict[int, AddedToken | str]:
    """The added tokens by id, of all files that name some."""
    added = {int(i): token for i, token in (content.get("added_tokens_decoder") or {}).items()}
    for token, index in _read(path / ADDED_TOKENS).items():
        added.setdefault(int(index), token)
    if tokenizer_file is not None:
        for entry in read_json(tokenizer_file).get("added_tokens") or ():
            added.setdefault(int(entry["id"]), entry)
    return {index: read_token(token) for index, token in added.items()}


def _family(content: Mapping[str, Any], path: Path) -> str | None:
    """The kind of tokenizer that the files name, such as "camembert" or "xlmroberta"."""
    name = content.get("tokenizer_class")
    if isinstance(name, str) and not name.startswith("PreTrained"):
        return name.lower().removesuffix("fast").removesuffix("tokenizer")
    model_type = _read(path / CONFIG).get("model_type")
    return model_type.replace("-", "") if isinstance(model_type, str) else None


def _limit(stated: Any, path: Path) -> int | None:
    """The tokens that the model takes: what the tokenizer says, but no more than the model can."""
    limits = [int(stated)] if stated is not None and 0 < stated < SANE_LIMIT else []
    config = _read(path / CONFIG)
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int):
        offset = config.get("model_type") in OFFSET_FAMILIES
        pad = config.get("pad_token_id", PAD_ID)
        limits.append(longest_text(positions, pad) if offset else positions)
    return min(limits, default=None)
