"""Draw the floors of the package from its imports: ``python docs/draw_architecture.py``.

Writes ``docs/architecture.svg``. The floors are stated here, the arrows are found in the source,
and a test compares the picture with it.
"""

import ast
import html
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "camembert_dual"
PICTURE = ROOT / "docs" / "architecture.svg"
NETWORK = "the network's facts"


class Room(NamedTuple):
    """A folder of the package, or files of its root that belong together.

    Attributes:
        floor: An import goes to a lower floor, or stays in the room.
        purpose: What it is for.
        files: Modules at the root that it holds; empty for a folder of its name.
    """

    floor: int
    purpose: str
    files: tuple[str, ...] = ()


ROOMS = {
    "common": Room(1, "errors, arrays, backends, names, ids"),
    "storage": Room(2, "files, atomic writes, the hub"),
    NETWORK: Room(
        3,
        "config, inputs, outputs, THE TABLE",
        (
            "config",
            "call_forms",
            "config_attributes",
            "config_families",
            "config_json",
            "config_rules",
            "inputs",
            "labels",
            "modeling_outputs",
            "modeling_tf_outputs",
            "outputs",
            "parameters",
            "parameter_names",
            "keras_attributes",
            "pretrained_config",
        ),
    ),
    "tokenization": Room(3, "text to ids and back"),
    "data": Room(3, "corpora to examples"),
    "checkpoints": Room(4, "weights on disk to arrays"),
    "generation": Room(4, "what generate is asked for"),
    "tasks": Room(4, "examples in, answers out"),
    "training": Room(4, "batches, masks, schedules"),
    "pt": Room(5, "the network in PyTorch"),
    "tf": Room(5, "the network in TensorFlow"),
    "auto": Room(6, "the class that fits", ("auto", "auto_mappings")),
    "pipelines": Room(7, "a text to an answer"),
    "workflows": Room(8, "a task, data and a loop joined"),
    "commands": Room(9, "words of the shell"),
    "the door": Room(10, "public names, the commands", ("__init__", "__main__", "cli")),
}


def modules() -> dict[str, Path]:
    """Every module of the package: its dotted name below the package, and its file."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        found[".".join(parts)] = path
    return found


def room_of(module: str) -> str:
    """The room that a module lies in."""
    first = module.split(".")[0]
    for name, room in ROOMS.items():
        if first in room.files or (first == name and not room.files):
            return name
    raise KeyError(module)


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the package that a file imports, inside functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            named = [(one.name, "") for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = [(node.module, one.name) for one in node.names]
        else:
            continue
        for module, name in named:
            package, _, below = module.partition(".")
            if package == PACKAGE.name:
                whole = f"{below}.{name}".strip(".")
                found.add(whole if whole in known else below or "__init__")
    return found


def arrows() -> set[tuple[str, str]]:
    """Which rooms import which others."""
    known = modules()
    return {
        (room_of(module), room_of(other))
        for module, path in known.items()
        for other in imports(path, known)
        if room_of(module) != room_of(other)
    }


WIDTH, BOX, HEIGHT, GAP, TOP, LEFT = 1000, 238, 50, 46, 24, 60


def draw() -> str:
    """The picture: a row for each floor, the lowest at the bottom, a line for each way down."""
    inhabited = {room_of(module) for module in modules()}
    floors = sorted({ROOMS[name].floor for name in inhabited}, reverse=True)
    places = {}
    for row, floor in enumerate(floors):
        names = [name for name in ROOMS if ROOMS[name].floor == floor and name in inhabited]
        for column, name in enumerate(names):
            places[name] = (WIDTH / len(names) * (column + 0.5), TOP + row * (HEIGHT + GAP))
    width, height = WIDTH + LEFT + 10, TOP + len(floors) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{LEFT} 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect x="-{LEFT}" width="{width}" height="{height}" fill="white"/>',
    ]
    parts += [arrow(places[above], places[below]) for above, below in sorted(arrows())]
    parts += [box(name, *place) for name, place in places.items()]
    for row, floor in enumerate(floors):
        y = TOP + row * (HEIGHT + GAP) + HEIGHT / 2
        parts.append(f'<text x="{8 - LEFT}" y="{y:.0f}" fill="#666">floor {floor}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def arrow(above: tuple[float, float], below: tuple[float, float]) -> str:
    """A line from the foot of one room to the head of another."""
    (x, y), (to_x, to_y) = above, below
    start = y + HEIGHT
    middle = (start + to_y) / 2
    path = f"M{x:.0f},{start} C{x:.0f},{middle} {to_x:.0f},{middle} {to_x:.0f},{to_y}"
    return f'<path d="{path}" fill="none" stroke="#7a93b8" stroke-opacity="0.6"/>'


def box(name: str, x: float, y: float) -> str:
    """A room."""
    purpose = html.escape(ROOMS[name].purpose)
    centred = f'x="{x:.0f}" text-anchor="middle"'
    return (
        f'<rect x="{x - BOX / 2:.0f}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="6" '
        'fill="#f4efe2" stroke="#8a7a52"/>'
        f'<text {centred} y="{y + 20}" font-weight="bold">{html.escape(name)}</text>'
        f'<text {centred} y="{y + 38}">{purpose}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw())
    print(f"{PICTURE.relative_to(ROOT)}: {len(arrows())} ways between {len(ROOMS)} rooms")
