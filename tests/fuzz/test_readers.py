"""Damaged files of every format, for a bounded time: an error of the file, or arrays of its shapes.

In the whole suite a few hundred files are enough; ``make fuzz`` goes on longer (guided.py).
"""

import io
import random
import resource
import time

import h5py
import numpy as np
import pytest

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.selecting import select
from camembert_dual.common.errors import CheckpointError
from checkpoint_cases import write_config
from hostile_base import CONFIG
from hostile_damage import sound_files
from hostile_pickles import holding, storage, tensor, text, torch_stream, torch_zip
from tf_checkpoint_files import tf_checkpoint

SECONDS = 0.7
SLOWEST = 5.0
MEMORY = 256_000  # kB that a reader may take for files of 90 kB
WEIGHT = "m/roberta/embeddings/LayerNorm/gamma:0"
TF_CHECKPOINT = tf_checkpoint({"a": np.ones(24, np.float32)}, {"a": WEIGHT})
DATA_FILE = "model.data-00000-of-00001"  # beside every file, as an index of TensorFlow needs it


def small_files():
    """Files that are nearly all header, where damage meets the readers and not the numbers."""
    matrix = tensor(storage(count=192), shape=(8, 24), strides=(24, 1))
    names = ("embed_tokens", "embed_positions", "layers.0.fc1")
    weights = b"".join(text(f"decoder.sentence_encoder.{name}.weight") + matrix for name in names)
    arguments = b"cargparse\nNamespace\n)\x81}" + text("dropout") + b"K\x00sb"
    fairseq = b"\x80\x02}(" + text("args") + arguments + text("model") + b"}(" + weights + b"uu."
    legacy, keras = io.BytesIO(), io.BytesIO()
    with h5py.File(legacy, "w") as file:
        file.attrs["layer_names"] = [b"roberta"]
        file.create_group("roberta").attrs["weight_names"] = [WEIGHT.encode()]
        file["roberta"][WEIGHT] = np.ones(24, np.float32)
    with h5py.File(keras, "w") as file:
        variables = file.create_group("vars").parent.create_group("embeddings/LayerNorm/vars")
        variables.attrs["name"] = "LayerNorm"
        variables["0"] = np.ones(24, np.float32)
    index, _ = TF_CHECKPOINT
    return {
        "small tf-checkpoint": ("model.index", index),
        "small tf-h5": ("tf_model.h5", legacy.getvalue()),
        "small keras-weights": ("model.weights.h5", keras.getvalue()),
        "small zip": ("pytorch_model.bin", torch_zip(holding(tensor()))),
        "small stream": ("pytorch_model.bin", torch_stream(holding(tensor()))),
        "fairseq": ("model.pt", torch_zip(fairseq, count=192)),
        "index": (
            "model.safetensors.index.json",
            b'{"metadata": {}, "weight_map": {"a": "b.safetensors"}}',
        ),
    }


FILES = sound_files() | small_files()


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
        kind = chance.randrange(6)
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
        elif kind == 4:  # a size or an address
            start -= start % 8
            number = chance.choice((0, 8, 96, start, size, size - 8, 1 << 31, 1 << 63, 2**64 - 1))
            data[start : start + 8] = (number % 2**64).to_bytes(8, "little")
        elif chance.random() < 0.2:
            del data[start:]
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_gives_a_typed_error_or_its_arrays(tmp_path, name):
    file, content = FILES[name]
    chance = random.Random(name)
    write_config(tmp_path, CONFIG)
    (tmp_path / DATA_FILE).write_bytes(TF_CHECKPOINT[1])
    path = tmp_path / file
    end = time.monotonic() + SECONDS
    count = unnamed = 0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < end:
        count += 1
        path.unlink(missing_ok=True)
        path.write_bytes(damage(content, chance))
        start = time.monotonic()
        try:
            arrays = select(open_checkpoint(tmp_path)).arrays
            for one in arrays:
                assert arrays[one].shape == arrays.lazy[one].shape
        except (CheckpointError, ValueError, OSError) as error:
            unnamed += str(tmp_path) not in str(error)
        assert time.monotonic() - start < SLOWEST
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MEMORY
    assert count >= 5
    assert unnamed == 0
