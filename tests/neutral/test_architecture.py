"""The house stands: floors, facts that live once, sizes, the one form of an error, the picture."""

import ast
import re
from functools import cache

import draw_architecture as house
import pytest

MODULES = house.modules()
FRAMEWORKS = {"torch", "tensorflow", "keras", "optree"}
BY_NAME = {"common.backends", "__init__", "cli"}  # who may import a module whose name is data
LONG = {  # published signatures of many arguments, passed on one a line
    "forward",
    "call",
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def outside_of(module: str) -> set[str]:
    """The packages that a module imports, wherever it does."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def texts_of(module: str) -> list[str]:
    """The string constants of a module that are not docstrings, parts of f-strings included."""
    tree = tree_of(module)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


# floors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_a_file_imports_its_own_room_or_lower_floors_only(module):
    room = house.room_of(module)
    floor = house.ROOMS[room].floor
    above = {
        other
        for other in house.imports(MODULES[module], MODULES)
        if house.room_of(other) != room and house.ROOMS[house.room_of(other)].floor >= floor
    }
    assert not above


def test_no_files_import_each_other_in_a_circle():
    graph = {module: house.imports(path, MODULES) for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in sorted(graph[module] - {module}):
                # a package's own names are made of its files: they may not ask for it
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("module", MODULES)
def test_a_framework_is_imported_in_its_own_tree_only(module):
    allowed = {"pt": {"torch"}, "tf": {"tensorflow", "keras", "optree"}}
    tree = house.room_of(module)
    assert outside_of(module) & FRAMEWORKS <= allowed.get(tree, set())


@pytest.mark.parametrize("module", sorted(set(MODULES) - BY_NAME))
def test_modules_are_imported_by_name_in_one_place(module):
    assert "import_module" not in MODULES[module].read_text()


# facts that live once -------------------------------------------------------------------------

ONCE = {
    "NOTUSED": "common.id_layout",
    "▁": "common.id_layout",
    "tf_camembert_model": "keras_attributes",
    "LABEL_": "config_attributes",
    "pip install": "common.backends",
}
CALLS = ("mkstemp", "mkdtemp", "fsync")  # a rename is a method of a path, like one of a text


@pytest.mark.parametrize(("text", "home"), ONCE.items())
def test_a_text_lives_in_one_file(text, home):
    assert {module for module in MODULES if any(text in one for one in texts_of(module))} == {home}


def test_the_ignored_label_lives_in_one_file():
    def holds(module: str) -> bool:
        return any(
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
            and node.operand.value == 100
            and isinstance(node.operand.value, int)
            for node in ast.walk(tree_of(module))
        )

    assert {module for module in MODULES if holds(module)} == {"inputs"}


def test_every_file_name_lives_in_one_file():
    from camembert_dual.storage import file_names

    endings = "json|safetensors|bin|h5|keras|pt|md|txt|model|pb"
    values = [one for one in vars(file_names).values() if isinstance(one, str | tuple)]
    said = {name for one in values for name in (one if isinstance(one, tuple) else [one])}
    names = {name for name in said if re.fullmatch(rf"[\w.]+\.({endings})", name)}
    assert len(names) > 15
    elsewhere = {
        (module, text)
        for module in MODULES
        if module != "storage.file_names"
        for text in texts_of(module)
        if text in names
    }
    assert not elsewhere


def test_the_frameworks_are_named_in_one_file_outside_the_trees():
    named = {
        module
        for module in MODULES
        if house.room_of(module) not in ("pt", "tf")
        for text in texts_of(module)
        if text in ("torch", "tensorflow")
    }
    assert named == {"common.backends"}


@pytest.mark.parametrize("call", CALLS)
def test_what_makes_a_write_whole_is_in_one_file(call):
    assert {module for module, path in MODULES.items() if call in path.read_text()} == {
        "storage.atomic"
    }


def test_the_heads_of_the_classes_are_named_in_one_file():
    from camembert_dual.common.model_names import HEADS

    suffixes = {head.suffix for head in HEADS} - {"Model"}
    assert {module for module in MODULES if any(text in suffixes for text in texts_of(module))} == {
        "common.model_names"
    }


# sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_a_file_has_at_most_350_lines(module):
    assert len(MODULES[module].read_text().splitlines()) <= 350


@pytest.mark.parametrize("module", MODULES)
def test_a_function_has_at_most_40_lines_without_its_docstring(module):
    long = {}
    for node in ast.walk(tree_of(module)):
        if not isinstance(node, ast.FunctionDef) or node.name in LONG:
            continue
        first = node.body[0]
        documented = ast.get_docstring(node, clean=False) is not None
        docstring = first.end_lineno - first.lineno + 1 if documented else 0
        length = node.end_lineno - node.lineno + 1 - docstring
        if length > 40:
            long[node.name] = length
    assert not long


# errors ---------------------------------------------------------------------------------------


def written(node: ast.expr) -> str | None:
    """The text of an error that is spelt where it is raised, with {} for its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return None


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"common.errors"}))
def test_an_error_gives_the_rule_then_what_was_received(module):
    wrong = []
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = getattr(node.exc.func, "id", "")
            text = written(node.exc.args[0])
            if name in ("ValueError", "TypeError", "CheckpointError") and text is not None:
                rule, _, received = text.partition("; received ")
                good = ("must" in rule or rule == "{}") and received[-1:] in (".", "}")
                wrong += [] if good else [text]
    assert not wrong


# the picture --------------------------------------------------------------------


def test_the_picture_of_the_house_is_drawn_from_its_imports():
    assert house.PICTURE.read_text() == house.draw(), "python docs/draw_architecture.py"
