"""Sound checkpoints of every format, and what cuts, flips and wrong numbers make of them."""

import io
import re
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.checkpoints.formats.registry import WRITTEN
from checkpoint_cases import tiny_arrays
from hostile_base import CONFIG, OURS, TASK, Case, file_writer
from hostile_hdf5 import keras_archive
from hostile_pickles import state_dict_stream

SIXTEENTHS = range(16)


def sound_files() -> dict[str, tuple[str, bytes]]:
    """A whole checkpoint in every container: title to file name and content."""
    arrays = tiny_arrays(TASK, CONFIG)
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for to in WRITTEN:
            path, _ = write_weights(Path(folder), arrays, to, architecture=TASK)
            files[to] = path.name, path.read_bytes()
    files["stream"] = "pytorch_model.bin", state_dict_stream(arrays)
    files["keras archive"] = "model.keras", keras_archive(OURS, files["keras-weights"][1])
    return files


def damaged() -> Iterator[Case]:
    for kind, (name, content) in sound_files().items():
        for part in SIXTEENTHS:
            cut = content[: len(content) * part // 16]
            yield f"{kind} cut at {part}/16", file_writer(name, cut), False
            place = len(content) * part // 16 + part
            for bits in (0x01, 0xFF):
                flipped = bytearray(content)
                flipped[place] ^= bits
                title = f"{kind} with byte {place} ^ {bits:#x}"
                yield title, file_writer(name, bytes(flipped)), True
    for dtype in (np.float32, np.float64):
        for value in (np.nan, np.inf):
            yield f"{value} as {dtype.__name__}", filled(value, dtype), False
    for dtype in (np.int64, np.uint8, np.bool_):
        yield f"weights of type {dtype.__name__}", filled(1, dtype), False
    yield "a transposed matrix", reshaped("classifier.weight", lambda one: one.T), False
    yield "a matrix as a vector", reshaped("classifier.weight", lambda one: one.reshape(-1)), False
    yield "a missing weight", reshaped("classifier.weight", lambda one: None), False


def filled(value, dtype):
    def write(folder: Path) -> None:
        arrays = tiny_arrays(TASK, CONFIG)
        arrays["classifier.weight"] = np.full_like(arrays["classifier.weight"], value, dtype=dtype)
        write_weights(folder, arrays, "safetensors")

    return write


def reshaped(name, change):
    def write(folder: Path) -> None:
        arrays = tiny_arrays(TASK, CONFIG)
        changed = change(arrays.pop(name))
        write_weights(
            folder, arrays if changed is None else arrays | {name: changed}, "safetensors"
        )

    return write


def heaps() -> Iterator[Case]:
    """Texts whose sizes keep HDF5's own reader in a loop, or have it take gigabytes.

    Nothing else is wrong with these files: where the text is not one that is needed they may load.
    """
    files = sound_files()
    for kind in ("tf-h5", "keras-weights"):
        name, content = files[kind]
        content = with_texts(content)
        first = content.index(HEAP) + 16  # index, references, 4 bytes, size
        for index, size in ((0, 0), (0, 8), (1, 2**64 - 16), (1, 2**64 - 1), (7, 1 << 20)):
            damaged = bytearray(content)
            damaged[first : first + 2] = index.to_bytes(2, "little")
            damaged[first + 8 : first + 16] = size.to_bytes(8, "little")
            title = f"{kind} with a text of {size} bytes, number {index}"
            yield title, file_writer(name, bytes(damaged)), True
            if kind == "keras-weights":
                archive = keras_archive(OURS, bytes(damaged))
                yield f"{title}, archived", file_writer("model.keras", archive), True
        title = f"{kind} with a text of 4 GB wherever there is one"
        yield title, file_writer(name, with_huge_texts(content)), True
    narrow = bytearray(files["tf-h5"][1])
    narrow[14] = 4
    yield "h5 with sizes of 4 bytes", file_writer("tf_model.h5", bytes(narrow)), False


HEAP = b"GCOL\1"


def with_texts(content: bytes) -> bytes:
    """The same file with its lists of names in a heap, where Keras 2 puts them."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        for group in (file, *file.values()):
            for key in [key for key in group.attrs if key.endswith("_names")]:
                group.attrs[key] = group.attrs[key].tolist()
    return buffer.getvalue()


def with_huge_texts(content: bytes) -> bytes:
    """The same file, where every text says that it has 2 ** 32 - 1 bytes."""
    damaged = bytearray(content)
    for heap in re.finditer(re.escape(HEAP), content):
        place = struct.pack("<Q", heap.start())  # a text: its size, its heap, its number there
        for text in re.finditer(re.escape(place), content):
            damaged[text.start() - 4 : text.start()] = b"\xff" * 4
    return bytes(damaged)
