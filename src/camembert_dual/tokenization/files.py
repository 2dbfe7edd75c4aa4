"""The files of a tokenizer in a checkpoint folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import AddedToken

from camembert_dual.storage.json_files import read_json
from camembert_dual.storage.locate import locate
from camembert_dual.tokenization.special import NAMES

VOCAB_FILE = "sentencepiece.bpe.model"
TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "tokenizer_config.json"
SPECIAL_FILE = "special_tokens_map.json"
ADDED_FILE = "added_tokens.json"
MODEL_CONFIG_FILE = "config.json"
FILES = (VOCAB_FILE, TOKENIZER_FILE, CONFIG_FILE, SPECIAL_FILE, ADDED_FILE, MODEL_CONFIG_FILE)

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
_OFFSET_FAMILIES = ("camembert", "roberta", "xlm-roberta")
_SANE = 10**9


class TokenizerFolder(NamedTuple):
    """What a folder says of its tokenizer."""

    path: Path
    settings: dict[str, Any]
    family: str | None
    vocab_file: Path | None
    tokenizer_file: Path | None

    def check_pieces(self) -> None:
        """Refuses SentencePiece files whose pieces have other ids than CamemBERT's.

        Raises:
            ValueError: If the folder names another family.
        """
        if self.family not in (None, "camembert", "roberta"):
            raise ValueError(
                f"a SentencePiece file must be of CamemBERT; received one of {self.family}, "
                "which numbers its pieces otherwise: load its tokenizer.json by AutoTokenizer"
            )


def open_folder(name_or_path: str | Path, **hub: Any) -> TokenizerFolder:
    """Reads the small files; ``hub`` goes to :func:`camembert_dual.storage.locate.locate`.

    Raises:
        FileNotFoundError: If there is no such folder, or no tokenizer in it.
    """
    path = locate(name_or_path, filenames=FILES, **hub)
    if path.is_file():
        path = path.parent
    vocab_file, tokenizer_file = (
        path / name if (path / name).is_file() else None for name in (VOCAB_FILE, TOKENIZER_FILE)
    )
    if vocab_file is None and tokenizer_file is None:
        raise FileNotFoundError(
            f"A tokenizer needs {VOCAB_FILE} or {TOKENIZER_FILE}; neither is in {path}."
        )
    content = _read(path / CONFIG_FILE)
    settings = {name: value for name, value in content.items() if name not in _NOT_SETTINGS}
    settings.update(_read(path / SPECIAL_FILE))
    if extra := content.get("extra_special_tokens"):
        named = isinstance(extra, Mapping)
        settings.setdefault("additional_special_tokens", list(extra.values()) if named else extra)
    for name in NAMES:
        if name in settings:
            settings[name] = as_token(settings[name])
    added = {int(i): token for i, token in (content.get("added_tokens_decoder") or {}).items()}
    for token, index in _read(path / ADDED_FILE).items():
        added.setdefault(int(index), token)
    if tokenizer_file is not None:
        for entry in read_json(tokenizer_file).get("added_tokens") or ():
            added.setdefault(int(entry["id"]), entry)
    settings["added_tokens_decoder"] = {i: as_token(token) for i, token in added.items()}
    if extras := settings.get("additional_special_tokens"):
        settings["additional_special_tokens"] = [as_token(token) for token in extras]
    settings["model_max_length"] = _limit(settings.get("model_max_length"), path)
    settings["name_or_path"] = str(name_or_path)
    return TokenizerFolder(path, settings, _family(content, path), vocab_file, tokenizer_file)


def as_token(value: Any) -> Any:
    """An AddedToken for its JSON form; strings and None as they are."""
    if not isinstance(value, Mapping):
        return value
    flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return AddedToken(value["content"], **{name: value[name] for name in flags if name in value})


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _family(content: Mapping[str, Any], path: Path) -> str | None:
    """The kind of tokenizer that the files name, such as "camembert" or "xlmroberta"."""
    name = content.get("tokenizer_class")
    if isinstance(name, str) and not name.startswith("PreTrained"):
        return name.lower().removesuffix("fast").removesuffix("tokenizer")
    model_type = _read(path / MODEL_CONFIG_FILE).get("model_type")
    return model_type.replace("-", "") if isinstance(model_type, str) else None


def _limit(stated: Any, path: Path) -> int | None:
    """The tokens that the model takes: what the tokenizer says, but no more than the model can."""
    limits = [int(stated)] if stated is not None and 0 < stated < _SANE else []
    config = _read(path / MODEL_CONFIG_FILE)
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int):
        offset = config.get("model_type") in _OFFSET_FAMILIES
        limits.append(positions - (config.get("pad_token_id", 1) + 1 if offset else 0))
    return min(limits, default=None)
