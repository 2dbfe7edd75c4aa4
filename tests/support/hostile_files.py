"""A corpus of broken and hostile checkpoints, each a folder, made from sound ones."""

from collections.abc import Iterator
from pathlib import Path

from checkpoint_cases import write_config
from hostile_base import CONFIG, Case, file_writer
from hostile_containers import configs, files, indices, names, safetensors, zips
from hostile_damage import damaged, heaps
from hostile_hdf5 import archives, hdf5
from hostile_pickles import fairseq, pickles, streams, torch_stream, torch_zip
from hostile_tables import tables


def corpus() -> Iterator[Case]:
    """Every case; those that may load are flips of bits that no format can notice."""
    for name, content in pickles():
        yield f"zip {name}", file_writer("pytorch_model.bin", torch_zip(content)), False
        yield f"stream {name}", file_writer("pytorch_model.bin", torch_stream(content)), False
    yield from streams()
    yield from fairseq()
    yield from zips()
    yield from tables()
    yield from safetensors()
    yield from hdf5()
    yield from heaps()
    yield from archives()
    yield from indices()
    yield from configs()
    yield from names()
    yield from files()
    yield from damaged()


def write_corpus(folder: Path) -> dict[str, bool]:
    """Write every case into a numbered folder; title to whether it may load."""
    cases = {}
    for count, (title, write, may_load) in enumerate(corpus()):
        place = folder / f"{count:04d}"
        write_config(place, CONFIG)
        write(place)
        cases[title] = may_load
    return cases
