"""The files of a tokenizer in a checkpoint folder, written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken

from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.json_files import json_text
from camembert_dual.tokenization.added_tokens import ADDITIONAL, ROLES, token_json
from camembert_dual.tokenization.files import SETTINGS_FILES, VOCABULARIES


def write_files(
    folder: Path, contents: Mapping[str, str | bytes], prefix: str | None
) -> tuple[str, ...]:
    """Write a tokenizer's files, all or none, in the place of those that are there.

    Args:
        folder: Where; it is made if need be.
        contents: Texts or bytes by file name.
        prefix: What the names begin with, and a dash.

    Returns:
        Their paths.
    """
    begin = f"{prefix}-" if prefix else ""
    replaced = [re.escape(begin + name) for name in (*VOCABULARIES, *SETTINGS_FILES)]
    with staged_save(folder, replaced) as staging:
        for name, content in contents.items():
            raw = content.encode() if isinstance(content, str) else content
            (staging / f"{begin}{name}").write_bytes(raw)
    return tuple(str(folder / f"{begin}{name}") for name in contents)


def settings_json(
    init_kwargs: Mapping[str, Any],
    special_tokens: Mapping[str, Any],
    additional: Sequence[str],
    settings: Mapping[str, Any],
) -> str:
    """The text of ``tokenizer_config.json``; what comes later wins, and an empty role is null."""
    roles = {role: special_tokens.get(role) for role in ROLES}
    return json_text({**init_kwargs, **roles, ADDITIONAL: list(additional), **settings})


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
