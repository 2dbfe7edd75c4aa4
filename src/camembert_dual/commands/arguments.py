"""Options that several commands share: one spelling, one help and one reading each."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from camembert_dual.common.backends import BACKENDS, backend_name
from camembert_dual.common.model_names import TASKS, read_task
from camembert_dual.storage.locate import BUNDLED

BOTH = "both"


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare ``--model``, by default the bundled checkpoint."""
    text = "folder or name; default %(default)s"
    parser.add_argument("--model", default=BUNDLED[0], metavar="PATH", help=text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``."""
    text = "print the result as JSON alone, for programs to read"
    parser.add_argument("--json", action="store_true", help=text)


def add_revision(parser: argparse.ArgumentParser) -> None:
    """Declare ``--revision``."""
    text = "branch, tag or commit of a hub repository; default main"
    parser.add_argument("--revision", help=text)


def add_backend(
    parser: argparse.ArgumentParser, text: str, default: str | None = None, both: bool = False
) -> None:
    """Declare ``--backend``, in any word for a framework.

    Args:
        parser: The command's parser.
        text: What the backend is for, and what is the default.
        default: The default.
        both: Whether ``both`` is an answer.
    """
    words = (*BACKENDS, BOTH) if both else tuple(BACKENDS)

    def read(word: str) -> str:
        return BOTH if both and word == BOTH else backend_name(word)

    metavar = f"{{{','.join(words)}}}"
    parser.add_argument(
        "--backend", type=read_by(read), default=default, metavar=metavar, help=text
    )


def add_task(parser: argparse.ArgumentParser, text: str) -> None:
    """Declare ``--task``: the hub's word, or the name of a class, read as an architecture."""
    text = f"{text}: {', '.join(TASKS)}, or the name of a class"
    parser.add_argument("--task", type=read_by(read_task), metavar="TASK", help=text)


def add_numbers(
    parser: argparse.ArgumentParser, settings: object, names: Sequence[str], **texts: str
) -> None:
    """Declare an option for each number of a settings object, its value the default.

    Args:
        parser: The command's parser.
        settings: The settings.
        names: Their attributes; ``hidden_size`` becomes ``--hidden-size``.
        **texts: What some of them mean.
    """
    for name in names:
        value = getattr(settings, name)
        text = "; ".join([*([texts[name]] if name in texts else []), f"default {value}"])
        metavar = "N" if isinstance(value, int) else "X"
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), metavar=metavar, help=text)


def add_settings(
    parser: argparse.ArgumentParser,
    settings: object,
    texts: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
) -> None:
    """Declare an option for each field of a settings object, told with its default.

    Args:
        parser: The command's parser.
        settings: The settings, a dataclass.
        texts: What each field means.
        choices: The words that some fields may be.
    """
    for name, text in texts.items():
        value = getattr(settings, name)
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            shown = option if value else f"--no-{option[2:]}"
            action = argparse.BooleanOptionalAction
            text = f"{text}; default {shown}"
            parser.add_argument(option, action=action, default=value, help=text)
            continue
        options: dict[str, Any] = {"choices": choices[name]} if name in choices else {}
        if not options:
            options = {"type": type(value), "metavar": "N" if isinstance(value, int) else "X"}
        text = f"{text}; default %(default)s"
        parser.add_argument(option, default=value, help=text, **options)


def described(settings_class: type) -> dict[str, str]:
    """What the docstring of a settings class says of each field, without Markdown and full stop."""
    _, _, rest = inspect.cleandoc(settings_class.__doc__ or "").partition("Attributes:\n")
    fields = re.findall(r"^ {4}(\w+): ((?:.|\n {8})*)", rest.partition("\n\n")[0], re.MULTILINE)
    plain = {name: " ".join(text.replace("``", "").split()) for name, text in fields}
    texts = {name: text.replace("%", "%%").rstrip(".") for name, text in plain.items()}
    return {name: text[:1].lower() + text[1:] for name, text in texts.items()}


def read_by(read: Callable[[str], str]) -> Callable[[str], str]:
    """Make argparse tell the words of the error that a reader raises."""

    def checked(word: str) -> str:
        try:
            return read(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked
