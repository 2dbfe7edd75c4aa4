"""The LM head's decoder shares its weights, under whose first names alone they are saved.

Its table is that of the word embeddings, unless the config unties it, and its bias is the head's.
So the decoder is a module like any other, for hooks, adapters and offloading, and a state dict has
the published names and no second ones.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from camembert_dual.common.errors import require
from camembert_dual.parameter_names import wrapper_of

DECODER = "lm_head.decoder."


def tie(model: Any) -> None:
    """Give the decoder the weights that it shares, whatever they have become.

    A word embedding or decoder whose weight is not its own, as when it is parametrised or wrapped,
    keeps what it has.
    """
    for name, (decoder, owner) in shares(model).items():
        shared = own_weight(owner, name)
        if shared is not None and own_weight(decoder, name) is not None:
            setattr(decoder, name, shared)
    tie_own(model)


def tie_own(model: Any) -> None:
    """Give a decoder of a user's own, which ``get_output_embeddings`` names, the table of words."""
    decoder = model.get_output_embeddings()
    if decoder is not None and not shares(model) and model.config.tie_word_embeddings:
        shared = own_weight(model.get_input_embeddings(), "weight")
        if shared is not None and own_weight(decoder, "weight") is not None:
            decoder.weight = shared


def shares(model: Any) -> dict[str, tuple[nn.Module, nn.Module]]:
    """Each weight that the decoder shares, with the decoder and the module that it is saved in."""
    head: Any = getattr(model, "lm_head", None)
    if not hasattr(head, "decoder"):  # one of a user's own may be anything
        return {}
    found = {"bias": (head.decoder, head)}
    if model.config.tie_word_embeddings:
        found["weight"] = (head.decoder, model.get_input_embeddings())
    return found


def own_weight(module: nn.Module, name: str) -> nn.Parameter | None:
    """A weight of a module that is no property and in no module below."""
    return dict(module.named_parameters(recurse=False)).get(name)


def leave_out_shared(model: Any, state: dict[str, Tensor], prefix: str, metadata: Any) -> None:
    """Take second names out of a state dict that is being made."""
    for name, (decoder, owner) in shares(model).items():
        if own_weight(decoder, name) is own_weight(owner, name):
            state.pop(f"{prefix}{DECODER}{name}", None)


def refuse_wrapped(model: Any, state: Mapping[str, Any], prefix: str, *rest: Any) -> None:
    """Refuse a state dict of a module around the model, which has none of the model's names.

    Raises:
        ValueError: If it is one; the message says what stands before the names.
    """
    if prefix:
        return  # the module around it is loading
    rule = "A state dict must hold weights by name, as this one does under 'state_dict'"
    require(not isinstance(state.get("state_dict"), Mapping), rule, list(state))
    wrapper = wrapper_of(list(state))
    rule = f"A state dict must have the model's own names (take {wrapper!r} off, which a module "
    require(not wrapper, f"{rule}around the model put there)", next(iter(state), "none"))


def take_up_shared(model: Any, incompatible: Any) -> None:
    """Miss no second names in a state dict that was loaded, and tie what it replaced."""
    second = tuple(f"{DECODER}{name}" for name in shares(model))
    missing = incompatible.missing_keys
    missing[:] = [name for name in missing if not name.endswith(second)]
    tie(model)


def second_names(model: Any) -> set[str]:
    """Further names of weights that a user's model has under several, and of the decoder's."""
    firsts = {*dict(model.named_parameters()), *dict(model.named_buffers())}
    decoders = {f"{DECODER}{name}" for name in shares(model)}
    return (set(model.state_dict()) - firsts) | decoders
