"""Pickles that run code, unfold or lie, in torch's zips and streams, and in fairseq's files."""

import io
import math
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hostile_base import MARKER, SIX, Case, file_writer


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
