"""Damaged files of every format, for a bounded time: an error of the file, or arrays of its shapes.

``make fuzz`` runs this for a minute per reader; in the whole suite a few examples are enough.
"""

import io
import json
import os
import random
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from camembert_dual.checkpoints.errors import CheckpointError
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.selecting import select
from camembert_dual.checkpoints.writing import write_weights
from checkpoint_cases import tiny_arrays, write_config
from hostile_files import CONFIG, TASK, holding, tensor, text, torch_stream, torch_zip

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0.7"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
SLOWEST = 5.0


def sound(name):
    """The bytes of a sound file, and its name in a folder."""
    if name == "torch stream":
        return "pytorch_model.bin", torch_stream(holding(tensor()))
    if name == "torch pickle":
        return "pytorch_model.bin", torch_zip(holding(tensor()))
    if name == "index":
        return (
            "model.safetensors.index.json",
            b'{"metadata": {}, "weight_map": {"a": "b.safetensors"}}',
        )
    if name == "fairseq":
        weight = text("decoder.sentence_encoder.embed_tokens.weight") + tensor()
        arguments = b"cargparse\nNamespace\n)\x81}" + text("dropout") + b"K\x00sb"
        model = b"}" + weight + b"s"
        pickle = b"\x80\x02}(" + text("args") + arguments + text("model") + model + b"u."
        return "model.pt", torch_zip(pickle)
    with tempfile.TemporaryDirectory() as folder:
        to = "keras-weights" if name == "keras archive" else name
        path, _ = write_weights(Path(folder), tiny_arrays(TASK, CONFIG), to, task=TASK)
        if name != "keras archive":
            return path.name, path.read_bytes()
        config = {"class_name": f"TF{TASK}", "config": {"config": CONFIG.to_dict()}}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.write(path, "model.weights.h5")
        return "model.keras", buffer.getvalue()


def damage(content, chance):
    """Flip, cut, repeat or overwrite a few places, often near the ends, where headers are."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        size = max(1, len(data))
        near_end = chance.random() < 0.5
        start = (
            min(size - 1, int(chance.expovariate(1 / 200))) if near_end else chance.randrange(size)
        )
        start = size - 1 - start if chance.random() < 0.5 else start
        length = chance.choice((1, 1, 2, 4, 8, chance.randint(1, 64)))
        kind = chance.randrange(5)
        if kind == 0 and data:
            data[start] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[start : start + length]
        elif kind == 2:
            data[start:start] = data[start : start + length]
        elif kind == 3:
            data[start : start + length] = (
                chance.choice((b"\xff", b"\0", b"\x7f", b"\x80")) * length
            )
        elif chance.random() < 0.2:
            del data[start:]
    return bytes(data)


@pytest.mark.parametrize(
    "name",
    [
        "safetensors",
        "bin",
        "torch pickle",
        "torch stream",
        "fairseq",
        "tf-h5",
        "keras-weights",
        "keras archive",
        "index",
    ],
)
def test_a_damaged_file_gives_a_typed_error_or_its_arrays(tmp_path, name):
    file, content = sound(name)
    chance = random.Random(f"{name} {SEED}")
    write_config(tmp_path, CONFIG)
    path = tmp_path / file
    end = time.monotonic() + SECONDS
    count = unnamed = 0
    while time.monotonic() < end:
        count += 1
        path.unlink(missing_ok=True)
        path.write_bytes(damage(content, chance))
        start = time.monotonic()
        try:
            arrays = select(open_checkpoint(tmp_path)).arrays
            for one in arrays:
                assert arrays[one].shape == arrays.entries[one].shape
        except (CheckpointError, ValueError, OSError) as error:
            unnamed += str(tmp_path) not in str(error)
        assert time.monotonic() - start < SLOWEST
    assert count >= 5
    assert unnamed == 0
