"""The public names with their signatures: ``python tests/support/public_api.py`` writes the list.

``tests/equivalence/public_api.txt`` is what users may rely on. A test compares it with the package,
so that a name which goes, or a signature which changes, is seen and told in ``CHANGELOG.md``: a
line that goes or changes asks for a new major version (a minor one before 1.0), a new line for a
minor one. Both frameworks have to be installed.
"""

import enum
import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

PACKAGE = "camembert_dual"
LIST = Path(__file__).parents[1] / "equivalence" / "public_api.txt"
ROOMS = ("checkpoints.folder", "data", "pipelines", "pt", "tasks", "tf", "workflows")


def lines() -> list[str]:
    """A line for each public name and for each member of a public class, where it is defined."""
    seen: dict[int, str] = {}
    found = []
    for module in (PACKAGE, *(f"{PACKAGE}.{room}" for room in ROOMS)):
        for name, thing in names_of(importlib.import_module(module)):
            found += described(f"{module}.{name}", thing, seen)
    return found


def names_of(module: ModuleType) -> Iterator[tuple[str, object]]:
    """What a module offers: ``__all__``, or what it defines itself."""
    own = [
        name
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", "") == module.__name__
    ]
    for name in sorted(getattr(module, "__all__", own)):
        if not name.startswith("_"):
            yield name, getattr(module, name)


def described(path: str, thing: object, seen: dict[int, str]) -> list[str]:
    """The lines of one name; another name of the same thing is one line."""
    if not callable(thing):
        return [f"{path} = {plain(thing)}"]
    if id(thing) in seen:
        return [f"{path} is {seen[id(thing)]}"]
    seen[id(thing)] = path
    if not inspect.isclass(thing):
        return [f"{path}{signature(thing)}"]
    if not thing.__module__.startswith(PACKAGE):
        return [f"{path} is {thing.__module__}.{thing.__qualname__}"]
    if issubclass(thing, enum.Enum):
        return [f"{path} of {', '.join(one.name for one in thing)}"]
    ours = [base for base in thing.__bases__ if base.__module__.startswith(PACKAGE)]
    found = [f"{path}{signature(thing)}"]
    if ours:
        homes = (seen.get(id(base), f"{base.__module__}.{base.__qualname__}") for base in ours)
        found[0] += f" of {', '.join(homes)}"
    found += [line for one in vars(thing).items() for line in member(path, *one)]
    for base in ours:
        if id(base) not in seen:
            found += described(f"{base.__module__}.{base.__qualname__}", base, seen)
    return found


def member(path: str, name: str, thing: object) -> list[str]:
    """The line of a public method or property of a class."""
    if name.startswith("_"):
        return []
    if isinstance(thing, property):
        return [f"{path}.{name}"]
    function = getattr(thing, "__func__", thing)
    return [f"{path}.{name}{signature(function)}"] if inspect.isroutine(function) else []


def signature(thing: object) -> str:
    """Its parameters and their defaults, without types, which may grow more exact."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):  # a class of another library, written in C
        return "(...)"
    shown = [
        one.replace(
            annotation=one.empty,
            default=one.default if one.default is one.empty else Plain(one.default),
        )
        for one in parameters
    ]
    return str(inspect.Signature(shown))


class Plain:
    """A default that prints alike in every process and version of Python."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return plain(self.value)


def plain(value: object) -> str:
    """A value, or its type if it prints an address or much."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if inspect.isroutine(value) or inspect.isclass(value):
        return value.__name__
    if isinstance(value, Mapping):
        return type(value).__name__
    text = repr(value)
    return text if " at 0x" not in text and len(text) < 60 else type(value).__name__


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n", "utf-8")
    print(f"{LIST}: {len(lines())} lines")
