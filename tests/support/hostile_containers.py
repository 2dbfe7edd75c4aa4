"""Zips, safetensors files, indices, configs and folders that are broken or lead outside."""

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from camembert_dual.checkpoints.folder import write_weights
from checkpoint_cases import tiny_arrays
from hostile_base import CONFIG, SIX, TASK, Case, file_writer
from hostile_pickles import holding, tensor

ESCAPES = "\x1b]0;title\x07\x1b[2J\r\n\u202eevil\x00"
FLAGS = ("use_cache", "is_decoder", "tie_word_embeddings", "return_dict", "output_attentions")


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

    sound = CONFIG.to_diff_dict()
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
        ("num_labels", 3 * 10**7),
        ("num_labels", 10**12),
        ("num_labels", 10**400),
        ("hidden_size", 2 * 10**9),
        ("intermediate_size", 2 * 10**9),
        ("max_position_embeddings", 2 * 10**9),
        ("type_vocab_size", 2 * 10**9),
        ("vocab_size", 10**400),
        ("id2label", {"0": "a", "2": "b"}),
        ("id2label", {"0": "a", "1": 1}),
        ("id2label", {"1" + "0" * n: "a" for n in range(3000)}),
        ("label2id", {"a": 0}),
        ("pruned_heads", {"0": "x" * 10**6}),
        ("pruned_heads", {"0": [10**12]}),
        ("pruned_heads", {str(10**12): [0]}),
        *((flag, "false") for flag in FLAGS),
        *((flag, 1) for flag in FLAGS),
    ):
        yield case(f"with {field} {value!r:.40}", sound | {field: value})
    both = {"hidden_size": 2 * 10**9, "num_attention_heads": 2 * 10**9}
    yield case("with as many heads as sizes", sound | both)
    yield case("with a key twice", json.dumps(sound).encode()[:-1] + b', "vocab_size": 101}')
    yield case("of another family, escaped", sound | {"model_type": ESCAPES})
    yield case("with labels that are escaped", sound | {"id2label": {ESCAPES: ESCAPES}})


def names() -> Iterator[Case]:
    """What would rule a terminal, in every place of a file that an error shows."""
    other = {"a" + ESCAPES: SIX}
    for to in ("safetensors", "bin"):
        yield (
            f"names escaped in {to}",
            lambda folder, to=to: write_weights(folder, other, to),
            False,
        )
    many = {f"{ESCAPES}{n}": SIX for n in range(3000)}
    writer = partial(write_weights, arrays=many, to="safetensors")
    yield "names escaped and many", writer, False

    def not_finite(folder: Path) -> None:
        write_weights(folder, {f"{ESCAPES}classifier.weight": SIX * np.nan}, "safetensors")

    yield "names escaped of what is not finite", not_finite, False
    index = json.dumps({"weight_map": {"a": f"{ESCAPES}.safetensors"}}).encode()
    yield "names escaped of a shard", file_writer("model.safetensors.index.json", index), False
    index = json.dumps({"weight_map": {"a": "x" * 10**6}}).encode()
    yield "names escaped of a long shard", file_writer("model.safetensors.index.json", index), False
    yield "names escaped of a file", file_writer("\x1b[2J\nevil.keras", b""), False

    def two(folder: Path) -> None:
        for end in ("a", "b"):
            (folder / f"\x1b[2J\n{end}.keras").write_bytes(b"")

    yield "names escaped of two files", two, False


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
    yield "journal that leads outside", journal({"../../x": 1}), False
    yield "journal whose folder is a link", linked_journal, False
    yield "journal without files", journal(None), False
    yield "journal with a list", journal(["config.json"]), False
    yield "journal of an older version", journal({}, version=1), False
    yield "journal that removes the weights", journal({}, {"model.safetensors": 1}), False
    yield "journal that removes other files", journal({}, {"thesis.docx": 1}), False
    yield "journal without a folder", journal({"config.json": 1}), False
    yield "journal with names escaped", journal({ESCAPES: 1}), False
    yield "journal that is long", file_writer(".camembert-save.json", b"[" * 10**6), False


def journal(files, removed=(), version=2):
    def write(folder: Path) -> None:
        staging = folder / ".camembert-save-x"
        content = {
            "version": version,
            "staging": staging.name,
            "inode": 1,
            "files": files,
            "removed": dict(removed),
        }
        (folder / ".camembert-save.json").write_text(json.dumps(content))
        write_weights(folder, tiny_arrays(TASK, CONFIG), "safetensors")

    return write


def linked_journal(folder: Path) -> None:
    journal({"config.json": 1})(folder)
    (folder / "private").mkdir()
    (folder / "private" / "config.json").write_text("not to be moved")
    (folder / ".camembert-save-x").symlink_to("private")
