"""A configuration on its way to and from a dict, a JSON file, a folder and the hub."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from camembert_dual.config_attributes import (
    LABELS,
    NOT_WRITTEN,
    SOURCE,
    ConfigAttributes,
    declared,
    known_names,
    warn_of_near_misses,
)
from camembert_dual.config_json import json_of, plain
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import CONFIG
from camembert_dual.storage.json_files import read_json
from camembert_dual.storage.locate import locate, take_hub_options
from camembert_dual.storage.publishing import publish, take_publishing

Config = TypeVar("Config", bound="PretrainedConfig")

# transformers 5 draws the decoder at random where a file does not say that it is tied
ALWAYS_WRITTEN = ("tie_word_embeddings",)


class PretrainedConfig(ConfigAttributes):
    """The base of all configurations: attributes, and their way to and from files.

    A subclass adds attributes in its constructor, as keywords, and hands the rest on::

        class Mine(CamembertConfig):
            model_type = "mine"

            def __init__(self, alpha=0.5, **attributes):
                super().__init__(**attributes)
                self.alpha = alpha
    """

    def __repr__(self) -> str:
        text = json_of(type(self).__name__, self.to_diff_dict(), fallback=repr)
        return f"{type(self).__name__} {text}"

    @classmethod
    def from_dict(
        cls: type[Config],
        config_dict: Mapping[str, Any],
        return_unused_kwargs: bool = False,
        **overrides: Any,
    ) -> Any:
        """Build a config from the keys of a ``config.json``.

        Args:
            config_dict: The published keys; others are kept as attributes.
            return_unused_kwargs: Whether to return the overrides that name no attribute, instead
                of keeping them as attributes.
            **overrides: Values that replace those of the file.

        Returns:
            The config; or it and what was not used.

        Raises:
            ValueError: If the file is of another family (DeBERTa, ModernBERT, ...) or a value
                breaks its rule.
        """
        types = declared(cls)
        absent = {name for name in types if config_dict.get(name, 0) is None}
        absent = {name for name in absent if "None" not in types[name]}  # the default is meant
        values = {name: config_dict[name] for name in config_dict if name not in absent}
        known = known_names(cls) | values.keys()
        given = {name: overrides.pop(name) for name in known & overrides.keys()}
        if "num_labels" in given and "id2label" not in given:
            named = values.get("id2label")
            if isinstance(named, Mapping) and len(named) != given["num_labels"]:
                values = {name: values[name] for name in values if name not in LABELS}
        elif "id2label" in given and "label2id" not in given:
            values.pop("label2id", None)
        values = copy.deepcopy(values) | given
        config = cls(**values | {"model_type": cls.read_model_type(values)})
        unknown = {name: one for name, one in overrides.items() if not hasattr(config, name)}
        unused = unknown if return_unused_kwargs else {}
        config.update({name: overrides[name] for name in overrides.keys() - unused.keys()})
        warn_of_near_misses(unknown.keys() - unused.keys(), cls)
        config.validate()
        if not return_unused_kwargs:
            return config
        dtype = {"torch_dtype": given["torch_dtype"]} if "torch_dtype" in given else {}
        return config, unused | dtype  # the type is its model's to obey, too

    @classmethod
    def read_model_type(cls, values: Mapping[str, Any]) -> Any:
        """The family that a config made from the keys of a file is of."""
        return cls.model_type or values.get("model_type", "")

    @classmethod
    def get_config_dict(
        cls, pretrained_model_name_or_path: str | Path, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the keys of a checkpoint's ``config.json``.

        Args:
            pretrained_model_name_or_path: Folder, path of a json file, bundled name or hub name.
            **options: Those of :meth:`from_pretrained`.

        Returns:
            The keys, and the options that say nothing of where the file is.

        Raises:
            FileNotFoundError: If there is no such checkpoint or it holds no ``config.json``.
            ValueError: If the file is not JSON.
        """
        where = take_hub_options(options)
        path = locate(pretrained_model_name_or_path, filenames=(CONFIG,), **where)
        return read_json(path if path.is_file() else path / CONFIG), options

    @classmethod
    def from_pretrained(
        cls: type[Config], pretrained_model_name_or_path: str | Path, **options: Any
    ) -> Config:
        """Read ``config.json`` of a folder, a bundled checkpoint or a hub repository.

        Args:
            pretrained_model_name_or_path: Folder, path of a json file, bundled name or hub name.
            **options: Where and how to look, see :data:`camembert_dual.storage.locate.HUB_OPTIONS`;
                ``return_unused_kwargs``; any other name overrides a value of the file.

        Returns:
            The config; or it and what was not used, see :meth:`from_dict`.

        Raises:
            FileNotFoundError: If there is no such checkpoint or it holds no ``config.json``.
            ValueError: If the file is not JSON, of another family, or a value breaks its rule.
        """
        values, overrides = cls.get_config_dict(pretrained_model_name_or_path, **options)
        config: Config = cls.from_dict(values, **overrides)  # and what is unused, if asked for
        return config

    @classmethod
    def from_json_file(cls: type[Config], json_file: str | Path) -> Any:
        """Build a config from a JSON file.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is not JSON, or a value breaks its rule.
        """
        return cls.from_dict(read_json(Path(json_file)))

    def to_dict(self) -> dict[str, Any]:
        """All attributes by name, as JSON holds them."""
        return {name: plain(value) for name, value in vars(self).items() if name != NOT_WRITTEN}

    def to_diff_dict(self) -> dict[str, Any]:
        """The attributes that a file must name: all that is not a default of every configuration.

        Where the model was loaded from is left out: it is of this machine.
        """
        values, shared = self.to_dict(), PretrainedConfig().to_dict()
        own = self._own_defaults()
        return {
            name: value
            for name, value in values.items()
            if name != SOURCE
            and (
                name in ALWAYS_WRITTEN
                or name not in shared
                or value != shared[name]
                or value != own.get(name, value if own else None)
            )
        }

    @classmethod
    def _own_defaults(cls) -> dict[str, Any]:
        """What the class sets where nothing is given; empty if something must be given."""
        needed = [
            one
            for one in list(inspect.signature(cls.__init__).parameters.values())[1:]
            if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        ]
        return {} if needed else cls().to_dict()

    def to_json_string(self, use_diff: bool = True) -> str:
        """The text of ``config.json``: sorted keys, two spaces.

        Args:
            use_diff: Whether to leave out what is a default of every configuration.

        Raises:
            ValueError: If a value is nothing that JSON can hold.
        """
        values = self.to_diff_dict() if use_diff else self.to_dict()
        return json_of(type(self).__name__, values)

    def to_json_file(self, json_file_path: str | Path, use_diff: bool = True) -> None:
        """Write the text of :meth:`to_json_string`, whole or not at all.

        Raises:
            OSError: If the file cannot be written.
            ValueError: If a value is nothing that JSON can hold.
        """
        write_atomically(Path(json_file_path), self.to_json_string(use_diff).encode())

    def save_pretrained(
        self, save_directory: str | Path, push_to_hub: bool = False, **options: Any
    ) -> None:
        """Write ``config.json`` into a folder, made if need be, whole or not at all.

        Args:
            save_directory: The folder.
            push_to_hub: Whether to put it into a repository of the hub, too.
            **options: Those of :func:`camembert_dual.storage.publishing.publish`.

        Raises:
            OSError: If it cannot be written.
            ValueError: If a value is nothing that JSON can hold.
        """
        publishing = take_publishing(options, save_directory, push_to_hub)
        Path(save_directory).mkdir(parents=True, exist_ok=True)
        self.to_json_file(Path(save_directory) / CONFIG)
        if publishing is not None:
            publish(self.save_pretrained, **publishing)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Put the config into a repository of the hub.

        Args:
            repo_id: The repository, made if need be.
            **options: Those of :func:`camembert_dual.storage.publishing.publish`.

        Returns:
            The address of the commit.

        Raises:
            ImportError: If ``huggingface_hub`` is not installed.
            OSError: If the hub refuses it.
        """
        return publish(self.save_pretrained, repo_id, **options)
