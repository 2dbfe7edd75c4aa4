"""What ``from_pretrained`` takes besides a name, read once for both trees."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints.folder import check_depth, open_checkpoint, read_config
from camembert_dual.checkpoints.matching import LoadReport, check_sizes
from camembert_dual.common.arrays import Array
from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.errors import listed, require
from camembert_dual.common.keywords import FLAG, Keyword, leave_out_neutral
from camembert_dual.common.model_names import (
    QUESTION_ANSWERING,
    architecture_of,
    class_names,
    name_in_family,
)
from camembert_dual.config import CamembertConfig
from camembert_dual.config_attributes import known_names
from camembert_dual.parameters import parameters
from camembert_dual.storage.file_names import CONFIG, TF_H5, VARIANT, WEIGHTS, variant_of
from camembert_dual.storage.locate import locate, take_hub_options

_ONE_DEVICE = "a model lies on one device: load it there by device_map, or move it"
_UNQUANTISED = "weights are floating point numbers here"
_NOT_HERE = "there is no such thing in this package"
# the keywords that are obeyed are those of LoadOptions and of HUB_OPTIONS
NEUTRAL = (
    Keyword("from_pt", FLAG, "formats are recognised"),
    Keyword("from_flax", (None, False), "no checkpoint of Flax is read"),
    Keyword("low_cpu_mem_usage", FLAG, "weights are always read one at a time"),
    Keyword("_fast_init", FLAG, "only weights that the checkpoint lacks are drawn"),
    Keyword("weights_only", FLAG, "no pickle is ever run"),
    Keyword("disable_mmap", FLAG, "weights are always read one at a time"),
    Keyword("max_memory", (None,), _ONE_DEVICE),
    Keyword("offload_folder", (None,), _ONE_DEVICE),
    Keyword("offload_state_dict", (None, False), _ONE_DEVICE),
    Keyword("offload_buffers", (None, False), _ONE_DEVICE),
    Keyword("tp_plan", (None,), _ONE_DEVICE),
    Keyword("tp_size", (None,), _ONE_DEVICE),
    Keyword("device_mesh", (None,), _ONE_DEVICE),
    Keyword("distributed_config", (None,), _ONE_DEVICE),
    Keyword("load_in_8bit", (None, False), _UNQUANTISED),
    Keyword("load_in_4bit", (None, False), _UNQUANTISED),
    Keyword("quantization_config", (None,), _UNQUANTISED),
    Keyword("gguf_file", (None,), _UNQUANTISED),
    Keyword("use_flash_attention_2", (None, False), "the fastest way that fits is taken"),
    Keyword("experts_implementation", (None,), _NOT_HERE),
    Keyword("use_kernels", (None, False), _NOT_HERE),
    Keyword("kernel_config", (None,), _NOT_HERE),
    Keyword("allow_all_kernels", (None, False), _NOT_HERE),
    Keyword("fusion_config", (None,), _NOT_HERE),
    Keyword("adapter_kwargs", (None, {}), "adapters are loaded by the package that made them"),
    Keyword("adapter_name", (None, "default"), "adapters are loaded by the package that made them"),
    Keyword("key_mapping", (None,), "weights have their published names"),
    Keyword("load_weight_prefix", (None,), "weights have their published names"),
    Keyword("tf_to_pt_weight_rename", (None,), "weights have their published names"),
)


class LoadOptions(NamedTuple):
    """The options of one ``from_pretrained`` call, sorted by what they are for.

    Attributes:
        config: The configuration given instead of the checkpoint's own.
        config_class: The class of the model's; one of ours stands for all families.
        overrides: Values that replace those of the config.
        hub: Options of the hub.
        weights: The names of files of weights, in the order in which they are looked for.
        state_dict: Weights given instead of the checkpoint's.
        positional: Arguments of the model's constructor by position.
        model: Arguments of the model's constructor by name.
        dtype: Type of the weights, as given.
        device: The device to load onto, by name or number; ``"auto"`` for the fastest that is
            there, None for the framework's own choice.
        ignore_mismatched_sizes: Whether a weight of another shape keeps its new value.
        output_loading_info: Whether to return the report, too.
    """

    config: CamembertConfig | None
    config_class: type[CamembertConfig]
    overrides: dict[str, Any]
    hub: dict[str, Any]
    weights: tuple[str, ...]
    state_dict: Mapping[str, Any] | None
    positional: tuple[Any, ...]
    model: dict[str, Any]
    dtype: Any
    device: str | int | None
    ignore_mismatched_sizes: bool
    output_loading_info: bool

    @classmethod
    def from_keywords(
        cls,
        arguments: tuple[Any, ...],
        options: Mapping[str, Any],
        config_class: type[CamembertConfig],
        constructor: Set[str],
        takes_others: bool = False,
    ) -> LoadOptions:
        """Sort the arguments of a call.

        Args:
            arguments: Those after the name by position: a config, arguments of the constructor.
            options: The keywords.
            config_class: The class of the model's configuration.
            constructor: The keywords of the model's constructor.
            takes_others: Whether that takes any other, too.

        Raises:
            ValueError: If a value is refused.
        """
        rest = dict(options)
        hub = take_hub_options(rest)
        leave_out_neutral(rest, NEUTRAL)
        config = rest.pop("config", None)
        if config is None and arguments and isinstance(arguments[0], CamembertConfig):
            config, *arguments = arguments  # type: ignore[assignment]
        if config is not None and not isinstance(config, CamembertConfig):
            config = read_config(locate(config, filenames=(CONFIG,), **hub), config_class)
        if takes_others:
            constructor = constructor | (rest.keys() - known_names(config_class) - {*_OBEYED})
        dtypes = [rest.pop(name, None) for name in ("dtype", "torch_dtype")]
        return cls(
            config=config,
            config_class=config_class,
            hub=hub,
            weights=_weights(*(rest.pop(name, None) for name in _CHOICES)),
            state_dict=rest.pop("state_dict", None),
            positional=tuple(arguments),
            dtype=next((one for one in dtypes if one is not None), None),
            device=_one_device(rest.pop("device_map", None)),
            ignore_mismatched_sizes=_flag(rest, "ignore_mismatched_sizes"),
            output_loading_info=_flag(rest, "output_loading_info"),
            model={name: rest.pop(name) for name in constructor & rest.keys()},
            overrides=rest,
        )

    def open(
        self,
        name_or_path: str | Path | None,
        architecture: str | None,
        array_of: Callable[[Any], Array],
    ) -> tuple[Mapping[str, Array], CamembertConfig]:
        """Open a checkpoint, and compare it with the model that is going to be built for it.

        A config may ask for a model of any size. Nothing of it is allocated before the weights that
        the checkpoint holds are known to have its shapes.

        Args:
            name_or_path: Folder, file, bundled name or hub name; None if a config and a
                ``state_dict`` are given.
            architecture: Name of the torch class of the model; None for one of a user's own.
            array_of: Gives the array of a tensor, in the torch layout.

        Returns:
            The arrays, and the config of the model.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ValueError: If the checkpoint does not fit.
        """
        arrays: Mapping[str, Array]
        if self.state_dict is not None:
            arrays = {name: array_of(one) for name, one in self.state_dict.items()}
            config = self.config or self._config_beside(name_or_path)
            config = self.applied_to(config, name_or_path)
        else:
            require(name_or_path is not None, "A checkpoint must be named", "None")
            options = {"config": self.config, "config_class": self.config_class, **self.hub}
            checkpoint = open_checkpoint(name_or_path or "", weights=self.weights, **options)
            arrays, config = checkpoint.arrays, self.applied_to(checkpoint.config, name_or_path)
            check_depth(config, checkpoint.arrays, checkpoint.file)
        expected = parameters(config, architecture, pooler=self.model.get("add_pooling_layer"))
        check_sizes(arrays, expected, self.ignore_mismatched_sizes)
        return arrays, config

    def _config_beside(self, name_or_path: str | Path | None) -> CamembertConfig:
        rule = "A state_dict must come with a config, or with the name of a checkpoint that has one"
        require(name_or_path is not None, rule, "neither")
        path = locate(name_or_path or "", filenames=(CONFIG,), **self.hub)
        return read_config(path if path.is_dir() else path.parent, self.config_class)

    def applied_to(
        self, config: CamembertConfig, name_or_path: str | Path | None = None
    ) -> CamembertConfig:
        """The config with where it is from, and the overrides; then the one given is left as it is.

        Raises:
            ValueError: If an override is no value of the config.
        """
        unknown = [name for name in self.overrides if not hasattr(config, name)]
        unknown = sorted(set(unknown) - known_names(type(config)))
        rule = "An option of from_pretrained must be one of its own or a value of the config"
        require(not unknown, rule, ", ".join(unknown))
        config = config.replaced(**self.overrides) if self.overrides else config
        if name_or_path is not None:
            config.name_or_path = name_or_path
        return config


_OBEYED = (
    *("variant", "use_safetensors", "from_tf", "state_dict", "dtype", "torch_dtype", "device_map"),
    *("ignore_mismatched_sizes", "output_loading_info"),
)
_CHOICES = ("variant", "use_safetensors", "from_tf")


def _weights(variant: Any, use_safetensors: Any, from_tf: Any) -> tuple[str, ...]:
    """The names of files of weights that a call means, in the order in which they are tried."""
    is_word = variant is None or (isinstance(variant, str) and re.fullmatch(VARIANT, variant))
    require(is_word, "variant must be letters, digits and underscores", variant)
    for name, value in (("use_safetensors", use_safetensors), ("from_tf", from_tf)):
        is_flag = value is None or isinstance(value, bool)
        require(is_flag, f"{name} must be True, False or None", value)
    names = [
        variant_of(name, variant)
        for name in WEIGHTS
        if use_safetensors is None or ("safetensors" in name) == use_safetensors
    ]
    return tuple(sorted(names, key=lambda name: not (from_tf and name.startswith(TF_H5))))


def _one_device(device_map: Any) -> str | int | None:
    """Read a device from its name, its number, the object of a framework, or as all of a map."""
    if isinstance(device_map, Mapping) and set(device_map) == {""}:
        device_map = device_map[""]
    if type(device_map).__name__ == "device":
        device_map = str(device_map)
    is_one = device_map is None or isinstance(device_map, int | str)
    require(is_one, "device_map must name one device, as a model lies on one", device_map)
    return device_map  # type: ignore[no-any-return]


def _flag(options: dict[str, Any], name: str) -> bool:
    value = options.pop(name, False)
    require(isinstance(value, bool), f"{name} must be True or False", repr(value))
    return bool(value)


def config_for_saving(
    config: CamembertConfig, architecture: str | None, class_name: str = ""
) -> CamembertConfig:
    """The config as a file holds it: with the name of the class that wrote it, as in PyTorch.

    One of ours is named in the family of the config. The head of question answering has two rows,
    for starts and ends, whatever ``num_labels`` says; ``transformers`` makes a row for each label,
    so a file must say two.
    """
    is_ours = architecture is not None and class_name in ("", *class_names(architecture))
    own = class_name.removeprefix(BACKENDS["tf"].prefix)
    written = name_in_family(str(architecture), config.model_type) if is_ours else own
    changes: dict[str, Any] = {"architectures": [written]}
    if architecture == QUESTION_ANSWERING:
        changes["num_labels"] = 2
    return config.replaced(**changes)


def is_foreign(config: CamembertConfig) -> bool:
    """Whether a class of a user's own wrote the checkpoint that a config was read from."""
    classes: Any = config.architectures
    named = classes if isinstance(classes, list) else []
    return bool(named) and all(architecture_of(str(one)) is None for one in named)


def warn_of_new_weights(class_name: str, report: LoadReport) -> None:
    """Say once which weights are new and random, if any are."""
    new = (*report.missing, *report.mismatched)
    where = "has none, or the shapes did not match" if report.mismatched else "has none"
    if new:
        warnings.warn(
            f"{class_name} starts with new, random weights where the checkpoint {where}; train "
            f"them: {listed(new, 300)}.",
            stacklevel=3,
        )
