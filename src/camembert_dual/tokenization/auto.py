"""``AutoTokenizer``: the tokenizer class that a folder asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.camembert import CamembertTokenizer, CamembertTokenizerFast
from camembert_dual.tokenization.files import TokenizerFolder, read_folder
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.roberta import RobertaTokenizer, RobertaTokenizerFast


class AutoTokenizer:
    """A maker of tokenizers, without instances."""

    def __init__(self) -> None:
        """Refuse.

        Raises:
            TypeError: Always.
        """
        raise TypeError("AutoTokenizer must be used by from_pretrained(name); received a call.")

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        use_fast: bool = True,
        config: Any = None,
        **options: Any,
    ) -> BaseTokenizer:
        """Load the tokenizer of a folder, a bundled checkpoint or a hub repository.

        Args:
            pretrained_model_name_or_path: The folder, or the name.
            use_fast: Whether the fast class is preferred where there are two.
            config: Accepted; the files say what there is to know.
            **options: Those of :meth:`BaseTokenizer.from_pretrained`.

        Returns:
            A CamemBERT tokenizer, or :class:`TokenizerFast` for any other ``tokenizer.json``, or
            RoBERTa's for its two older files.

        Raises:
            FileNotFoundError: If there is no such folder, or no tokenizer in it.
            ValueError: If the files are of a kind that no class here reads.
        """
        folder = read_folder(pretrained_model_name_or_path, options)
        return _class_for(folder, use_fast).from_folder(folder)


def _class_for(folder: TokenizerFolder, use_fast: bool) -> type[BaseTokenizer]:
    if folder.is_camembert is False:
        return TokenizerFast
    if folder.vocab_file is None and folder.tokenizer_file is None:
        return RobertaTokenizerFast if use_fast else RobertaTokenizer
    return CamembertTokenizerFast if use_fast else CamembertTokenizer
