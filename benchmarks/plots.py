"""Plots of results."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

from libraries import OURS


def ratios(results: dict[str, Any], path: Path) -> None:
    """How many times our time each peer takes, a bar each, and the goals as lines."""
    bars = [
        (f"{found['title']}: {name}", seconds / found["seconds"][OURS], found["goals"].get(name))
        for found in reversed(results.values())
        for name, seconds in reversed(found["seconds"].items())
        if name not in (OURS, "limit") and OURS in found["seconds"]
    ]
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.22 * len(bars)), layout="constrained")
    names, values, goals = zip(*bars, strict=True) if bars else ((), (), ())
    places = range(len(bars))
    colours = ["tab:blue" if value >= 1 else "tab:orange" for value in values]
    axes.barh(places, values, color=colours)
    for place, goal in zip(places, goals, strict=True):
        if goal is not None:
            axes.plot([goal, goal], [place - 0.45, place + 0.45], color="black")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set(xscale="log", yticks=places, yticklabels=names, xlabel="time of the peer / ours")
    axes.tick_params(axis="y", labelsize=7)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a figure, the same bytes for the same numbers."""
    matplotlib.rcParams["svg.hashsalt"] = path.name
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
