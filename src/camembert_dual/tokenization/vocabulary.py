"""The tokens of a tokenizer: their ids, the special ones among them, and those that users add."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from tokenizers import AddedToken

from camembert_dual.common.arrays import as_lists
from camembert_dual.tokenization.segmenter import Backend
from camembert_dual.tokenization.special import NAMES, SpecialToken, SpecialTokenId


class Vocabulary:
    """Tokens and their ids.

    Attributes:
        backend: The vocabulary, and what cuts text.
        special_tokens: The special tokens by part: ``{"mask_token": "<mask>", …}``.
        additional_special_tokens: Further tokens that ``skip_special_tokens`` leaves out.
    """

    bos_token, bos_token_id = SpecialToken(), SpecialTokenId()
    eos_token, eos_token_id = SpecialToken(), SpecialTokenId()
    unk_token, unk_token_id = SpecialToken(), SpecialTokenId()
    sep_token, sep_token_id = SpecialToken(), SpecialTokenId()
    pad_token, pad_token_id = SpecialToken(), SpecialTokenId()
    cls_token, cls_token_id = SpecialToken(), SpecialTokenId()
    mask_token, mask_token_id = SpecialToken(), SpecialTokenId()

    def __init__(
        self,
        backend: Backend,
        special_tokens: Mapping[str, Any],
        additional_special_tokens: Iterable[Any],
    ) -> None:
        """Adds the special tokens that the vocabulary lacks."""
        extra = list(additional_special_tokens)
        given = {name: token for name, token in special_tokens.items() if token is not None}
        self.backend = backend
        self.special_tokens = {name: str(token) for name, token in given.items()}
        self.additional_special_tokens = [str(token) for token in extra]
        self.add_tokens([*given.values(), *extra], special_tokens=True)

    @overload
    def convert_tokens_to_ids(self, tokens: str) -> int: ...  # type: ignore[overload-overlap]
    @overload
    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]: ...
    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> int | list[int]:
        """The id of a token, or of each; unknown ones get the id of ``unk_token``."""
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in tokens]
        index = self.backend.token_to_id(tokens)
        if index is not None:
            return index
        unknown = self.backend.token_to_id(self.unk_token) if self.unk_token else None
        if unknown is None:
            raise ValueError(
                f"a token must be known where there is no unk_token; received {tokens!r}"
            )
        return unknown

    @overload
    def convert_ids_to_tokens(self, ids: int, skip_special_tokens: bool = False) -> str: ...
    @overload
    def convert_ids_to_tokens(
        self, ids: Sequence[int], skip_special_tokens: bool = False
    ) -> list[str]: ...
    def convert_ids_to_tokens(
        self, ids: int | Sequence[int], skip_special_tokens: bool = False
    ) -> str | list[str]:
        """The token of an id, or of each: ints, lists, arrays and tensors of one dimension.

        Raises:
            ValueError: If there is no such id.
        """
        ids = as_lists(ids)
        if isinstance(ids, int):
            token = self.backend.id_to_token(ids)
            if token is None:
                raise ValueError(f"an id must be under {len(self)} and in use; received {ids}")
            return token
        skipped = set(self.all_special_ids) if skip_special_tokens else set()
        return [self.convert_ids_to_tokens(index) for index in ids if index not in skipped]

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Adds tokens that text is never cut inside of; returns how many are new."""
        tokens = [new_tokens] if isinstance(new_tokens, (str, AddedToken)) else new_tokens
        grown = 0
        for token in tokens:
            if isinstance(token, str):
                if token in self.backend.added.ids:
                    continue
                token = AddedToken(token, normalized=not special_tokens, special=special_tokens)
            grown += self.backend.add(token)
        return grown

    def add_special_tokens(self, special_tokens_dict: Mapping[str, Any]) -> int:
        """Gives special tokens their parts, adding them where new; returns how many are new.

        Those of ``additional_special_tokens`` join the ones that are there.

        Raises:
            ValueError: If a part is unknown.
        """
        added = 0
        for name, value in special_tokens_dict.items():
            if name == "additional_special_tokens":
                self.additional_special_tokens += [
                    str(token) for token in value if str(token) not in self.all_special_tokens
                ]
                added += self.add_tokens(list(value), special_tokens=True)
            elif name in NAMES:
                added += self.add_tokens([value], special_tokens=True)
                setattr(self, name, value)
            else:
                raise ValueError(
                    f"a special token must be one of {', '.join(NAMES)} or "
                    f"additional_special_tokens; received {name!r}"
                )
        return added

    @property
    def special_tokens_map(self) -> dict[str, Any]:
        """The special tokens by part, ``additional_special_tokens`` included."""
        extra = {"additional_special_tokens": list(self.additional_special_tokens)}
        return self.special_tokens | (extra if self.additional_special_tokens else {})

    @property
    def all_special_tokens(self) -> list[str]:
        """Every special token, each once."""
        return list(dict.fromkeys([*self.special_tokens.values(), *self.additional_special_tokens]))

    @property
    def all_special_ids(self) -> list[int]:
        """The ids of :attr:`all_special_tokens`."""
        return self.convert_tokens_to_ids(self.all_special_tokens)

    @property
    def vocab_size(self) -> int:
        """The vocabulary without added tokens; size models by ``len(tokenizer)`` instead."""
        return self.backend.size()

    def __len__(self) -> int:
        """The rows that a model's embedding needs."""
        return len(self.backend)

    def get_vocab(self) -> dict[str, int]:
        """Every token with its id."""
        return self.backend.vocab()

    def get_added_vocab(self) -> dict[str, int]:
        """The added tokens with their ids."""
        return dict(self.backend.added.ids)

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """The added tokens by id."""
        return dict(self.backend.added.by_id)

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """The ids of the added tokens."""
        return self.get_added_vocab()

    @property
    def additional_special_tokens_ids(self) -> list[int]:
        """The ids of :attr:`additional_special_tokens`."""
        return self.convert_tokens_to_ids(self.additional_special_tokens)
