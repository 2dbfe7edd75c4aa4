"""``pipeline``: a task's word and a model's name to something that answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camembert_dual import auto
from camembert_dual.common.backends import backend_name, backend_of, installed
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import (
    ARCHITECTURES,
    MASKED_LM,
    MODEL,
    TASK_OF,
    architecture_of,
    auto_name,
)
from camembert_dual.pipelines.engine import BATCH_SIZE, Pipeline
from camembert_dual.pipelines.exported import open_export
from camembert_dual.pipelines.recipes import RECIPES, Recipe, read_word
from camembert_dual.pipelines.runners import FunctionRunner, ModelRunner, Runner
from camembert_dual.storage.file_names import SENTENCE_MODULES
from camembert_dual.storage.locate import BUNDLED, take_hub_options
from camembert_dual.tasks.base import Kit
from camembert_dual.tasks.feature_extraction import SentenceOptions, embedding_settings


def pipeline(
    task: str | None = None,
    model: Any = None,
    config: Any = None,
    tokenizer: Any = None,
    *,
    backend: str | None = None,
    framework: str | None = None,
    device: Any = None,
    torch_dtype: Any = None,
    use_fast: bool = True,
    batch_size: int = BATCH_SIZE,
    model_kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> Pipeline:
    """Make a pipeline: a callable from texts to answers.

    Args:
        task: Its word; see :data:`camembert_dual.pipelines.recipes.RECIPES`. By default what the
            model's configuration says it was saved for.
        model: Folder or name of a checkpoint, or folder of an ONNX export or of a SavedModel; a
            model of either tree; or a function that takes ``input_ids``, ``attention_mask`` and so
            on by name as NumPy arrays and gives the model's outputs by name. By default the bundled
            checkpoint, for tasks that it is made for.
        config: The configuration, or where one is; by default the model's.
        tokenizer: The tokenizer, or where one is; by default the model's.
        backend: ``"pt"`` or ``"tf"``, where the model is a name; by default PyTorch if installed.
        framework: The same.
        device: Where to compute, by name or number: ``"cuda:0"``, 0; -1 is the CPU.
        torch_dtype: The type of the weights: ``"bfloat16"``, ``"auto"`` for the file's own.
        use_fast: Whether the fast tokenizer is preferred where there are two.
        batch_size: The most rows computed at once.
        model_kwargs: Options of the model's ``from_pretrained``.
        **options: ``revision``, ``token``, ``cache_dir`` and the like for what is on the hub; any
            other is what is asked for unless a call says otherwise, such as ``top_k``.

    Returns:
        The pipeline.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ImportError: If the framework is not installed.
        ValueError: If the task is unknown, the model is of another, or an option breaks its rule.
    """
    where = take_hub_options(options)
    given = {"dtype": torch_dtype, **(model_kwargs or {}), **where}
    word, source = word_and_model(task, model, config, where)
    recipe = RECIPES[word]
    function = open_export(source) if isinstance(source, str | Path) else None
    if isinstance(source, str | Path) and function is None:
        chosen = backend or framework or next(iter(installed()), "pt")
        loaded = load(recipe, source, config, backend_name(chosen), device, given)
    else:
        loaded = function or on_device(source, device)
    runner = runner_of(loaded, word, recipe)
    if word == "sentence-embeddings":
        options = {**saved_options(source), **options}
    kit = Kit(
        tokenizer_for(tokenizer, source, use_fast, where), config_for(config, loaded, source, where)
    )
    return Pipeline(word, recipe, runner, kit, batch_size, **options)


def word_and_model(
    task: str | None, model: Any, config: Any, where: Mapping[str, Any]
) -> tuple[str, Any]:
    """Settle what the task is, and which model does it.

    Raises:
        ValueError: If nothing says it.
    """
    word = None if task is None else read_word(task)
    if model is None:
        rule = "A model must be given for a task that the bundled checkpoint is not made for"
        made_for = word is not None and RECIPES[word].architecture in (MASKED_LM, MODEL)
        require(made_for, rule, repr(task))
        model = BUNDLED[0]
    if word is None:
        names = config_for(config, model, model, where).architectures or [""]
        architecture = architecture_of(names[0])
        rule = "A task must be given for a model whose config does not say its architecture"
        require(architecture, rule, names[0] or "none")
        word = TASK_OF[str(architecture)]
    return word, model


def load(
    recipe: Recipe,
    name_or_path: str | Path,
    config: Any,
    backend: str,
    device: Any,
    options: Mapping[str, Any],
) -> Any:
    """Load the model of a recipe's class."""
    maker = getattr(auto, auto_name(recipe.architecture, backend))
    place = "cpu" if device == -1 else device
    asked = {"config": config, "device_map": place, **recipe.loading, **options}
    return maker.from_pretrained(name_or_path, **asked)


def on_device(model: Any, device: Any) -> Any:
    """Move a model of PyTorch; one of TensorFlow stays where it was loaded."""
    if device is not None and hasattr(model, "to"):
        model.to("cpu" if device == -1 else device)
    return model


def runner_of(model: Any, word: str, recipe: Recipe) -> Runner:
    """What computes with a model, or with a function.

    Raises:
        ValueError: If the model is for another task, or it is neither.
    """
    try:
        backend_of(model)
    except ValueError:
        rule = "A model must be a name, a model of this package, or a function"
        require(callable(model), rule, type(model).__name__)
        return FunctionRunner(model)
    own = model.architecture
    fits = own == recipe.architecture or recipe.architecture == MODEL or own not in ARCHITECTURES
    require(fits, f"A model for {word} must be a {recipe.architecture}", type(model).__name__)
    return ModelRunner(model)


def tokenizer_for(tokenizer: Any, model: Any, use_fast: bool, where: Mapping[str, Any]) -> Any:
    """The tokenizer that is given, or that lies where it is said to, or beside the model.

    Raises:
        ValueError: If the model is no name and no tokenizer is given.
    """
    source = model if tokenizer is None else tokenizer
    if isinstance(source, str | Path):
        return auto.AutoTokenizer.from_pretrained(source, use_fast=use_fast, **where)
    require(tokenizer is not None, "A tokenizer must be given with a model that is no name", "none")
    return tokenizer


def config_for(config: Any, model: Any, source: Any, where: Mapping[str, Any]) -> Any:
    """The configuration that is given, or that lies where it is said to, or the model's.

    Raises:
        ValueError: If a function is given without one.
    """
    found = getattr(model, "config", None) if config is None else config
    if found is None and isinstance(source, str | Path):
        found = source
    require(found is not None, "A config must be given with a function", "none")
    if isinstance(found, str | Path):
        return auto.AutoConfig.from_pretrained(found, **where)
    return found


def saved_options(source: Any) -> dict[str, Any]:
    """How a folder of sentence-transformers makes vectors; nothing for another one."""
    is_folder = isinstance(source, str | Path) and (Path(source) / SENTENCE_MODULES).is_file()
    if not is_folder:
        return {}
    found = embedding_settings(source)._asdict()
    return {name: one for name, one in found.items() if name in SentenceOptions.__annotations__}
