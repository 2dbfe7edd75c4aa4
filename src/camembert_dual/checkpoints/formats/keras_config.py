"""The configuration of a CamemBERT inside what Keras wrote of a model, read as data.

Keras' own reader would build objects from it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import file_error
from camembert_dual.common.model_names import architecture_of
from camembert_dual.config import ARCHITECTURES


def read_document(path: Path, text: str | bytes, subject: str) -> Any:
    """What a file holds as JSON.

    Raises:
        CheckpointError: If it is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise file_error(path, f"{subject} must be JSON", str(error)) from None


def find_configs(document: Any) -> Iterator[dict[str, Any]]:
    """The keys of a ``config.json``, with ``architectures``, of every CamemBERT in a document.

    Keras 2 has them as the model's ``config``, Keras 3 as the ``config`` in it.
    """
    waiting = deque([document])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, dict):
            inner = one.get("config")
            architecture = architecture_of(str(one.get("class_name")))
            if architecture and isinstance(inner, dict):
                values = inner.get("config", inner)
                if isinstance(values, dict) and "vocab_size" in values:
                    yield {**values, ARCHITECTURES: [architecture]}
                continue
            one = list(one.values())
        if isinstance(one, list):
            waiting += one
