"""The seven named special tokens of a tokenizer, as attributes."""

from typing import Any, overload

NAMES = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)


class SpecialToken:
    """``tokenizer.mask_token``: the text of a special token, or None."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learns which token this is."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "SpecialToken": ...
    @overload
    def __get__(self, instance: Any, owner: type) -> str | None: ...
    def __get__(self, instance: Any, owner: type) -> "SpecialToken | str | None":
        """The token."""
        if instance is None:
            return self
        token: str | None = instance.special_tokens.get(self.name)
        return token

    def __set__(self, instance: Any, value: Any) -> None:
        """Changes which token plays this part; it must be known, or be added, to have an id."""
        if value is None:
            instance.special_tokens.pop(self.name, None)
        else:
            instance.special_tokens[self.name] = str(value)


class SpecialTokenId:
    """``tokenizer.mask_token_id``: the id of a special token, or None."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learns which token this is."""
        self.name = name.removesuffix("_id")

    @overload
    def __get__(self, instance: None, owner: type) -> "SpecialTokenId": ...
    @overload
    def __get__(self, instance: Any, owner: type) -> int | None: ...
    def __get__(self, instance: Any, owner: type) -> "SpecialTokenId | int | None":
        """The id."""
        if instance is None:
            return self
        token = getattr(instance, self.name)
        return None if token is None else instance.convert_tokens_to_ids(token)

    def __set__(self, instance: Any, value: int) -> None:
        """Changes which token plays this part, by id."""
        setattr(instance, self.name, instance.convert_ids_to_tokens(value))
