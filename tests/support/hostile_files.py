"""A corpus of broken and hostile checkpoints, each a folder, made from sound ones."""

import io
import json
import math
import os
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from camembert_dual.checkpoints.writing import FORMATS, write_weights
from checkpoint_cases import tiny_arrays, tiny_config, write_config

TASK = "CamembertForTokenClassification"
CONFIG = tiny_config(TASK, num_hidden_layers=1)
OURS = {"class_name": f"TF{TASK}", "config": {"config": CONFIG.to_dict()}}
MARKER = "executed-by-a-checkpoint"
SIX = np.arange(6, dtype=np.float32)
SIXTEENTHS = range(16)

Case = tuple[str, Callable[[Path], None], bool]  # name, writer, whether it may load


def corpus() -> Iterator[Case]:
    """Every case; those that may load are flips of bits that no format can notice."""
    for name, content in pickles():
        yield f"zip {name}", file_writer("pytorch_model.bin", torch_zip(content)), False
        yield f"stream {name}", file_writer("pytorch_model.bin", torch_stream(content)), False
    yield from streams()
    yield from fairseq()
    yield from zips()
    yield from safetensors()
    yield from hdf5()
    yield from heaps()
    yield from archives()
    yield from indices()
    yield from configs()
    yield from files()
    yield from damaged()


# --- pickles


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return f"c{module}\n{name}\n(".encode() + b"".join(arguments) + b"tR"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    size = (value.bit_length() + 8) // 8
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(number(value) for value in values) + b"t"


def storage(kind="FloatStorage", key="0", count=6, rest=b"") -> bytes:
    parts = [text("storage"), f"ctorch\n{kind}\n".encode(), text(key), text("cpu"), number(count)]
    return b"(" + b"".join(parts) + rest + b"tQ"


def tensor(source=None, offset=0, shape=(2, 3), strides=(3, 1)) -> bytes:
    source = storage() if source is None else source
    parts = [source, number(offset), numbers(*shape), numbers(*strides), b"\x89", b"}"]
    return call("torch._utils", "_rebuild_tensor_v2", *parts)


def holding(value: bytes) -> bytes:
    return b"\x80\x02}" + text("weight") + value + b"s."


def unfolding() -> bytes:
    """Forty pairs, each of the one before twice: a few bytes whose ``repr`` has 2 ** 40 parts."""
    return b"N\x85q\x00" + b"0h\x00h\x00\x86q\x00" * 40


def pickles() -> Iterator[tuple[str, bytes]]:
    command = text(f"touch {MARKER}")
    for module, name in (
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("os", "popen"),
        ("subprocess", "Popen"),
        ("subprocess", "check_output"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "getattr"),
        ("builtins", "open"),
        ("builtins", "__import__"),
        ("__builtin__", "eval"),
        ("importlib", "import_module"),
        ("runpy", "run_path"),
        ("shutil", "rmtree"),
        ("functools", "partial"),
        ("operator", "attrgetter"),
        ("types", "FunctionType"),
        ("copyreg", "_reconstructor"),
        ("codecs", "decode"),
        ("webbrowser", "open"),
        ("pty", "spawn"),
        ("socket", "create_connection"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.storage", "_load_from_bytes"),
        ("torch._utils", "_rebuild_device_tensor_from_numpy"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("torch._utils", "_import_dotted_name"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("torch._utils", "__builtins__"),
        ("torch.serialization", "load"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("argparse", "FileType"),
        ("collections", "OrderedDict.fromkeys"),
    ):
        yield f"calls {module}.{name}", holding(call(module, name, command))
    inner = call("os", "system", command)
    yield "nested reduce", holding(call("collections", "OrderedDict", inner))
    yield "reduce in a tensor", holding(tensor(inner))
    yield "reduce of a reduce", holding(inner + b"(tR")
    yield (
        "os.system in a namespace",
        holding(b"cargparse\nNamespace\n)\x81}" + text("a") + inner + b"sb"),
    )
    yield (
        "os.system by stack global",
        holding(text("os") + text("system") + b"\x93(" + command + b"tR"),
    )
    yield "os.system by inst", holding(b"(" + command + b"ios\nsystem\n")
    yield "os.system by obj", holding(b"(cos\nsystem\n" + command + b"o")
    yield "extension registry", holding(b"\x82\x01")
    yield "state of a tensor", holding(tensor() + b"}b")
    yield "state of a list", holding(b"]}b")
    yield "call of a storage type", holding(b"ctorch\nFloatStorage\n(tR")
    yield "a name that unfolds", holding(unfolding() + text("x") + b"\x93")
    yield "a value that unfolds", holding(unfolding())
    yield "a key that unfolds", b"\x80\x02}" + unfolding() + b"Ns."
    yield "a storage that unfolds", holding(unfolding() + b"Q")
    yield "a tensor that unfolds", holding(tensor(unfolding()))
    yield "a long name", holding(call("os", "x" * 4000))
    yield "keys that are lists", b"\x80\x02}]Ns."
    yield "a list", b"\x80\x02]."
    yield "a number", b"\x80\x02K\x01."
    yield "an empty dict", b"\x80\x02}."
    yield "no stop", b"\x80\x02}"
    yield "an empty pickle", b""
    yield "memo far away", holding(b"Nr\xff\xff\xff\xff")
    yield "unknown memo", holding(b"j\xff\xff\xff\xff")
    yield "huge text", holding(b"X\xff\xff\xff\xff")
    yield "huge bytes", holding(b"\x8e" + b"\xff" * 8)
    yield "huge integer", holding(b"\x8b\xff\xff\xff\x7f")
    yield "negative integer size", holding(b"\x8b\xff\xff\xff\xff")
    yield "long digits", holding(b"I" + b"9" * 3000 + b"\n")
    yield "a million marks", b"\x80\x02" + b"(" * 1_000_000 + b"."
    yield "a deep tuple", b"\x80\x02N" + b"\x85" * 100_000 + b"."
    yield "dict of deep lists", holding(b"]" * 50_000 + b"a" * 49_999)
    yield "negative size", holding(tensor(shape=(-2, 3)))
    yield "huge size", holding(tensor(shape=(1 << 40, 1 << 20)))
    yield "expanded size", holding(tensor(shape=(1 << 20, 1 << 20), strides=(0, 0)))
    yield "negative stride", holding(tensor(strides=(-3, 1)))
    yield "stride out of range", holding(tensor(strides=(1000, 1)))
    yield "offset out of range", holding(tensor(offset=4))
    yield "negative offset", holding(tensor(offset=-1))
    yield "sizes and strides that differ", holding(tensor(strides=(1,)))
    yield "many dimensions", holding(tensor(shape=(1,) * 100, strides=(1,) * 100))
    yield "huge storage", holding(tensor(storage(count=1 << 61)))
    yield "negative storage", holding(tensor(storage(count=-6)))
    yield "unknown storage type", holding(tensor(storage(kind="QInt8Storage")))
    yield "storage of a path", holding(tensor(storage(key="../../config.json")))
    yield "storage that is missing", holding(tensor(storage(key="77")))
    yield (
        "storage as a view",
        holding(tensor(storage(rest=b"(" + text("0") + number(0) + number(1) + b"t"))),
    )
    yield "persistent id of another kind", holding(text("storage") + b"Q")
    yield "tensor that is not one", holding(tensor(b"N"))
    yield (
        "parameter that is not one",
        holding(call("torch._utils", "_rebuild_parameter", b"N\x88}")),
    )
    yield "size that is not one", holding(call("torch", "Size", b"N"))
    yield "keys that are numbers", b"\x80\x02}K\x01" + tensor() + b"s."
    yield "a value that is text", holding(text("weight"))


def torch_zip(pickle: bytes, count=6) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/data/0", np.arange(count, dtype=np.float32).tobytes())
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def torch_stream(pickle: bytes, version=b"M\xe9\x03", system=None, storages=(SIX,)) -> bytes:
    magic = b"\x80\x02" + number(0x1950A86A20F9469CFC6C) + b"."
    system = b"\x80\x02" + (b"}" + text("little_endian") + b"\x88s" if system is None else system)
    head = magic + b"\x80\x02" + version + b"." + system + b"."
    keys = b"\x80\x02](" + b"".join(text(str(key)) for key in range(len(storages))) + b"e."
    data = b"".join(struct.pack("<q", one.size) + one.tobytes() for one in storages)
    return head + pickle + keys + data


def state_dict_stream(arrays) -> bytes:
    """A whole checkpoint as torch wrote it before 1.6."""
    items = b"".join(
        text(name)
        + tensor(
            storage(key=str(key), count=one.size),
            shape=one.shape,
            strides=[math.prod(one.shape[axis + 1 :]) for axis in range(one.ndim)],
        )
        for key, (name, one) in enumerate(arrays.items())
    )
    return torch_stream(b"\x80\x02}(" + items + b"u.", storages=list(arrays.values()))


def streams() -> Iterator[Case]:
    pickle = holding(tensor())
    for name, content in (
        ("of a version that unfolds", torch_stream(pickle, version=unfolding())),
        ("of a system that unfolds", torch_stream(pickle, system=unfolding())),
        ("of another magic number", torch_stream(pickle).replace(b"\x6c\xfc", b"\x6c\xfd")),
        ("of another size", torch_stream(holding(tensor(storage(count=7))))),
    ):
        yield f"stream {name}", file_writer("pytorch_model.bin", content), False


def fairseq() -> Iterator[Case]:
    """Checkpoints of fairseq, whose arguments become the config."""
    names = ("embed_tokens", "embed_positions", "layers.0.fc1")
    prefix = "decoder.sentence_encoder"
    wide = tensor(storage(count=192), shape=(8, 24), strides=(24, 1))
    model = b"}(" + b"".join(text(f"{prefix}.{name}.weight") + wide for name in names) + b"u"

    def case(name, arguments, model=model):
        content = b"\x80\x02}(" + text("args") + arguments + text("model") + model + b"u."
        archive = torch_zip(content, count=192)

        def write(folder: Path) -> None:
            (folder / "config.json").unlink()
            (folder / "model.pt").write_bytes(archive)

        return f"fairseq {name}", write, False

    def namespace(argument, value):
        return b"cargparse\nNamespace\n)\x81}" + text(argument) + value + b"sb"

    for argument in ("activation_fn", "dropout", "encoder_attention_heads", "model"):
        yield case(f"with {argument} that unfolds", namespace(argument, unfolding()))
        yield case(f"with a list as {argument}", namespace(argument, b"]"))
    yield case("with a long dropout", namespace("dropout", text("x" * 10_000)))
    yield case("with a huge number of heads", namespace("encoder_attention_heads", number(1 << 99)))
    yield case("normalised before", namespace("encoder_normalize_before", b"\x88"))
    flat = tensor(storage(count=192), shape=(192,), strides=(1,))
    for name in names:
        one = b"}(" + b"".join(
            text(f"{prefix}.{other}.weight") + (flat if other == name else wide) for other in names
        )
        yield case(f"with {name} as a vector", b"N", one + b"u")


# containers
# --------------------------------------------------------------------------------------------------


def zips() -> Iterator[Case]:
    pickle = holding(tensor())
    data = SIX.tobytes()

    def archive(members, compression=zipfile.ZIP_STORED) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as opened:
            for name, content in members:
                opened.writestr(zipfile.ZipInfo(name), content, compression)
        return buffer.getvalue()

    def case(name, content):
        return f"zip {name}", file_writer("pytorch_model.bin", content), False

    sound = [("a/data.pkl", pickle), ("a/data/0", data)]
    yield case("bomb", archive([*sound, ("a/data/1", bytes(1 << 26))], zipfile.ZIP_DEFLATED))
    yield case("bomb as pickle", archive([("a/data.pkl", bytes(1 << 26))], zipfile.ZIP_DEFLATED))
    yield case("without data", archive(sound[:1]))
    yield case("with short data", archive([sound[0], ("a/data/0", data[:-4])]))
    yield case("with long data", archive([sound[0], ("a/data/0", data * 2)]))
    yield case("big endian", archive([*sound, ("a/byteorder", b"big")]))
    yield case("of other things", archive([("hello.txt", b"hello")]))
    yield case(
        "with data elsewhere", archive([sound[0], ("../a/data/0", data), ("/a/data/0", data)])
    )
    both = bytearray(archive([*sound, ("a/data/1", data)]))
    first, second = both.find(b"PK\x01\x02"), both.rfind(b"PK\x01\x02")
    both[second + 42 : second + 46] = both[first + 42 : first + 46]
    yield case("with members over each other", bytes(both))
    moved = bytearray(archive(sound))
    start = moved.rfind(b"PK\x01\x02")
    moved[start + 42 : start + 46] = b"\xff\xff\xff\x7f"
    yield case("with a member out of range", bytes(moved))
    huge = bytearray(archive(sound))
    start = huge.rfind(b"PK\x01\x02")
    huge[start + 20 : start + 28] = b"\xfe\xff\xff\x7f" * 2
    yield case("with a huge member", bytes(huge))
    locked = bytearray(archive(sound))
    start = locked.rfind(b"PK\x01\x02")
    locked[start + 8] |= 1
    yield case("encrypted", bytes(locked))


def safetensors() -> Iterator[Case]:
    def case(name, header, data=bytes(64), size=None):
        content = header if isinstance(header, bytes) else json.dumps(header).encode()
        size = len(content) if size is None else size
        whole = struct.pack("<Q", size) + content + data
        return f"safetensors {name}", file_writer("model.safetensors", whole), False

    def one(start, end, shape=(4,), dtype="F32"):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}

    yield case("huge header", {}, size=1 << 62)
    yield case("header beyond the file", {}, size=1 << 20)
    yield case("header that is not JSON", b"{not json}")
    yield case("header that is a list", b"{}"[:1] + b"]")
    yield case("header not UTF-8", b'{"\xff\xfe": 1}')
    yield case("deep header", b'{"a":' * 10_000 + b"1" + b"}" * 10_000)
    yield case("overlap", {"a": one(0, 16), "b": one(8, 24)})
    yield case("hole", {"a": one(0, 16), "b": one(32, 64, (8,))})
    yield case("beyond the end", {"a": one(0, 160, (40,))})
    yield case("negative offset", {"a": one(-16, 0)})
    yield case("end before start", {"a": one(16, 0)})
    yield case("wrong length", {"a": one(0, 64, (4,))})
    yield case("huge shape", {"a": one(0, 64, (1 << 40, 1 << 40))})
    yield case("negative shape", {"a": one(0, 64, (-4, -4))})
    yield case("unknown type", {"a": one(0, 64, dtype="F7")})
    yield case("type without numpy", {"a": one(0, 64, (64,), "F8_E4M3")})
    yield case("no type", {"a": {"shape": [4], "data_offsets": [0, 16]}})
    yield case("unknown names", {"evil": one(0, 64, (16,))})
    yield case("a long name", {"e" * 10**7: one(0, 64, (16,))})
    yield case("many names", {f"{n}": one(0, 0, (0,)) for n in range(3 * 10**4)}, b"")
    yield case("no weights", {}, b"")


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


def indices() -> Iterator[Case]:
    def case(name, content, shards=()):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()

        def write(folder: Path) -> None:
            (folder / "model.safetensors.index.json").write_bytes(data)
            for shard in shards:
                write_weights(folder, tiny_arrays(TASK, CONFIG), "safetensors")
                (folder / "model.safetensors").rename(folder / shard)

        return f"index {name}", write, False

    for path in (
        "../x.safetensors",
        "/etc/passwd",
        "a/b.safetensors",
        "..",
        ".",
        "",
        "a\\b",
        "C:x",
        "a\0b",
        "missing.safetensors",
        "model.safetensors.index.json",
    ):
        yield case(f"to {path!r}", {"weight_map": {"a": path}})
    yield case("to a number", {"weight_map": {"a": 1}})
    yield case("to a list of numbers", {"weight_map": {"a": [1]}})
    yield case("to a list of lists", {"weight_map": {"a": [["b.safetensors"]]}})
    yield case("to an empty list", {"weight_map": {"a": []}})
    yield case("to a list that leads outside", {"weight_map": {"a": ["b", "../x.safetensors"]}})
    yield case("without a map", {"metadata": {}})
    yield case("with an empty map", {"weight_map": {}})
    yield case("with a list", {"weight_map": ["a"]})
    yield case("deep", b'{"weight_map":' * 100_000)
    yield case("not JSON", b"{")
    yield case(
        "with a weight in two shards",
        {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}},
        ("one.safetensors", "two.safetensors"),
    )


def configs() -> Iterator[Case]:
    def case(name, content):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()

        def write(folder: Path) -> None:
            write_weights(folder, tiny_arrays(TASK, CONFIG), "safetensors")
            (folder / "config.json").write_bytes(data)

        return f"config {name}", write, False

    sound = CONFIG.to_dict()
    yield case("deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield case("list", [])
    yield case("not JSON", b"hello")
    yield case("not UTF-8", b"\xff\xfe{}")
    yield case("empty", b"")
    for family in ("deberta-v2", "modernbert", "bert", "xlm-roberta-xl"):
        yield case(f"of {family}", sound | {"model_type": family})
    for field, value in (
        ("num_hidden_layers", 10**9),
        ("num_hidden_layers", -1),
        ("hidden_size", 10**9),
        ("hidden_size", "24"),
        ("hidden_size", "2" * 10**6),
        ("model_type", [["x"]] * 10**5),
        ("vocab_size", 10**12),
        ("vocab_size", 102),
        ("num_attention_heads", 5),
        ("layer_norm_eps", "NaN"),
        ("hidden_act", "os.system"),
        ("pad_token_id", 10**9),
        ("position_embedding_type", "evil"),
    ):
        yield case(f"with {field} {value!r:.40}", sound | {field: value})


def files() -> Iterator[Case]:
    name = "model.safetensors"
    for title, content in (
        ("empty", b""),
        ("zeros", bytes(4096)),
        ("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        ("web page", b"<!DOCTYPE html><html>"),
        ("text", b"hello\n" * 99),
        ("gzip", b"\x1f\x8b\x08" + bytes(99)),
        ("tar", b"model.pt" + bytes(504)),
        ("one byte", b"\x80"),
    ):
        yield f"file {title}", file_writer(name, content), False

    def folder_instead(folder):
        (folder / name).mkdir()

    def link(target):
        return lambda folder: (folder / name).symlink_to(target)

    yield "file that is a folder", folder_instead, False
    yield "link to nothing", link("nothing"), False
    yield "link to itself", link(name), False
    yield "link to zeros", link("/dev/zero"), False
    yield "link to another kind of file", link("/etc/passwd"), False
    yield "link to a folder", link("/"), False
    yield "named pipe", lambda folder: os.mkfifo(folder / name), False
    yield "journal that leads outside", journal(["../../x"]), False
    yield "journal whose folder is a link", linked_journal, False
    yield "journal without lists", journal(None), False


def journal(names):
    def write(folder: Path) -> None:
        content = {"staging": ".camembert-save-1-x", "files": names, "removed": []}
        (folder / ".camembert-save.json").write_text(json.dumps(content))
        write_weights(folder, tiny_arrays(TASK, CONFIG), "safetensors")

    return write


def linked_journal(folder: Path) -> None:
    journal(["secret"])(folder)
    (folder / "private").mkdir()
    (folder / "private" / "secret").write_text("not to be moved")
    (folder / ".camembert-save-1-x").symlink_to("private")


# --- damage


def sound_files() -> dict[str, tuple[str, bytes]]:
    """A whole checkpoint in every container: title to file name and content."""
    arrays = tiny_arrays(TASK, CONFIG)
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for to in FORMATS:
            path, _ = write_weights(Path(folder), arrays, to, task=TASK)
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


def file_writer(name: str, content: bytes):
    return lambda folder: (folder / name).write_bytes(content)


def write_corpus(folder: Path) -> dict[str, bool]:
    """Write every case into a numbered folder; title to whether it may load."""
    cases = {}
    for count, (title, write, may_load) in enumerate(corpus()):
        place = folder / f"{count:04d}"
        write_config(place, CONFIG)
        write(place)
        cases[title] = may_load
    return cases
