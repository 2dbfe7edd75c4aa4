"""The first tour of each framework runs from its first cell to its last."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"


def test_the_tour_shows_what_it_should():
    path = FOLDER / f"first_tour_{os.environ['CAMEMBERT_BACKEND']}.ipynb"
    tour = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in tour.cells), "cells are committed as not yet run"
    NotebookClient(tour, timeout=120).execute()
    outputs = [one for cell in tour.cells for one in cell.get("outputs", [])]
    told = "".join(one.get("text", "") for one in outputs)
    assert sum("image/png" in one.get("data", {}) for one in outputs) == 3
    for words in ("porte", "▁chat      ' chat'", "(2, 9, 8005)", "Ajoutez le beurre. -> cuisine"):
        assert words in told
    assert "{0: 'cuisine', 1: 'météo'}" in told


def test_both_tours_have_the_same_chapters():
    def titles(name):
        cells = nbformat.read(FOLDER / f"first_tour_{name}.ipynb", as_version=4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        return [text.splitlines()[0] for text in texts][1:-1]

    assert titles("pt") == titles("tf")
