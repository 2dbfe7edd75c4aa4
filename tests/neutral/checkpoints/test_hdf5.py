"""HDF5 without its library: the library writes, and what is read here is what it holds."""

import os

import h5py
import ml_dtypes
import numpy as np
import pytest

from camembert_dual.checkpoints.formats.hdf5.file import MAX_DESCRIPTION, Hdf5File
from camembert_dual.checkpoints.formats.hdf5.objects import lazy_dataset, read_datasets, read_node
from camembert_dual.checkpoints.formats.hdf5.writing import new_hdf5, write_dataset
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import CheckpointError

VERSIONS = ["earliest", ("v108", "v108"), ("v110", "v110"), "latest"]
TYPES = ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8", "<i4", ">i8", "u1", "<u2", "i1"]


def root_of(path, start=0, size=None):
    raw = RawFile(path)
    file = Hdf5File(raw, start, raw.size if size is None else size)
    return read_node(file, file.root, "")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.h5"


@pytest.mark.parametrize("track_order", [False, True])
@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_groups_arrays_and_texts_of_every_version_are_read(path, version, track_order):
    random = np.random.default_rng(0)
    shapes = {"a/b/c": (3, 5), "a/b/d:0": (7,), "a/é": (2, 3, 4), "e": (), "f": (0, 3)}
    with h5py.File(path, "w", libver=version, track_order=track_order) as file:
        for name, shape in shapes.items():
            file[name] = random.normal(size=shape)
        file.attrs["listed"] = [b"one", b"", "trois élé".encode()]
        file["a/b"].attrs["fixed"] = np.array([b"one", b"three"])
        file["a"].attrs["text"] = "é"
        file["a"].attrs["none"] = np.array([])
    root = root_of(path)
    found = {"/".join(parts): lazy_dataset(node, "x") for parts, node in read_datasets(root)}
    with h5py.File(path) as file:
        assert set(found) == set(shapes)
        for name, entry in found.items():
            assert entry.shape == file[name].shape
            np.testing.assert_array_equal(entry.read(), file[name][...])
    assert root.texts("listed") == ["one", "", "trois élé"]
    assert root.child("a/b").texts("fixed") == ["one", "three"]
    assert root.child("a").texts("text") == ["é"]
    assert root.child("a").texts("none") == root.texts("absent") == []


@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_of_every_size_and_order_are_read(path, dtype):
    array = np.arange(-2, 9).reshape(11, 1).astype(dtype)
    with h5py.File(path, "w") as file:
        file["x"] = array
    entry = lazy_dataset(root_of(path).child("x"), "x")
    assert entry.dtype == array.dtype.newbyteorder("=")
    assert entry.read().dtype == entry.dtype
    np.testing.assert_array_equal(entry.read(), array)


def test_both_spellings_of_bfloat16_are_read(path):
    array = np.array([1, -2.5, 3e38], ml_dtypes.bfloat16)
    with new_hdf5(path) as file:
        write_dataset(file, "ours", array)
        file["keras"] = array.view("V2")
        file["keras"].attrs["dtype"] = "bfloat16"
        file["opaque"] = array.view("V2")
    root = root_of(path)
    for name in ("ours", "keras"):
        entry = lazy_dataset(root.child(name), name)
        assert entry.dtype == array.dtype
        assert entry.read().tobytes() == array.tobytes()
    with pytest.raises(CheckpointError, match="'opaque' must be a dataset of numbers"):
        lazy_dataset(root.child("opaque"), "opaque")


def test_a_group_of_many_members_has_a_tree_of_many_levels(path):
    names = [f"member {n}" for n in range(3000)]
    with h5py.File(path, "w") as file:
        for n, name in enumerate(names):
            file.create_dataset(name, data=np.int32(n))
    entries = {parts[0]: lazy_dataset(node, "x") for parts, node in read_datasets(root_of(path))}
    assert sorted(entries) == sorted(names)
    assert entries["member 1234"].read() == 1234


def test_a_list_of_texts_may_lie_in_several_heaps(path):
    texts = [f"text {n} ".encode() * 40 for n in range(500)]
    with h5py.File(path, "w") as file:
        for n in range(10):
            file.attrs[f"list{n}"] = texts[n * 50 : n * 50 + 50]
    root = root_of(path)
    found = [text for n in range(10) for text in root.texts(f"list{n}")]
    assert [text.encode() for text in found] == texts


def test_one_array_under_two_names_has_one_place(path):
    with h5py.File(path, "w") as file:
        file["one"] = np.ones(3)
        file["two"] = file["one"]
        file["other"] = np.ones(3)
    root = root_of(path)
    one, two, other = (
        lazy_dataset(root.child(name), name).storage_key for name in ("one", "two", "other")
    )
    assert one[1] == two[1] != other[1]


def test_a_file_may_lie_within_another(path):
    with h5py.File(path, "w") as file:
        file["a/x"] = np.arange(5)
    content = path.read_bytes()
    path.write_bytes(b"before" + content + b"behind")
    root = root_of(path, 6, len(content))
    np.testing.assert_array_equal(lazy_dataset(root.child("a/x"), "x").read(), np.arange(5))


def in_chunks(file):
    file.create_dataset("x", data=np.zeros((8, 8)), chunks=(4, 4))


def compressed(file):
    file.create_dataset("x", data=np.zeros((8, 8)), compression="gzip")


def unwritten(file):
    file.create_dataset("x", (8, 8))


def external(file):
    file.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def named_type(file):
    file["type"] = np.dtype("<f4")
    file.create_dataset("x", (4,), file["type"])


def of_texts(file):
    file["x"] = [b"a", b"b"]


def of_pairs(file):
    file["x"] = np.zeros(3, [("a", "f4"), ("b", "f4")])


def of_many_dimensions(file):
    file["x"] = np.zeros((1,) * 5)


def without_values(file):
    file["x"] = h5py.Empty("f4")


def a_group(file):
    file.create_group("x")


def soft(file):
    file["there"] = np.zeros(3)
    file["x"] = h5py.SoftLink("/there")


def foreign(file):
    file["x"] = h5py.ExternalLink("other.h5", "/x")


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        *((one, "in this file in one piece") for one in (in_chunks, compressed, external)),
        (unwritten, "must hold its 256 bytes|must be whole, with 256 bytes"),
        (named_type, "must be told by itself"),
        *((one, "dataset of numbers") for one in (of_texts, of_pairs, of_many_dimensions)),
        *((one, "dataset of numbers") for one in (without_values, a_group)),
        *((one, "itself; received none, or a link") for one in (soft, foreign)),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_what_is_no_plain_array_here_is_refused(path, build, reason):
    with h5py.File(path, "w") as file:
        build(file)
    with pytest.raises(CheckpointError, match=reason):
        lazy_dataset(root_of(path).child("x"), "x")


def test_a_heap_of_links_is_refused_with_the_remedy(path):
    with h5py.File(path, "w", libver="latest") as file:
        for n in range(20):
            file[f"{n}"] = n
    with pytest.raises(CheckpointError, match="the format that h5py writes by default"):
        root_of(path).child("1")


def test_what_comes_before_the_file_is_not_skipped(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file["x"] = 1
    with pytest.raises(CheckpointError, match="addresses must count from the file's start"):
        root_of(path, 512, path.stat().st_size - 512)


def test_a_group_in_itself_is_refused_soon(path):
    with h5py.File(path, "w") as file:
        here = file.create_group("a")
        for _ in range(25):  # two ways into each: 2 ** 25 paths
            below = here.create_group("a")
            here["b"] = below
            here = below
    with pytest.raises(CheckpointError, match=f"at most {MAX_DESCRIPTION} bytes"):
        read_datasets(root_of(path))


def test_every_damaged_number_gives_a_typed_error_or_an_answer(path):
    """Among them are files that keep HDF5's own library (1.14.6) in a loop."""
    with h5py.File(path, "w") as file:
        file["embeddings/LayerNorm/vars/0"] = np.ones(24, np.float32)
        file.attrs["layer_names"] = [b"embeddings"]
    content = path.read_bytes()
    refused = 0
    with path.open("r+b", buffering=0) as file:
        for place in range(0, len(content), 8):
            for number in (0, 8, place, 2**64 - 1):
                os.pwrite(file.fileno(), number.to_bytes(8, "little"), place)
                try:
                    root = root_of(path)
                    root.texts("layer_names")
                    for _, node in read_datasets(root):
                        lazy_dataset(node, "x").read()
                except CheckpointError:
                    refused += 1
            os.pwrite(file.fileno(), content[place : place + 8], place)
    assert refused > 50
