"""What ``from_pretrained`` takes besides a name, read once for both trees."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.call_forms import names_of
from camembert_dual.checkpoints.folder import check_depth, open_checkpoint
from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.checkpoints.matching import LoadReport, check_sizes
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import QUESTION_ANSWERING, architecture_of
from camembert_dual.config import ARCHITECTURES, CamembertConfig
from camembert_dual.parameters import parameters
from camembert_dual.storage.locate import HUB_OPTIONS

IGNORED_OPTIONS = ("from_tf", "from_pt", "use_safetensors", "low_cpu_mem_usage")
_FLAGS = ("ignore_mismatched_sizes", "add_pooling_layer", "local_files_only")


class LoadOptions(NamedTuple):
    """The options of one ``from_pretrained`` call, sorted by what they are for.

    Attributes:
        config: The configuration given instead of the checkpoint's own.
        overrides: Values that replace those of the config.
        hub: Options of the hub.
        model: Options of the model's constructor.
        dtype: Type of the weights, as given.
        ignore_mismatched_sizes: Whether a weight of another shape keeps its new value.
    """

    config: CamembertConfig | None
    overrides: dict[str, Any]
    hub: dict[str, Any]
    model: dict[str, Any]
    dtype: Any
    ignore_mismatched_sizes: bool

    @classmethod
    def from_keywords(
        cls,
        options: Mapping[str, Any],
        config: CamembertConfig | str | Path | None,
        dtype: Any,
        constructor: Callable[..., Any] | None = None,
    ) -> LoadOptions:
        """Sort the keywords of a call.

        Args:
            options: The keywords.
            config: A configuration, where to read one, or None.
            dtype: The type asked for under that name.
            constructor: That of a class of a user's own, whose arguments are options, too.

        Raises:
            ValueError: If a name is neither an option nor a value of the config, or a flag is no
                truth value.
        """
        rest = {name: value for name, value in options.items() if name not in IGNORED_OPTIONS}
        hub = {name: rest.pop(name) for name in HUB_OPTIONS if name in rest}
        model: dict[str, Any] = {
            name: rest.pop(name) for name in ("add_pooling_layer", "name") if name in rest
        }
        for name in _FLAGS:
            value = options.get(name, False)
            require(isinstance(value, bool), f"{name} must be True or False", repr(value))
        mismatched = rest.pop("ignore_mismatched_sizes", False)
        dtype = rest.pop("torch_dtype", None) if dtype is None else dtype
        known = {spec.name for spec in fields(CamembertConfig)} - {"extra"}
        arguments = names_of(constructor) if constructor else ()
        takes_all = any(name.startswith("**") for name in arguments)
        own = [name for name in rest if name in arguments or (takes_all and name not in known)]
        model |= {name: rest.pop(name) for name in own}
        unknown = sorted(set(rest) - known)
        rule = "An option of from_pretrained must be one of its own or a value of the config"
        require(not unknown, rule, ", ".join(unknown))
        if config is not None and not isinstance(config, CamembertConfig):
            config = CamembertConfig.from_pretrained(config, **hub)
        return cls(config, rest, hub, model, dtype, mismatched)

    def open(
        self, name_or_path: str | Path, architecture: str | None
    ) -> tuple[LazyArrays, CamembertConfig]:
        """Open a checkpoint, and compare it with the model that is going to be built for it.

        A config may ask for a model of any size. Nothing of it is allocated before the weights that
        the checkpoint holds are known to have its shapes.

        Args:
            name_or_path: Folder, file, bundled name or hub name.
            architecture: Name of the torch class of the model; None for one of a user's own.

        Returns:
            The arrays, and the config of the model.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ValueError: If the checkpoint does not fit.
        """
        checkpoint = open_checkpoint(name_or_path, config=self.config, **self.hub)
        config = self.applied_to(checkpoint.config)
        check_depth(config, checkpoint.arrays, checkpoint.file)
        expected = parameters(config, architecture, pooler=self.model.get("add_pooling_layer"))
        check_sizes(checkpoint.arrays, expected, self.ignore_mismatched_sizes)
        return checkpoint.arrays, config

    def applied_to(self, config: CamembertConfig) -> CamembertConfig:
        """The config with the overrides; the one given is left as it is."""
        if not self.overrides:
            return config
        changes = dict(self.overrides)
        renamed = changes.get("num_labels", config.num_labels) != config.num_labels
        if renamed and "id2label" not in changes:
            changes |= {"id2label": None, "label2id": None}
        elif "id2label" in changes and "label2id" not in changes:
            changes["label2id"] = None
        return replace(config, **changes)


def config_for_saving(
    config: CamembertConfig, architecture: str | None, class_name: str = ""
) -> CamembertConfig:
    """The config as a file holds it: with the name of the class that wrote it, as in PyTorch.

    The head of question answering has two rows, for starts and ends, whatever ``num_labels`` says;
    ``transformers`` makes a row for each label, so a file must say two.
    """
    written = class_name or architecture
    changes: dict[str, Any] = {"extra": {**config.extra, ARCHITECTURES: [written]}}
    if architecture == QUESTION_ANSWERING and config.num_labels != 2:
        changes |= {"num_labels": 2, "id2label": None, "label2id": None}
    return replace(config, **changes)


def is_foreign(config: CamembertConfig) -> bool:
    """Whether a class of a user's own wrote the checkpoint that a config was read from."""
    classes = config.extra.get(ARCHITECTURES)
    named = classes if isinstance(classes, list) else []
    return bool(named) and all(architecture_of(str(one)) is None for one in named)


def warn_of_new_weights(class_name: str, report: LoadReport) -> None:
    """Say once which weights are new and random, if any are."""
    new = (*report.missing, *report.mismatched)
    if new:
        warnings.warn(
            f"{class_name} starts with new, random weights where the checkpoint has none; train "
            f"them: {', '.join(new)}.",
            stacklevel=3,
        )
