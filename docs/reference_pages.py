"""The pages of the API reference, from the lists of public names and the source.

A public name stands once, where it is defined; other names of the same thing are told there. What
a page is about is stated in ``PAGES``: a name from elsewhere has no page, which a test tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.public_names import PUBLIC

PACKAGE = "camembert_dual"
SOURCE = Path(__file__).resolve().parents[1] / "src"
PAGES = {  # file: title, and the beginnings of the modules it tells of; the first that fits counts
    "generation": ("Generation", ("generation", "pt.generation", "tf.generation")),
    "training": ("Training", ("training", "pt.training", "tf.training", "workflows")),
    "models_pt": ("Models in PyTorch", ("pt",)),
    "models_tf": ("Models in TensorFlow", ("tf",)),
    "auto": (
        "Auto classes and configs",
        ("auto", "config", "pretrained_config", "tokenization.auto", "common.backends"),
    ),
    "outputs": ("Outputs", ("outputs", "modeling_outputs", "modeling_tf_outputs")),
    "tokenizers": ("Tokenizers", ("tokenization",)),
    "tasks": ("Pipelines, tasks and data", ("pipelines", "tasks", "data", "common.arrays")),
    "checkpoints": ("Checkpoints", ("checkpoints", "storage")),
}
LISTED = ("pipelines", "pt", "tasks", "tf", "tokenization")  # packages with a list of their own
WHOLE = ("checkpoints.folder", "checkpoints.convert", "data.readers")  # all that they define


class Definition(NamedTuple):
    """Where a name is defined.

    Attributes:
        module: Below the package.
        name: What it is called there.
    """

    module: str
    name: str


@cache
def tree_of(module: str) -> ast.Module:
    """The source of a module below the package, parsed."""
    path = SOURCE.joinpath(PACKAGE, *module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def definition(module: str, name: str) -> Definition:
    """Follow a name through imports and other names for it."""
    for node in tree_of(module).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                if (one.asname or one.name) == name and node.module.startswith(PACKAGE):
                    return definition(node.module.removeprefix(f"{PACKAGE}."), one.name)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            targets = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if name in targets:
                return definition(module, node.value.id)
    return Definition(module, name)


def members(module: str) -> list[str]:
    """The names of ``__all__``, or the classes and functions that a module defines."""
    body = tree_of(module).body
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    defined = (node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    return [name for name in defined if not name.startswith("_")]


def public() -> Iterator[tuple[str, Definition]]:
    """Every public name, as a user imports it, and where it is defined."""
    for name, home in PUBLIC.items():
        tree = BACKENDS[home.backend].tree.removeprefix(f"{PACKAGE}.") if home.backend else ""
        module = ".".join(filter(None, (tree, home.module)))
        yield f"{PACKAGE}.{name}", definition(module, home.name)
    for module in (*LISTED, *WHOLE):
        for name in members(module):
            yield f"{PACKAGE}.{module}.{name}", definition(module, name)


def page_of(place: Definition) -> str:
    """The page that tells of a definition.

    Raises:
        KeyError: If there is none.
    """
    for page, (_, beginnings) in PAGES.items():
        for one in beginnings:
            if place.module == one or place.module.startswith((f"{one}.", f"{one}_")):
                return page
    raise KeyError(f"{place.module}.{place.name} has no page in docs/reference_pages.py")


@cache
def pages() -> dict[str, str]:
    """The Markdown of each page, by its file below ``docs/``."""
    names: dict[Definition, list[str]] = {}
    for name, place in public():
        names.setdefault(place, []).append(name)
    texts = {page: f"# {title}\n" for page, (title, _) in PAGES.items()}
    for place in sorted(names, key=lambda place: names[place][0].lower()):
        texts[page_of(place)] += entry(place, names[place])
    return {f"reference/{page}.md": text for page, text in texts.items()}


def entry(place: Definition, names: list[str]) -> str:
    """The part of a page that tells of one definition."""
    first, *others = names
    also = "".join(f"\n- `{one}`" for one in others)
    also = f"\nThe same by other names:\n{also}\n" if others else ""
    path = f"{PACKAGE}.{place.module}.{place.name}".replace("..", ".")
    told = f"::: {path}" if is_written(place) else f"Made by a table in `{PACKAGE}.{place.module}`."
    return f"\n## `{first}`\n{also}\n{told}\n"


def is_written(place: Definition) -> bool:
    """Whether a name stands in its module's source, or is made when that is imported."""
    for node in tree_of(place.module).body:
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        if place.name in [getattr(one, "id", getattr(one, "name", "")) for one in targets]:
            return True
    return False


def on_files(files, config):
    """Hook of mkdocs: the reference is among the pages, and is written anew in each build."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files
