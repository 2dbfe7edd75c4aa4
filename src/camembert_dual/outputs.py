"""What models return: an ordered dict with attribute access, one class per kind of head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar


class ModelOutput(dict[str, Any]):
    """An ordered dict whose keys are also attributes and whose values also have numbers.

    A field without a value is left out of the dict, and its attribute reads None. Values may be
    set, ``output.loss = loss`` and ``output["loss"] = loss`` alike; new ones come last.
    ``output["logits"]``, ``output.logits`` and, if logits is the first value present, ``output[0]``
    are the same.

    Args:
        values: A mapping or pairs of field name and value; values of None are left out.
        **more: The same as keywords.

    Raises:
        ValueError: If a name is not a field of the class.
    """

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **more: Any
    ) -> None:
        given = dict(values, **more)
        unknown = [name for name in given if name not in self.fields]
        if unknown:
            raise ValueError(
                f"The fields of {type(self).__name__} must be among {', '.join(self.fields)}; "
                f"received {', '.join(unknown)}."
            )
        super().__init__((name, given[name]) for name in self.fields if given.get(name) is not None)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).fields or name in self:
            return self.get(name)
        raise AttributeError(f"{type(self).__name__} has no field {name!r}.")

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(
            type(self), name
        ):  # a dataclass of a user's own keeps the fields' defaults there
            object.__setattr__(self, name, value)
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else self.to_tuple()[key]

    def to_tuple(self) -> tuple[Any, ...]:
        """The values present, in the order of the fields."""
        return tuple(self.values())


class BaseModelOutput(ModelOutput):
    """Of the bare model. ``last_hidden_state`` (B, T, D), ``pooler_output`` (B, D).

    ``hidden_states`` holds the embeddings and each layer's output (B, T, D); ``attentions`` and
    ``cross_attentions`` one (B, H, T, S) per layer; ``past_key_values`` two (B, H, S, K) per layer,
    or four with cross-attention.
    """

    __slots__ = ()
    fields = (
        "last_hidden_state",
        "pooler_output",
        "hidden_states",
        "past_key_values",
        "attentions",
        "cross_attentions",
    )

    def to_places(self) -> tuple[Any, ...]:
        """The values as ``return_dict=False`` gives them, the second of which is the pooled one.

        It is None without pooler, and the cache comes before the hidden states, as in
        ``transformers``.
        """
        places = ("past_key_values", "hidden_states", "attentions", "cross_attentions")
        given = tuple(self[name] for name in places if name in self)
        return (self.last_hidden_state, self.pooler_output, *given)


class TFBaseModelOutput(BaseModelOutput):
    """The same of TensorFlow's, whose cache comes before the hidden states."""

    __slots__ = ()
    fields = (
        "last_hidden_state",
        "pooler_output",
        "past_key_values",
        "hidden_states",
        "attentions",
        "cross_attentions",
    )


class CausalLMOutput(ModelOutput):
    """Of the causal language model. ``loss`` (), ``logits`` (B, T, V); the rest as above."""

    __slots__ = ()
    fields = (
        "loss",
        "logits",
        "past_key_values",
        "hidden_states",
        "attentions",
        "cross_attentions",
    )


class MaskedLMOutput(ModelOutput):
    """Of the masked language model. ``loss`` (), ``logits`` (B, T, V)."""

    __slots__ = ()
    fields = ("loss", "logits", "hidden_states", "attentions")


class SequenceClassifierOutput(ModelOutput):
    """Of the sequence classifier. ``loss`` (), ``logits`` (B, L)."""

    __slots__ = ()
    fields = ("loss", "logits", "hidden_states", "attentions")


class MultipleChoiceModelOutput(ModelOutput):
    """Of multiple choice. ``loss`` (), ``logits`` (B, C); internals have B * C rows."""

    __slots__ = ()
    fields = ("loss", "logits", "hidden_states", "attentions")


class TokenClassifierOutput(ModelOutput):
    """Of the token classifier. ``loss`` (), ``logits`` (B, T, L)."""

    __slots__ = ()
    fields = ("loss", "logits", "hidden_states", "attentions")


class QuestionAnsweringModelOutput(ModelOutput):
    """Of extractive question answering. ``loss`` (), ``start_logits`` and ``end_logits`` (B, T)."""

    __slots__ = ()
    fields = ("loss", "start_logits", "end_logits", "hidden_states", "attentions")


OUTPUT_CLASSES: tuple[type[ModelOutput], ...] = (
    BaseModelOutput,
    TFBaseModelOutput,
    CausalLMOutput,
    MaskedLMOutput,
    SequenceClassifierOutput,
    MultipleChoiceModelOutput,
    TokenClassifierOutput,
    QuestionAnsweringModelOutput,
)


def without_states(output: BaseModelOutput) -> dict[str, Any]:
    """What a head passes on of the encoder's output: all but the states it was computed from."""
    used = ("last_hidden_state", "pooler_output")
    return {name: value for name, value in output.items() if name not in used}


def internals(output: BaseModelOutput) -> dict[str, Any]:
    """The hidden states and attentions of an encoder's output."""
    kept = ("hidden_states", "attentions")
    return {name: value for name, value in output.items() if name in kept}
