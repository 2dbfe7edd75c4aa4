"""Run by the project's own Python, where both trees live: answer checkpoints, or write some.

    python exchange.py answer LIST    each line a folder: load it in both trees, answer inputs.npz
    python exchange.py write LIST     each line a folder, tree, task and config: save a model there

A job that fails leaves its error in error.txt of its folder.
"""

import importlib
import sys
import traceback
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import cases


def answer(folder: Path) -> None:
    task = (folder / "task.txt").read_text()
    inputs = dict(np.load(folder / "inputs.npz"))
    for name in ("pt", "tf"):
        tree = importlib.import_module(f"tree_{name}")
        model_class = getattr(tree.tree, task if name == "pt" else f"TF{task}")
        found = tree.run(model_class.from_pretrained(folder), inputs, "float32", return_dict=True)
        np.savez(folder / f"{name}.npz", **found)


def write(folder: Path, name: str, task: str, config_name: str) -> None:
    tree = importlib.import_module(f"tree_{name}")
    config = cases.config(config_name, num_labels=2 if task == cases.QUESTION else 5)
    model = tree.new(task, config, cases.weights(config, task), "float32")
    model.save_pretrained(folder)
    inputs = cases.inputs(task, cases.case("right padding"))
    np.savez(folder / "inputs.npz", **inputs)
    np.savez(folder / "answers.npz", **tree.run(model, inputs, "float32", return_dict=True))


def main(command: str, listing: str) -> None:
    for job in Path(listing).read_text().splitlines():
        where, *details = job.split("\t")
        try:
            (answer if command == "answer" else write)(Path(where), *details)
        except Exception:
            Path(where).mkdir(parents=True, exist_ok=True)
            (Path(where) / "error.txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(*sys.argv[1:])
