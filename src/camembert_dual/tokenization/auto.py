"""``AutoTokenizer``: the tokenizer class that a folder asks for."""

from pathlib import Path
from typing import Any

from camembert_dual.storage.json_files import read_json
from camembert_dual.storage.locate import HUB_OPTIONS
from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.fast import CamembertTokenizerFast
from camembert_dual.tokenization.files import TokenizerFolder, open_folder
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.slow import CamembertTokenizer
from camembert_dual.tokenization.tokenizer_json import is_camembert


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
    ) -> BaseTokenizer:
        """Loads the tokenizer of a folder, a bundled checkpoint or a hub repository.

        Args:
            name_or_path: The folder, or the name.
            use_fast: Whether the fast class is preferred where there are two.
            **options: Those of :meth:`BaseTokenizer.from_pretrained`.

        Returns:
            A CamemBERT tokenizer, or :class:`TokenizerFast` for any other ``tokenizer.json``.

        Raises:
            FileNotFoundError: If there is no such folder, or no tokenizer in it.
            ValueError: If the files are of a kind that no class here reads.
        """
        hub = {name: options.pop(name) for name in HUB_OPTIONS if name in options}
        folder = open_folder(name_or_path, **hub)
        return _class_for(folder, use_fast).from_folder(folder, **options)


def _class_for(folder: TokenizerFolder, use_fast: bool) -> type[BaseTokenizer]:
    if folder.tokenizer_file is not None and not is_camembert(read_json(folder.tokenizer_file)):
        return TokenizerFast
    return CamembertTokenizerFast if use_fast else CamembertTokenizer
