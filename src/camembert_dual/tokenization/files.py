"""The files of a tokenizer in a checkpoint folder, read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.errors import CheckpointError, is_integer, require_file, shown
from camembert_dual.common.id_layout import (
    OFFSET_FAMILIES,
    PAD_ID,
    longest_text,
)
from camembert_dual.common.keywords import FLAG, Keyword, leave_out_neutral
from camembert_dual.storage.file_names import (
    ADDED_TOKENS,
    CONFIG,
    MERGES,
    SENTENCEPIECE,
    SPECIAL_TOKENS,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
    VOCAB_JSON,
)
from camembert_dual.storage.json_files import read_json
from camembert_dual.storage.locate import locate, take_hub_options
from camembert_dual.tokenization.added_tokens import (
    ADDITIONAL,
    ROLES,
    join_tables,
    read_token,
    read_tokens,
)
from camembert_dual.tokenization.deprecated import read_old_settings
from camembert_dual.tokenization.options import SANE_LIMIT, SETTING_KINDS, check_kinds
from camembert_dual.tokenization.tokenizer_json import end_ids, is_camembert, unknown_id

VOCABULARIES = (SENTENCEPIECE, TOKENIZER_JSON)
SETTINGS_FILES = (TOKENIZER_CONFIG, SPECIAL_TOKENS, ADDED_TOKENS)
READ_FILES = (*VOCABULARIES, VOCAB_JSON, MERGES, *SETTINGS_FILES, CONFIG)
# families of ``transformers`` that number SentencePiece's pieces in ways of their own
OTHER_PIECES = frozenset(
    [
        *("albert", "barthez", "bartpho", "bertgeneration", "bigbird", "codellama", "cpm"),
        *("debertav2", "ernie", "fnet", "gemma", "gptsw3", "layoutxlm", "llama", "m2m100"),
        *("marian", "mbart", "mbart50", "mluke", "mt5", "nllb", "pegasus", "plbart", "reformer"),
        *("rembert", "speech2text", "speecht5", "t5", "xglm", "xlmprophetnet", "xlmroberta"),
        *("xlmrobertaxl", "xlnet"),
    ]
)
ARGUMENTS = ("vocab_file", "tokenizer_file")  # what names the vocabularies in a call
NEUTRAL = (
    Keyword("use_fast", FLAG, "the class says it"),
    Keyword("from_slow", FLAG, "both files say the same"),
    Keyword("tokenizer_type", (None, "camembert", "roberta"), "the files say it"),
    Keyword("chat_template", (None,), "CamemBERT holds no conversations"),
)
_IDS = 1 << 31
EXTRA = "extra_special_tokens"  # what release 5 calls additional_special_tokens
_NOT_SETTINGS = (
    *("added_tokens_decoder", "auto_map", "backend", "ends", EXTRA, "is_local"),
    "local_files_only",
    *("name_or_path", "processor_class", "segmenter", "self", "special_tokens"),
    *("special_tokens_map_file", "tokenizer_class", "tokenizer_file", "unk_id", "vocab_file"),
    "vocabulary",
)


class TokenizerFolder(NamedTuple):
    """What a folder says of its tokenizer.

    Attributes:
        path: The folder.
        settings: Arguments of a tokenizer's constructor.
        family: The kind of tokenizer that the files name, such as "camembert" or "xlmroberta".
        vocab_file: Its SentencePiece model.
        tokenizer_file: Its ``tokenizer.json``.
        is_camembert: Whether that has CamemBERT's ids; None if there is none.
    """

    path: Path
    settings: dict[str, Any]
    family: str | None
    vocab_file: Path | None
    tokenizer_file: Path | None
    is_camembert: bool | None

    def check_pieces(self) -> None:
        """Refuse SentencePiece files whose pieces have other ids than CamemBERT's.

        Raises:
            FileNotFoundError: If there are none.
            ValueError: If the folder names another family.
        """
        if self.vocab_file is None and self.tokenizer_file is None:
            raise no_vocabulary(self.path)
        if self.family in OTHER_PIECES:
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
    options = dict(options)
    path = locate(name_or_path, filenames=READ_FILES, **take_hub_options(options))
    leave_out_neutral(options, NEUTRAL)
    path = path.parent if path.is_file() else path
    vocab_file, tokenizer_file = (
        _chosen(options.pop(argument, None), path / name)
        for argument, name in zip(ARGUMENTS, VOCABULARIES, strict=True)
    )
    if vocab_file is None and tokenizer_file is None and not (path / MERGES).is_file():
        raise no_vocabulary(path)
    contents = read_contents(path)
    if tokenizer_file is not None:
        contents[TOKENIZER_JSON] = read_json(tokenizer_file)
    settings = _settings(path, contents)
    settings["added_tokens_decoder"] = join_tables(read_tables(path, contents))
    settings["model_max_length"] = _limit(settings.get("model_max_length"), path)
    settings["name_or_path"] = str(name_or_path)
    own = is_camembert(contents[TOKENIZER_JSON]) if tokenizer_file else None
    if own and "unk_token" not in options:
        settings["unk_id"] = unknown_id(contents[TOKENIZER_JSON], str(settings.get("unk_token")))
    if own and not options.keys() & {"cls_token", "sep_token"}:
        settings["ends"] = end_ids(contents[TOKENIZER_JSON])
    settings |= read_old_settings(options)
    family = _family(contents[TOKENIZER_CONFIG], path)
    return TokenizerFolder(path, settings, family, vocab_file, tokenizer_file, own)


def no_vocabulary(path: Path) -> FileNotFoundError:
    """The error about a folder without a vocabulary that the class asked for reads."""
    names = " or ".join(VOCABULARIES)
    return FileNotFoundError(f"A tokenizer must have {names}; neither is in {path}.")


def _chosen(given: Any, usual: Path) -> Path | None:
    """The file that was asked for, else the usual one if it is there."""
    if given is None:
        return usual if usual.is_file() else None
    if not Path(given).is_file():
        raise FileNotFoundError(f"A tokenizer's file must be there; {shown(str(given))} is not.")
    return Path(given)


def read_contents(path: Path) -> dict[str, dict[str, Any]]:
    """The JSON files of a folder by name; one that is not there is empty."""
    return {name: _read(path / name) for name in (TOKENIZER_JSON, *SETTINGS_FILES)}


def read_tables(path: Path, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[int, Any]]:
    """The added tokens by id of every file that names some, the file first that counts most.

    ``tokenizer.json`` comes first, as the reference's fast class has it.

    Raises:
        CheckpointError: If something is not a token or an id, or one of them is there twice.
    """
    by_id = contents[TOKENIZER_CONFIG].get("added_tokens_decoder") or {}
    config = path / TOKENIZER_CONFIG
    rule = "added_tokens_decoder must be an object by id"
    require_file(config, isinstance(by_id, Mapping), rule, shown(by_id))
    by_text = contents[ADDED_TOKENS]
    return {
        TOKENIZER_JSON: read_added_tokens(path / TOKENIZER_JSON, contents[TOKENIZER_JSON]),
        TOKENIZER_CONFIG: _table(config, map(_as_id, by_id), by_id.values()),
        ADDED_TOKENS: _table(path / ADDED_TOKENS, by_text.values(), by_text),
    }


def read_added_tokens(path: Path, content: Mapping[str, Any]) -> dict[int, Any]:
    """The added tokens by id of a ``tokenizer.json``.

    Raises:
        CheckpointError: If something is not a token or an id, or one of them is there twice.
    """
    entries = content.get("added_tokens") or []
    sound = isinstance(entries, list) and all(isinstance(entry, Mapping) for entry in entries)
    require_file(path, sound, "added_tokens must be a list of objects", shown(entries))
    return _table(path, [entry.get("id") for entry in entries], entries)


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def order_of(contents: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Which of the two files of special tokens counts first.

    The reference reads ``special_tokens_map.json`` where ``tokenizer_config.json`` says nothing of
    added tokens, as files older than its release 4.34 do.
    """
    if "added_tokens_decoder" in contents[TOKENIZER_CONFIG]:
        return TOKENIZER_CONFIG, SPECIAL_TOKENS
    return SPECIAL_TOKENS, TOKENIZER_CONFIG


def _settings(path: Path, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the files say of a tokenizer but for its added tokens and its limit."""
    config = contents[TOKENIZER_CONFIG]
    settings = {name: value for name, value in config.items() if name not in _NOT_SETTINGS}
    check_kinds(settings, SETTING_KINDS, f"{path / TOKENIZER_CONFIG}: ")
    order = order_of(contents)
    for role in ROLES:
        for name in order:
            if role in contents[name]:
                one = contents[name][role]
                settings[role] = None if one is None else _read_as(path / name, read_token, one)
                break
    extra = config.get(EXTRA)
    extra = list(extra.values()) if isinstance(extra, Mapping) and "content" not in extra else extra
    listed = {TOKENIZER_CONFIG: config.get(ADDITIONAL, extra)}
    listed[SPECIAL_TOKENS] = contents[SPECIAL_TOKENS].get(ADDITIONAL)
    if order[0] == TOKENIZER_CONFIG and listed[TOKENIZER_CONFIG] is not None:
        del listed[SPECIAL_TOKENS]
    said = {name: values for name, values in listed.items() if values is not None}
    if said:
        tokens = [
            token for name in said for token in _read_as(path / name, read_tokens, said[name])
        ]
        settings[ADDITIONAL] = list({str(token): token for token in tokens}.values())
    return settings


def _table(path: Path, ids: Iterable[Any], values: Iterable[Any]) -> dict[int, Any]:
    """Tokens by id, checked; a value is described only where it is wrong, as they may be many."""
    table: dict[int, Any] = {}
    texts: set[str] = set()
    tokens = _read_as(path, lambda many: list(map(read_token, many)), values)
    for index, token in zip(ids, tokens, strict=True):
        text = token if isinstance(token, str) else token.content
        is_id = type(index) is int and 0 <= index < _IDS
        if not is_id or index in table or text in texts or not text.strip():
            told = shown((text, index))
            require_file(path, is_id, f"an id must be from 0 to {_IDS - 1}", told)
            require_file(path, text.strip(), "a token must not be blank", told)
            require_file(path, False, "a token must have one id, and an id one token", told)
        texts.add(text)
        table[index] = token
    return table


def _as_id(key: str) -> int | str:
    """The number of a JSON key."""
    return int(key) if key.isascii() and key.isdigit() and len(key) < 19 else key


def _read_as(path: Path, read: Callable[[Any], Any], value: Any) -> Any:
    """A value of a file, read by a function of :mod:`added_tokens`."""
    try:
        return read(value)
    except (TypeError, ValueError) as error:
        text = f"{path}: {error}"
        raise CheckpointError(text) from None


def _family(content: Mapping[str, Any], path: Path) -> str | None:
    """The family that the files name; a class of a user's own says nothing of it."""
    name = content.get("tokenizer_class")
    family = family_of(name) if isinstance(name, str) else None
    if family in OTHER_PIECES:
        return family
    model_type = _read(path / CONFIG).get("model_type")
    return family_of(model_type.replace("-", "")) if isinstance(model_type, str) else family


def family_of(class_name: str) -> str:
    """The family that a tokenizer's class is named after."""
    return class_name.lower().removesuffix("fast").removesuffix("tokenizer")


def _limit(stated: Any, path: Path) -> int | None:
    """The tokens that the model takes: what the tokenizer says, but no more than the model can."""
    limits = [int(stated)] if stated is not None and stated < SANE_LIMIT else []
    config = _read(path / CONFIG)
    positions = config.get("max_position_embeddings")
    if positions is not None:
        pad = config.get("pad_token_id")
        pad = PAD_ID if pad is None else pad
        sound = is_integer(positions, 1) and is_integer(pad, 0)
        rule = "max_position_embeddings and pad_token_id must be whole numbers"
        require_file(path / CONFIG, sound, rule, shown((positions, pad)))
        offset = config.get("model_type") in OFFSET_FAMILIES
        limits.append(longest_text(positions, pad) if offset else positions)
    return min(limits, default=None)
