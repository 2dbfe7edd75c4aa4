"""The class that fits a checkpoint: ``AutoConfig``, ``AutoTokenizer``, ``AutoModelFor...``.

One network stands behind all families, so the choice is the task's, which the class names, and the
framework's: ``AutoModel`` is PyTorch's, ``TFAutoModel`` TensorFlow's. ``register`` adds classes of
a user's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

from camembert_dual.common.backends import BACKENDS, tree
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import (
    CAUSAL_LM,
    FAMILIES,
    FAMILY,
    MASKED_LM,
    MODEL,
    MULTIPLE_CHOICE,
    QUESTION_ANSWERING,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
    auto_name,
    class_name,
)
from camembert_dual.config import CamembertConfig
from camembert_dual.config_families import CONFIG_CLASSES
from camembert_dual.storage.file_names import CONFIG
from camembert_dual.storage.json_files import read_json
from camembert_dual.storage.locate import locate, take_hub_options
from camembert_dual.tokenization.auto import AutoTokenizer as TokenizerOfFolder
from camembert_dual.tokenization.base import BaseTokenizer

Key = TypeVar("Key")
Value = TypeVar("Value")


class AutoConfig:
    """The configuration class of a checkpoint's ``model_type``, without instances."""

    registered: ClassVar[dict[str, type[CamembertConfig]]] = dict(CONFIG_CLASSES)

    def __init__(self) -> None:
        """Refuse.

        Raises:
            TypeError: Always.
        """
        raise TypeError("AutoConfig must be used by from_pretrained(name); received a call.")

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | Path, **options: Any
    ) -> CamembertConfig:
        """Read ``config.json``; see :meth:`CamembertConfig.from_pretrained`.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ValueError: If it is of another family (DeBERTa, ModernBERT, ...) or a value breaks its
                rule.
        """
        values, overrides = CamembertConfig.get_config_dict(
            pretrained_model_name_or_path, **options
        )
        model_type = overrides.get("model_type", values.get("model_type", FAMILIES[FAMILY]))
        # what no class knows is refused by ours, in its own words
        kind = cls.registered.get(str(model_type), CamembertConfig)
        config: CamembertConfig = kind.from_dict(values, **overrides)
        return config

    @classmethod
    def for_model(cls, model_type: str, **values: Any) -> CamembertConfig:
        """Make a configuration of a family.

        Args:
            model_type: ``camembert``, ``roberta``, ``xlm-roberta`` or a registered one.
            **values: Those of the configuration.

        Raises:
            ValueError: If no class is known by that word, or a value breaks its rule.
        """
        rule = f"model_type must be one of {', '.join(cls.registered)}"
        require(model_type in cls.registered, rule, repr(model_type))
        return cls.registered[model_type](**values)

    @classmethod
    def register(
        cls, model_type: str, config: type[CamembertConfig], exist_ok: bool = False
    ) -> None:
        """Read the checkpoints of a ``model_type`` with a class of one's own.

        Args:
            model_type: The word in ``config.json``.
            config: The class, whose ``model_type`` it is.
            exist_ok: Whether it may take the place of another.

        Raises:
            ValueError: If the class has another ``model_type``, or the word is taken.
        """
        rule = f"The model_type of {config.__name__} must be the one registered, {model_type}"
        require(config.model_type == model_type, rule, repr(config.model_type))
        _enter(cls.registered, model_type, config, exist_ok)


class AutoTokenizer(TokenizerOfFolder):
    """A maker of tokenizers, without instances."""

    registered: ClassVar[dict[type[CamembertConfig], list[type[BaseTokenizer]]]] = {}

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
            A registered one that the folder asks for, else a CamemBERT tokenizer, or
            :class:`TokenizerFast` for any other ``tokenizer.json``.

        Raises:
            FileNotFoundError: If there is no such folder, or no tokenizer in it.
            ValueError: If the files are of a kind that no class here reads.
        """
        name = pretrained_model_name_or_path
        if cls.registered:
            found = cls._registered_for(name, use_fast, options)
            if found is not None:
                return found.from_pretrained(name, **options)
        return super().from_pretrained(name, use_fast=use_fast, **options)

    @classmethod
    def _registered_for(
        cls, name_or_path: str | Path, use_fast: bool, options: dict[str, Any]
    ) -> type[BaseTokenizer] | None:
        """The class that was registered for a folder's configuration."""
        where = take_hub_options(dict(options))
        try:
            path = locate(name_or_path, filenames=(CONFIG,), **where) / CONFIG
        except FileNotFoundError:  # a repository of a tokenizer alone
            return None
        values = read_json(path) if path.is_file() else {}
        kind = AutoConfig.registered.get(str(values.get("model_type")), CamembertConfig)
        classes = cls.registered.get(kind)
        return classes[-1 if use_fast else 0] if classes else None

    @classmethod
    def register(
        cls,
        config_class: type[CamembertConfig],
        slow_tokenizer_class: type[BaseTokenizer] | None = None,
        fast_tokenizer_class: type[BaseTokenizer] | None = None,
        exist_ok: bool = False,
    ) -> None:
        """Read the tokenizers of a configuration's checkpoints with classes of one's own.

        Args:
            config_class: The configuration's class.
            slow_tokenizer_class: The class for ``use_fast=False``.
            fast_tokenizer_class: The other one; one of the two is enough.
            exist_ok: Whether they may take the place of others.

        Raises:
            ValueError: If neither is given, or the configuration has some already.
        """
        given = (slow_tokenizer_class, fast_tokenizer_class)
        classes = [one for one in given if one is not None]
        require(classes, "A tokenizer class must be given, slow or fast", "neither")
        _enter(cls.registered, config_class, classes, exist_ok)


class AutoModelBase:
    """A maker of models of one task in one framework, without instances.

    Attributes:
        architecture: Name of the PyTorch class that does the task.
        backend: A key of ``BACKENDS``.
        registered: The models' classes by the class of their configuration; None for ours, which
            is imported with its framework when it is first needed.
    """

    architecture: ClassVar[str]
    backend: ClassVar[str]
    registered: ClassVar[dict[type, type | None]]

    def __init__(self) -> None:
        """Refuse.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"{type(self).__name__} must be used by from_pretrained(name) or from_config(config); "
            "received a call."
        )

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | Path | None, *model_args: Any, **options: Any
    ) -> Any:
        """Load a checkpoint with the class that fits its configuration.

        Args:
            pretrained_model_name_or_path: Folder, bundled name or hub name.
            *model_args: Those of the class.
            **options: Those of the class: ``config``, a configuration to use instead of the
                checkpoint's own, or where to read one, and more.

        Returns:
            What ``from_pretrained`` of the class returns.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ImportError: If the framework is not installed.
            ValueError: If the checkpoint does not fit.
        """
        name, config = pretrained_model_name_or_path, options.pop("config", None)
        where = take_hub_options(dict(options))
        if config is None and model_args and isinstance(model_args[0], CamembertConfig):
            config, *model_args = model_args  # type: ignore[assignment]
        if isinstance(config, str | Path):
            config = AutoConfig.from_pretrained(config, **where)
        elif config is None and name is not None:
            config = _config_of(name, where)
        kind = cls.class_of(CamembertConfig if config is None else type(config))
        return kind.from_pretrained(name, *model_args, config=config, **options)

    @classmethod
    def from_config(cls, config: CamembertConfig, **options: Any) -> Any:
        """Build a model with new, random weights.

        Args:
            config: Its configuration.
            **options: Those of the class's constructor.

        Raises:
            ImportError: If the framework is not installed.
            ValueError: If no class is known for the configuration.
        """
        return cls.class_of(type(config))(config, **options)

    @classmethod
    def register(cls, config_class: type, model_class: type, exist_ok: bool = False) -> None:
        """Build the models of a configuration's class with a class of one's own.

        Args:
            config_class: The configuration's class.
            model_class: The model's, of this framework; where it has a ``config_class`` of its own,
                that is the one.
            exist_ok: Whether it may take the place of another.

        Raises:
            ValueError: If the model's ``config_class`` is another, or there is a class already.
        """
        own = vars(model_class).get("config_class", config_class)
        rule = f"The config_class of {model_class.__name__} must be {config_class.__name__}"
        require(own is config_class, rule, getattr(own, "__name__", own))
        _enter(cls.registered, config_class, model_class, exist_ok)

    @classmethod
    def class_of(cls, kind: type) -> Any:
        """The class that makes a model of a configuration's class.

        Raises:
            ImportError: If the framework is not installed.
            ValueError: If no class is known for it.
        """
        known = [one for one in kind.__mro__ if one in cls.registered]
        rule = f"{cls.__name__} must be given a CamembertConfig or one of a registered class"
        require(known, rule, f"a {kind.__name__}")
        name = class_name(cls.architecture, cls.backend)
        return cls.registered[known[0]] or getattr(tree(cls.backend, cls.__name__), name)


def _config_of(name_or_path: str | Path, where: dict[str, Any]) -> CamembertConfig | None:
    """The configuration of a checkpoint; None for a file that holds its own, or for no checkpoint.

    Then the model's class reads it, or says what is missing.
    """
    if Path(name_or_path).is_file():
        return None
    try:
        return AutoConfig.from_pretrained(name_or_path, **where)
    except FileNotFoundError:
        return None


def _enter(registered: dict[Key, Value], key: Key, value: Value, exist_ok: bool) -> None:
    """Add a class to a register, in which each key stands once unless ``exist_ok``."""
    rule = "A class must be registered for what has none yet, or with exist_ok=True"
    require(exist_ok or key not in registered, rule, getattr(key, "__name__", key))
    registered[key] = value


def _auto(architecture: str, backend: str) -> type[AutoModelBase]:
    """The class for a task in a framework."""
    name = auto_name(architecture, backend)
    title = BACKENDS[backend].title
    words = {
        "__doc__": f"Makes the {title} model that fits a checkpoint, as {architecture} does it.",
        "__module__": __name__,
        "architecture": architecture,
        "backend": backend,
        "registered": dict.fromkeys(CONFIG_CLASSES.values()),
    }
    return type(name, (AutoModelBase,), words)


AutoModel = _auto(MODEL, "pt")
AutoModelForCausalLM = _auto(CAUSAL_LM, "pt")
AutoModelForMaskedLM = _auto(MASKED_LM, "pt")
AutoModelForSequenceClassification = _auto(SEQUENCE_CLASSIFICATION, "pt")
AutoModelForMultipleChoice = _auto(MULTIPLE_CHOICE, "pt")
AutoModelForTokenClassification = _auto(TOKEN_CLASSIFICATION, "pt")
AutoModelForQuestionAnswering = _auto(QUESTION_ANSWERING, "pt")
TFAutoModel = _auto(MODEL, "tf")
TFAutoModelForCausalLM = _auto(CAUSAL_LM, "tf")
TFAutoModelForMaskedLM = _auto(MASKED_LM, "tf")
TFAutoModelForSequenceClassification = _auto(SEQUENCE_CLASSIFICATION, "tf")
TFAutoModelForMultipleChoice = _auto(MULTIPLE_CHOICE, "tf")
TFAutoModelForTokenClassification = _auto(TOKEN_CLASSIFICATION, "tf")
TFAutoModelForQuestionAnswering = _auto(QUESTION_ANSWERING, "tf")
