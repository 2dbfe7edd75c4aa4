"""``AutoTokenizer``: the tokenizer class that a folder asks for."""

from pathlib import Path
from typing import Any

from camembert_dual.tokenization.camembert import CamembertBase
from camembert_dual.tokenization.fast import CamembertTokenizerFast
from camembert_dual.tokenization.slow import CamembertTokenizer


class AutoTokenizer:
    """Makes tokenizers; has no instances."""

    def __init__(self) -> None:
        """Refuses.

        Raises:
            TypeError: Always.
        """
        raise TypeError("AutoTokenizer makes tokenizers by AutoTokenizer.from_pretrained(name)")

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path, *, use_fast: bool = True, **options: Any
    ) -> CamembertBase:
        """Loads the tokenizer of a folder, a bundled checkpoint or a hub repository.

        Args:
            name_or_path: The folder, or the name.
            use_fast: Whether the fast class is preferred.
            **options: Passed to that class's ``from_pretrained``.
        """
        chosen = CamembertTokenizerFast if use_fast else CamembertTokenizer
        return chosen.from_pretrained(name_or_path, **options)
