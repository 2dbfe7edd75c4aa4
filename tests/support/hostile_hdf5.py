"""HDF5 files and Keras archives with links, loops, bombs and objects that no checkpoint holds."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from hostile_base import OURS, TASK, Case


def hdf5() -> Iterator[Case]:
    layer = "roberta"
    name = "m/roberta/embeddings/word_embeddings/weight:0"

    def case(title, build, file="tf_model.h5"):
        def write(folder: Path) -> None:
            with h5py.File(folder / file, "w") as opened:
                build(opened, folder)

        return f"h5 {title}", write, False

    def listed(file):
        file.attrs["layer_names"] = [layer.encode()]
        group = file.create_group(layer)
        group.attrs["weight_names"] = [name.encode()]
        return group

    def external_link(file, folder):
        with h5py.File(folder / "other.h5", "w") as other:
            other["secret"] = np.zeros((4, 4), np.float32)
        listed(file)[name] = h5py.ExternalLink("other.h5", "/secret")

    def external_group(file, folder):
        file.attrs["layer_names"] = [layer.encode()]
        file[layer] = h5py.ExternalLink("/etc/passwd", "/")

    def soft_link(file, folder):
        group = listed(file)
        file["real"] = np.zeros((4, 4), np.float32)
        group[name] = h5py.SoftLink("/real")

    def dangling(file, folder):
        listed(file)[name] = h5py.SoftLink("/nowhere")

    def loop(file, folder):
        listed(file)[name] = file

    def external_storage(file, folder):
        listed(file).create_dataset(name, (4, 4), "f4", external=[("/etc/passwd", 0, 64)])

    def virtual(file, folder):
        layout = h5py.VirtualLayout((4, 4), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4, 4))
        listed(file).create_virtual_dataset(name, layout)

    def references(file, folder):
        group = listed(file)
        group.create_dataset(name, data=np.array([file.ref], dtype=h5py.ref_dtype))

    def reference_names(file, folder):
        listed(file).attrs["weight_names"] = np.array([file.ref], dtype=h5py.ref_dtype)

    def unwritten(file, folder):
        listed(file).create_dataset(name, (1 << 20, 1 << 20), "f4")

    def bomb(file, folder):
        group = listed(file)
        group.create_dataset(
            name, (1 << 18, 1 << 18), "f4", chunks=(1 << 9, 1 << 9), compression="gzip"
        )
        group[name][:1, :1] = 1

    def packed(file, folder):
        listed(file).create_dataset(name, data=np.zeros((512, 512), "f4"), compression="gzip")

    def strings(file, folder):
        listed(file).create_dataset(name, data=[b"a", b"b"])

    def compound(file, folder):
        listed(file).create_dataset(name, data=np.zeros(3, [("a", "f4"), ("b", "f4")]))

    def numbers_as_names(file, folder):
        file.attrs["layer_names"] = np.arange(4)

    def outside(file, folder):
        listed(file).attrs["weight_names"] = [b"../../../etc/passwd"]

    def absent(file, folder):
        listed(file)

    def no_names(file, folder):
        file.attrs["layer_names"] = np.array([], dtype="S1")

    def nothing(file, folder):
        file.create_group("hello")

    def lambda_config(file, folder):
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Lambda", "config": {"function": "evil"}}
        )
        file.create_group("model_weights")

    def two_copies(file, folder):
        group = listed(file)
        group[name] = np.zeros((4, 4), np.float32)
        file.attrs["layer_names"] = [layer.encode(), b"lm_head"]
        head = file.create_group("lm_head")
        head.attrs["weight_names"] = [name.encode()]
        head[name] = np.ones((4, 4), np.float32)

    for build in (
        external_link,
        external_group,
        soft_link,
        dangling,
        loop,
        external_storage,
        virtual,
        references,
        reference_names,
        unwritten,
        bomb,
        packed,
        strings,
        compound,
        numbers_as_names,
        outside,
        absent,
        no_names,
        nothing,
        lambda_config,
        two_copies,
    ):
        yield case(build.__name__, build)

    def nested(file, folder):
        here = file.create_group("vars").parent
        for _ in range(200):
            here = here.create_group("a")
            here.create_group("vars").attrs["name"] = "a"

    def doubling(file, folder):
        here = file.create_group("vars").parent
        for _ in range(30):  # two ways into each group: 2 ** 30 paths
            here = here.create_group("a")
            here.parent["b"] = here

    def circular(file, folder):
        file.create_group("vars")
        file["again"] = file

    def nameless(file, folder):
        file.create_group("vars")
        file.create_group("embeddings/vars")["0"] = np.zeros(4)

    def linked(file, folder):
        file.create_group("vars")
        file["embeddings"] = h5py.ExternalLink("/etc/passwd", "/")

    def unknown(file, folder):
        file.create_group("vars")["0"] = np.zeros(4)

    def linked_to_a_pipe(file, folder):
        os.mkfifo(folder / "pipe")  # who opens it waits for ever
        file["embeddings"] = h5py.ExternalLink("pipe", "/")
        file["vars"] = h5py.ExternalLink("pipe", "/")

    for build in (nested, doubling, circular, nameless, linked, linked_to_a_pipe, unknown):
        yield case(f"keras {build.__name__}", build, "model.weights.h5")


def keras_archive(config, weights: bytes, compression=zipfile.ZIP_STORED) -> bytes:
    content = config if isinstance(config, bytes) else json.dumps(config).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", content)
        archive.writestr("model.weights.h5", weights)
    return buffer.getvalue()


def archives() -> Iterator[Case]:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_group("vars")["0"] = np.zeros(4)
    weights = buffer.getvalue()

    def case(name, config, compression=zipfile.ZIP_STORED, weights=weights):
        content = keras_archive(config, weights, compression)

        def write(folder: Path) -> None:
            (folder / "config.json").unlink()
            (folder / "model.keras").write_bytes(content)

        return f"keras archive {name}", write, False

    layer = {
        "class_name": "Lambda",
        "config": {"function": {"class_name": "__lambda__", "config": {}}},
    }
    yield case("lambda", layer)
    yield case("sequential", {"class_name": "Sequential", "config": {"layers": [layer]}})
    yield case("other module", {"module": "os", "class_name": "system", "config": {"command": "x"}})
    yield case("deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield case("list", [])
    yield case("not JSON", b"\xff\xfe")
    yield case("no config", {"class_name": f"TF{TASK}"})
    yield case("config of text", {"class_name": f"TF{TASK}", "config": {"config": "text"}})
    yield case("compressed", OURS, zipfile.ZIP_DEFLATED)
    yield case("bomb", b"[" + b" " * (1 << 26) + b"]", zipfile.ZIP_DEFLATED)
    yield case("unknown weight", OURS)
    yield case("weights not HDF5", OURS, weights=b"hello")
