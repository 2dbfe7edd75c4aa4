"""Load, call and save thousands of times in both frameworks, and watch what the process holds.

``python benchmarks/soak.py`` runs 1,000 loads, 10,000 calls and 1,000 saves in a process for each
framework, writes ``soak.json``, draws ``docs/soak.svg`` and prints, for each part, what a process
held after its first tenth and at its end. It exits with 1 if open files, mappings or temporary
files have grown, or memory by more than ``ALLOWED`` megabytes.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "soak.svg"
FOUND = ROOT / "benchmarks" / "soak.json"
SIZES = {
    **{"vocab_size": 211, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3},
    **{"intermediate_size": 35, "max_position_embeddings": 67},
}
PARTS = {"loads": 1_000, "calls": 10_000, "saves": 1_000}
SAMPLES = 100  # of each part
CLEARED = 10  # loads between two calls of ``keras.utils.clear_session``
ALLOWED = 8.0  # megabytes: a copy of the network's 50 kB kept by each load would be 50
TITLES = {"pt": "PyTorch", "tf": "TensorFlow"}
WATCHED = {"memory": "megabytes", "files": "open files", "maps": "mappings", "left": "temporary"}


def held(folder: Path) -> dict[str, float]:
    """What the process holds now: memory, open files, mappings of files, temporary files."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    maps = Path("/proc/self/maps").read_text().splitlines()
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "files": len(os.listdir("/proc/self/fd")),
        "maps": len({line.split()[-1] for line in maps if "/" in line}),
        "left": len(os.listdir(folder)),
    }


def steps(backend: str, folder: Path) -> dict[str, Callable[[int], object]]:
    """What each part does in its step of a number."""
    import camembert_dual

    kind = getattr(camembert_dual, f"{'' if backend == 'pt' else 'TF'}CamembertForCausalLM")
    model = kind(camembert_dual.CamembertConfig(**SIZES, is_decoder=True))
    model.save_pretrained(folder / "model")
    if backend == "pt":
        import_module("torch").set_num_threads(1)
        model.eval()
    rng = np.random.default_rng(7)

    def call(number: int) -> object:
        """A batch of a new size, eagerly; each tenth time, a search, which TensorFlow compiles."""
        ids = rng.integers(5, 200, (1 + number % 3, 1 + number % 41))
        if number % 10:
            return model(ids)
        if backend == "pt":
            ids = import_module("torch").from_numpy(ids)
        return model.generate(ids, max_new_tokens=3, do_sample=number % 20 == 0)

    def load(number: int) -> None:
        """TensorFlow keeps what made each variable of a new name, until Keras is told to forget."""
        kind.from_pretrained(folder / "model")
        if backend == "tf" and number % CLEARED == CLEARED - 1:
            import_module("keras").utils.clear_session()

    return {
        "loads": load,
        "calls": call,
        "saves": lambda number: model.save_pretrained(folder / "saved"),
    }


def soak(backend: str, share: float) -> Iterator[dict[str, object]]:
    """Run all parts; what was held at each hundredth of each."""
    with tempfile.TemporaryDirectory() as name:
        folder, temporary = Path(name), Path(name) / "tmp"
        temporary.mkdir()
        tempfile.tempdir = str(temporary)
        for part, step in steps(backend, folder).items():
            count = int(PARTS[part] * share)
            every = max(1, count // SAMPLES)
            for number in range(count):
                step(number)
                if number % every == every - 1:
                    yield {"part": part, "done": number + 1, **held(temporary)}
        tempfile.tempdir = None


def measured(backend: str, share: float) -> list[dict]:
    """Run a backend in a process of its own."""
    command = [sys.executable, __file__, "--backend", backend, "--share", str(share)]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def growth(samples: list[dict], part: str, what: str) -> tuple[float, float]:
    """What was held after the first tenth of a part, and at its end."""
    values = [one[what] for one in samples if one["part"] == part]
    tenth = max(1, len(values) // 10)
    return max(values[tenth - 1 : 2 * tenth]), values[-1]


def draw(found: dict[str, list[dict]]) -> str:
    """Two rows of curves, memory and open files; a column for each framework."""
    width, height, left, top = 420, 150, 70, 40
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 460" font-family="sans-serif" '
        'font-size="12">',
        '<rect width="1000" height="460" fill="white"/>',
    ]
    for column, (backend, samples) in enumerate(found.items()):
        x = left + column * (width + 70)
        parts.append(f'<text x="{x}" y="20" font-weight="bold">{TITLES[backend]}</text>')
        for row, what in enumerate(("memory", "files")):
            y = top + row * (height + 50)
            parts += curve([one[what] for one in samples], WATCHED[what], x, y, width, height)
            for number, name in enumerate(PARTS):
                count = max(one["done"] for one in samples if one["part"] == name)
                place = x + width * number / len(PARTS)
                parts.append(
                    f'<line x1="{place:.0f}" y1="{y}" x2="{place:.0f}" y2="{y + height}" '
                    'stroke="#bbb"/>'
                )
                parts.append(
                    f'<text x="{place + 6:.0f}" y="{y + height + 16}" fill="#666">'
                    f"{count:,} {name}</text>"
                )
    return "\n".join([*parts, "</svg>"]) + "\n"


def curve(values: list[float], title: str, x: int, y: int, width: int, height: int) -> list[str]:
    """One curve in its frame, from nothing to a quarter above its highest value."""
    top = max(values) * 1.25
    points = " ".join(
        f"{x + width * place / (len(values) - 1):.1f},{y + height * (1 - value / top):.1f}"
        for place, value in enumerate(values)
    )
    return [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#888"/>',
        f'<text x="{x - 8}" y="{y + 10}" text-anchor="end">{top:.0f}</text>',
        f'<text x="{x - 8}" y="{y + height}" text-anchor="end">0</text>',
        f'<text x="{x + 6}" y="{y + 16}" fill="#666">{title}</text>',
        f'<polyline points="{points}" fill="none" stroke="#2a5caa" stroke-width="1.5"/>',
    ]


def main() -> int:
    """Measure both frameworks or one, each in a process of its own, or be that process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=TITLES, help="measure this one, keep what is known")
    parser.add_argument("--backend", choices=TITLES, help="be the process that is measured")
    parser.add_argument("--share", type=float, default=1.0, help="of the full numbers")
    arguments = parser.parse_args()
    if arguments.backend:
        for sample in soak(arguments.backend, arguments.share):
            print(json.dumps(sample), flush=True)
        return 0
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for backend in [arguments.only] if arguments.only else TITLES:
        found[backend] = measured(backend, arguments.share)
    FOUND.write_text(json.dumps(found, indent=0) + "\n")
    PICTURE.write_text(draw(found))
    return told(found)


def told(found: dict[str, list[dict]]) -> int:
    """Print the table; 1 if anything has grown."""
    status = 0
    print("| framework | part | " + " | ".join(WATCHED.values()) + " |")
    print("|---|---|" + "---|" * len(WATCHED))
    for backend, samples in found.items():
        for part in PARTS:
            pairs = {what: growth(samples, part, what) for what in WATCHED}
            cells = " | ".join(f"{before:.0f} → {after:.0f}" for before, after in pairs.values())
            count = max(one["done"] for one in samples if one["part"] == part)
            print(f"| {TITLES[backend]} | {count:,} {part} | {cells} |")
            grown = {what: after - before for what, (before, after) in pairs.items()}
            memory = grown.pop("memory")
            status |= int(memory > ALLOWED or any(more > 0 for more in grown.values()))
    return status


if __name__ == "__main__":
    sys.exit(main())
