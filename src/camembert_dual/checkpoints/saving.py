"""What ``save_pretrained`` takes, and what a model must be to be saved: what its config says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints.matching import match
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import listed, refusal, require
from camembert_dual.common.keywords import FLAG, Keyword, leave_out_neutral
from camembert_dual.parameters import Parameter
from camembert_dual.storage.publishing import take_publishing

OBEYED = ("safe_serialization", "max_shard_size", "variant")
NEUTRAL = (
    Keyword("save_peft_format", FLAG, "adapters are saved by the package that made them"),
    Keyword("save_original_format", FLAG, "weights always have their published names"),
    Keyword("distributed_checkpoint", (None, False), "a checkpoint is written by one process"),
    Keyword("signatures", (None,), "a SavedModel's endpoints are given to export_saved_model"),
)
REMEDY = "to be saved (make the config say what the model is, or merge and remove what was added)"


class SaveOptions(NamedTuple):
    """The options of one ``save_pretrained`` call, sorted by what they are for.

    Attributes:
        is_main_process: Whether this process writes at all.
        state_dict: Weights to write instead of the model's.
        checkpoint: Options of :func:`camembert_dual.checkpoints.folder.save_checkpoint`.
        saved_model: Where to write a SavedModel, too; None for nowhere.
        publishing: Options of :func:`camembert_dual.storage.publishing.publish`; None if nothing
            is published.
    """

    is_main_process: bool
    state_dict: Mapping[str, Any] | None
    checkpoint: dict[str, Any]
    saved_model: Path | None
    publishing: dict[str, Any] | None

    @classmethod
    def from_keywords(cls, directory: str | Path, options: Mapping[str, Any]) -> SaveOptions:
        """Sort the keywords of a call.

        Args:
            directory: The folder to be written.
            options: The keywords.

        Raises:
            ValueError: If a name is unknown, or a value is refused.
        """
        rest = dict(options)
        publishing = take_publishing(rest, directory, rest.pop("push_to_hub", False))
        leave_out_neutral(rest, NEUTRAL)
        is_main, exports = rest.pop("is_main_process", True), rest.pop("saved_model", False)
        version, write = rest.pop("version", 1), rest.pop("save_function", None)
        state_dict = rest.pop("state_dict", None)
        checkpoint = {name: rest.pop(name) for name in OBEYED if name in rest}
        for name, value in (("is_main_process", is_main), ("saved_model", exports)):
            require(isinstance(value, bool), f"{name} must be True or False", value)
        is_safe = checkpoint.get("safe_serialization", True)
        rule = "save_function must be None with safe_serialization=False: no pickle is written"
        require(write is None or is_safe, rule, write)
        rule = "An option of save_pretrained must be one of its own"
        require(not rest, rule, listed(sorted(rest)))
        place = Path(directory) / "saved_model" / str(version)
        return cls(is_main, state_dict, checkpoint, place if exports else None, publishing)


def arrays_of_state(
    state_dict: Mapping[str, Any], expected: Sequence[Parameter], array_of: Callable[[Any], Array]
) -> dict[str, Array]:
    """The weights of a model from what a user gives in their place.

    Args:
        state_dict: Published name to tensor, in the torch layout.
        expected: The weights by the config.
        array_of: Gives the array of a tensor.

    Raises:
        ValueError: If they do not fit.
    """
    arrays = {name: array_of(one) for name, one in state_dict.items()}
    pairs, _ = match(arrays, expected)
    return {name: arrays[source] for name, source in pairs.items()}


def check_weights(expected: Sequence[Parameter], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check that a model has the weights of its config, and no others.

    Args:
        expected: The weights by the config.
        shapes: The shapes of the model's weights by published name.

    Raises:
        ValueError: If one is missing, or of another shape, or beside those of the config.
    """
    names = {one.name for one in expected}
    others = [name for name in shapes if name not in names]
    for one in expected:
        if shapes.get(one.name) != one.shape:
            layer = one.name.rpartition(".")[0]
            near = listed([name for name in others if name.startswith(f"{layer}.")])
            rule = f"{one.name} must be of shape {one.shape} as the config says, {REMEDY}"
            raise refusal(rule, shapes.get(one.name, near or "none"))
    rule = f"A model must have no weights but those that its config says, {REMEDY}"
    require(not others, rule, listed(others))


def check_kind(name: str, is_kept: bool, wanted: str, found: str) -> None:
    """Check that what computes with a weight is what the published network has there.

    Raises:
        ValueError: If it is another kind of layer.
    """
    layer = name.rpartition(".")[0]
    require(is_kept, f"{layer} must be of the kind {wanted} {REMEDY}", found)
