"""Peak memory of conversions and loads, each in a fresh process, as a multiple of the file.

    python benchmarks/checkpoints.py [--layers 12] [--peer .venv-peer-old/bin/python]

The peak is that of resident memory during the operation, less what the process had before it
(imports done).
With ``--peer``, the interpreter of an environment with transformers 4.34 and TensorFlow 2.14, its
own path from a PyTorch checkpoint to a TensorFlow model (``from_pt=True``) is measured beside.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
MODELS = {
    "pt": ("camembert_dual.pt", "CamembertForMaskedLM"),
    "tf": ("camembert_dual.tf", "TFCamembertForMaskedLM"),
}
FORMATS = ("safetensors", "shards", "bin", "tf-h5", "keras-weights")


def status(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def measure(operation) -> None:
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    start = time.perf_counter()
    operation()
    seconds = time.perf_counter() - start
    print(json.dumps({"peak": status("VmHWM") - before, "seconds": seconds}))


def child(kind: str, arguments: list[str]) -> None:
    """What a fresh process does."""
    if kind == "convert":
        import h5py  # noqa: F401 - before what is measured

        import camembert_dual.checkpoints.convert as converter

        source, target, to = arguments
        size = "100MB" if to == "shards" else None
        to = "safetensors" if to == "shards" else to
        measure(lambda: converter.convert(source, target, to, max_shard_size=size))
    elif kind == "load":
        import importlib

        module, name, folder = arguments
        model = getattr(importlib.import_module(module), name)
        model.from_pretrained(Path(folder).parent / "tiny")  # a first model takes memory of its own
        measure(lambda: model.from_pretrained(folder))
    else:
        import transformers

        folder = arguments[0]
        model = transformers.TFCamembertForMaskedLM
        model.from_pretrained(Path(folder).parent / "tiny-bin", from_pt=True)
        measure(lambda: model.from_pretrained(folder, from_pt=True))


def make(folder: Path, layers: int) -> None:
    """A checkpoint of camembert-base's sizes with random weights, and a tiny one."""
    import numpy as np

    from camembert_dual.checkpoints.folder import save_checkpoint
    from camembert_dual.config import CamembertConfig
    from camembert_dual.parameters import parameters

    classes = ["CamembertForMaskedLM"]
    tiny = {"vocab_size": 101, "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 35}
    for name, sizes in (
        ("base", {"num_hidden_layers": layers}),
        ("tiny", tiny | {"num_hidden_layers": 1}),
    ):
        config = CamembertConfig.camembert_base(**sizes, architectures=classes)
        random = np.random.default_rng(0)
        arrays = {
            one.name: random.standard_normal(one.shape, dtype=np.float32) * np.float32(0.02)
            for one in parameters(config, "CamembertForMaskedLM")
        }
        save_checkpoint(folder / name, config, arrays)
        save_checkpoint(folder / f"{name}-bin", config, arrays, safe_serialization=False)


def run(python: str, *words: str) -> dict[str, float]:
    done = subprocess.run([python, str(HERE), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--peer", help="python with transformers 4.34 and TensorFlow 2.14")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.child:
        child(options.child[0], options.child[1:] + rest)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.layers)
        size = (folder / "base" / "model.safetensors").stat().st_size
        print(
            f"file of {size / 1e6:.0f} MB; peak over the process before, as a multiple of the file"
        )

        def show(title: str, found: dict[str, float]) -> None:
            print(f"{title:<28}{found['peak'] / size:6.2f}x {found['seconds']:7.1f} s", flush=True)

        for to in FORMATS:
            words = ("--child", "convert", str(folder / "base"), str(folder / to), to)
            show(f"convert to {to}", run(sys.executable, *words))
        for tree, (module, model) in MODELS.items():
            for to in FORMATS:
                words = ("--child", "load", module, model, str(folder / to))
                show(f"load {tree} {to}", run(sys.executable, *words))
        if options.peer:
            found = run(options.peer, "--child", "peer", str(folder / "base-bin"))
            show("transformers 4.34 from_pt", found)


if __name__ == "__main__":
    main()
