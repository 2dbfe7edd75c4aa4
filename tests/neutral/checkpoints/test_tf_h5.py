"""TF's files, built by hand from the published layout: names, chunks, roots, second copies."""

import json
import re
import sys

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint, write_weights
from camembert_dual.checkpoints.formats.registry import read_file
from camembert_dual.checkpoints.matching import match
from camembert_dual.common.errors import CheckpointError
from camembert_dual.parameter_names import tf_name
from camembert_dual.parameters import parameters
from checkpoint_cases import assert_same, tiny_arrays, tiny_config, write_config

KERNEL = re.compile(r"(dense|query|key|value|out_proj)\.weight$")


def published(name):
    """TF's name of a torch name, by the rules of the format and not by the table."""
    name = re.sub(r"layer\.(\d+)\.", r"layer_@_\1.", name)
    name = re.sub(r"(LayerNorm|layer_norm)\.weight", r"\1.gamma", name)
    name = re.sub(r"(LayerNorm|layer_norm)\.bias", r"\1.beta", name)
    name = re.sub(r"(dense|query|key|value|out_proj)\.weight", r"\1.kernel", name)
    name = re.sub(r"(position|token_type)_embeddings\.weight", r"\1_embeddings.embeddings", name)
    return name.replace(".", "/").replace("@", ".") + ":0"


def values(arrays):
    """TF's arrays by TF's names."""
    return {
        published(name): np.ascontiguousarray(array.T if KERNEL.search(name) else array)
        for name, array in arrays.items()
    }


def write(path, weights, root="tf_camembert_for_masked_lm", chunk=None):
    with h5py.File(path, "w") as file:
        groups = sorted({name.split("/")[0] for name in weights}, reverse=True)
        file.attrs["layer_names"] = [group.encode() for group in groups]
        file.create_group("top_level_model_weights").attrs["weight_names"] = np.array([], "S1")
        file["top_level_model_weights"]["not listed"] = np.zeros(3)
        for group in groups:
            names = [f"{root}/{name}".encode() for name in weights if name.split("/")[0] == group]
            place = file.create_group(group)
            if chunk is None:
                place.attrs["weight_names"] = names
            else:
                for number, start in enumerate(range(0, len(names), chunk)):
                    place.attrs[f"weight_names{number}"] = names[start : start + chunk]
            for name in names:
                place[name.decode()] = weights[name.decode().removeprefix(f"{root}/")]


def test_names_follow_the_published_rules():
    for name in tiny_arrays(pooler=True):
        assert tf_name(name) == published(name)


@pytest.mark.parametrize("root", ["tf_camembert_for_masked_lm_1", "tf_roberta_model", "x"])
@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_any_root_name_and_chunked_lists_are_read(tmp_path, root, chunk):
    arrays = tiny_arrays()
    write(tmp_path / "any-name", values(arrays), root, chunk)
    assert_same(read_file(tmp_path / "any-name").arrays, arrays)


@pytest.mark.parametrize("word", ["weight", "embeddings"])
def test_tables_are_read_under_both_names(tmp_path, word):
    arrays = tiny_arrays()
    weights = {
        re.sub(r"_embeddings/\w+:0", f"_embeddings/{word}:0", name): one
        for name, one in values(arrays).items()
    }
    write(tmp_path / "x.h5", weights)
    assert_same(read_file(tmp_path / "x.h5").arrays, arrays)


def test_einsum_kernels_of_early_2021_are_joined(tmp_path):
    arrays = tiny_arrays()
    weights = values(arrays)
    for name, one in weights.items():
        if re.search(r"attention/self/\w+/kernel", name):
            weights[name] = one.reshape(24, 3, 8)
        elif re.search(r"attention/self/\w+/bias", name):
            weights[name] = one.reshape(3, 8)
        elif "attention/output/dense/kernel" in name:
            weights[name] = one.reshape(3, 8, 24)
    write(tmp_path / "x.h5", weights)
    assert_same(read_file(tmp_path / "x.h5").arrays, arrays)


def test_other_shapes_are_never_made_to_fit(tmp_path):
    arrays = tiny_arrays()
    weights = values(arrays)
    name = "roberta/encoder/layer_._0/intermediate/dense/kernel:0"
    weights[name] = weights[name].T
    write(tmp_path / "tf_model.h5", weights)
    write_config(tmp_path, tiny_config())
    with pytest.raises(ValueError, match=r"intermediate\.dense\.weight \(24, 35\) instead"):
        convert(tmp_path, tmp_path / "there", "bin")


def test_the_second_copy_of_the_embeddings_is_compared(tmp_path):
    arrays = tiny_arrays()
    copy = "roberta/embeddings/word_embeddings/weight:0"
    for change, verdict in ((0, None), (1, "copy")):
        path = tmp_path / f"changed by {change}.h5"
        write(path, values(arrays))
        with h5py.File(path, "r+") as file:
            names = [
                *np.asarray(file["lm_head"].attrs["weight_names"], dtype="S"),
                f"m/{copy}".encode(),
            ]
            file["lm_head"].attrs["weight_names"] = np.array(names, dtype="S")
            file["lm_head"][f"m/{copy}"] = values(arrays)[copy] + np.float32(change)
        found = read_file(path).arrays
        assert [name for name, _ in found.dropped] == [f"m/{copy}"]
        if verdict is None:
            assert_same(found, arrays)
        else:
            with pytest.raises(CheckpointError, match=verdict):
                found["roberta.embeddings.word_embeddings.weight"]


@pytest.mark.parametrize("metadata", [{"format": "tf"}, None])
def test_safetensors_in_tf_layout_are_recognised(tmp_path, metadata):
    arrays = tiny_arrays()
    save_file(values(arrays), tmp_path / "model.safetensors", metadata=metadata)
    write_config(tmp_path, tiny_config())
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.arrays.format == "safetensors (tf)"
    assert_same(checkpoint.arrays, arrays)


def test_a_sharded_h5_is_read_in_both_layouts(tmp_path):
    import json

    arrays = tiny_arrays()
    weights = values(arrays)
    names = list(weights)
    write_config(tmp_path, tiny_config())
    write(tmp_path / "tf_model-00001-of-00002.h5", {name: weights[name] for name in names[:9]})
    with h5py.File(tmp_path / "tf_model-00002-of-00002.h5", "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in names[9:]]
        for name in names[9:]:
            file[name] = weights[name]
    index = {name: f"tf_model-0000{1 + (n > 8)}-of-00002.h5" for n, name in enumerate(names)}
    (tmp_path / "tf_model.h5.index.json").write_text(json.dumps({"weight_map": index}))
    assert_same(open_checkpoint(tmp_path).arrays, arrays)


def test_only_writing_needs_h5py(tmp_path, monkeypatch):
    arrays = tiny_arrays()
    write(tmp_path / "tf_model.h5", values(arrays))
    write_config(tmp_path, tiny_config())
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert_same(open_checkpoint(tmp_path).arrays, arrays)
    with pytest.raises(ImportError, match=r"camembert-dual\[tf\]"):
        convert(tmp_path, tmp_path / "there", "keras-weights")
    assert not list((tmp_path / "there").iterdir())


def nested(path, folder, config, own=()):
    """The file as ``model.save("m.h5")`` lays it out, around a layer that is a CamemBERT."""
    with h5py.File(path) as old, h5py.File(folder / "model.h5", "w") as new:
        old.copy(old["/"], new, "model_weights")
        group = new["model_weights"]
        for name, value in old.attrs.items():
            group.attrs[name] = value
        layers = [name.decode() for name in group.attrs["layer_names"]]
        for layer, weights in dict(own).items():
            layers.append(layer)
            group.create_group(layer).attrs["weight_names"] = [name.encode() for name in weights]
            for name, value in weights.items():
                group[layer][name] = value
        group.attrs["layer_names"] = [name.encode() for name in layers]
        inner = {"class_name": "TFCamembertModel", "config": config.to_dict()}
        document = {"class_name": "Functional", "config": {"layers": [{"config": {}}, inner]}}
        new.attrs["model_config"] = json.dumps(document)
        new.create_group("optimizer_weights")
    return folder / "model.h5"


def test_a_whole_model_around_a_camembert_is_read_with_its_config(tmp_path):
    config = tiny_config("CamembertModel")
    arrays = tiny_arrays("CamembertModel", config)
    write_weights(tmp_path, arrays, "tf-h5")
    own = {"mine": {"mine/kernel:0": np.arange(35.0).reshape(7, 5), "mine/bias:0": np.ones(5)}}
    path = nested(tmp_path / "tf_model.h5", tmp_path, config, own)
    checkpoint = open_checkpoint(path)
    assert checkpoint.config.to_dict() == config.to_dict()
    found = {name.removeprefix("roberta."): array for name, array in checkpoint.arrays.items()}
    assert_same(found, arrays)
    rest = {name: one.read() for name, one in checkpoint.arrays.own.items()}
    assert_same(rest, own["mine"])
    _, report = match(checkpoint.arrays, parameters(config, "CamembertModel"))
    assert set(own["mine"]) <= set(report.ignored)
    report = convert(path, tmp_path / "out", "safetensors")
    assert set(own["mine"]) == {one["name"] for one in report["dropped"]}


def test_weights_that_lie_alone_are_converted_with_a_given_config(tmp_path):
    config = tiny_config("CamembertModel")
    arrays = tiny_arrays("CamembertModel", config)
    write_weights(tmp_path, arrays, "tf-h5")
    with pytest.raises(FileNotFoundError, match=r"must hold config\.json"):
        convert(tmp_path / "tf_model.h5", tmp_path / "out", "safetensors")
    write_config(tmp_path / "given", config)
    convert(tmp_path / "tf_model.h5", tmp_path / "out", "safetensors", config=tmp_path / "given")
    found = open_checkpoint(tmp_path / "out").arrays
    assert_same({name.removeprefix("roberta."): array for name, array in found.items()}, arrays)


def test_two_camemberts_in_one_file_are_refused_by_name(tmp_path):
    config = tiny_config("CamembertModel")
    write_weights(tmp_path, tiny_arrays("CamembertModel", config), "tf-h5")
    other = {"un/roberta/encoder/layer_._0/output/LayerNorm/gamma:0": np.ones(24)}
    path = nested(tmp_path / "tf_model.h5", tmp_path, config, {"un": other})
    with pytest.raises(CheckpointError, match=r"must hold one CamemBERT; received tf_.*, un"):
        open_checkpoint(path)
