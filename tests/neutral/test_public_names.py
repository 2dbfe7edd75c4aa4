"""Every public name: imported when used, documented, of the right tree, with a clear error."""

import subprocess
import sys

import pytest

import camembert_dual
from camembert_dual.common.public_names import PUBLIC

BACKENDS = {"pt": "PyTorch", "tf": "TensorFlow"}
HEADS = [
    "Model",
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForMultipleChoice",
    "ForTokenClassification",
    "ForQuestionAnswering",
]
AUTO = ["AutoModel", *(f"AutoModel{head}" for head in HEADS[1:])]
NEUTRAL = sorted(name for name, home in PUBLIC.items() if not home.backend)


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_list_holds_every_family_head_and_framework():
    models = {
        f"{prefix}{family}{head}"
        for prefix in ("", "TF")
        for family in ("Camembert", "Roberta", "XLMRoberta")
        for head in [*HEADS, "PreTrainedModel"]
    }
    autos = {f"{prefix}{name}" for prefix in ("", "TF") for name in AUTO}
    configs = {"PretrainedConfig", "CamembertConfig", "RobertaConfig", "XLMRobertaConfig"}
    assert models | autos | configs | {"PreTrainedModel", "TFPreTrainedModel"} <= set(
        camembert_dual.__all__
    )
    assert len(camembert_dual.__all__) == len(set(camembert_dual.__all__))
    assert set(camembert_dual.__all__) <= set(dir(camembert_dual))


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_name_is_there_and_documented(name):
    assert getattr(camembert_dual, name).__doc__


def test_neutral_names_load_no_framework_and_the_package_loads_nothing_heavy():
    code = f"""
import sys, camembert_dual
heavy = {{"torch", "tensorflow", "keras", "tokenizers", "safetensors"}}
before = sorted(heavy & set(sys.modules))
for name in {NEUTRAL!r}:
    getattr(camembert_dual, name)
print(before, sorted({{"torch", "tensorflow", "keras"}} & set(sys.modules)))
"""
    assert run(code) == "[] []"


@pytest.mark.parametrize(("backend", "title"), BACKENDS.items())
def test_a_name_of_a_missing_framework_says_what_to_install(backend, title):
    names = sorted(name for name, home in PUBLIC.items() if home.backend == backend)
    assert len(names) > 20
    blocked = {"pt": ["torch", "scipy"], "tf": ["tensorflow", "keras"]}[backend]
    code = f"""
import sys
for package in {blocked!r}:
    sys.modules[package] = None
import camembert_dual
for name in {names!r}:
    try:
        getattr(camembert_dual, name)
    except ImportError as error:
        assert str(error).startswith(f"{{name}} needs {title}: pip install"), error
    else:
        raise AssertionError(name)
"""
    run(code)


@pytest.mark.parametrize(
    ("name", "title"), [("AutoModelForMaskedLM", "PyTorch"), ("TFAutoModel", "TensorFlow")]
)
def test_an_auto_class_names_the_framework_it_lacks_when_it_makes_a_model(name, title):
    code = f"""
import sys
for package in ("torch", "tensorflow", "keras"):
    sys.modules[package] = None
import camembert_dual
try:
    camembert_dual.{name}.from_config(camembert_dual.CamembertConfig())
except ImportError as error:
    print(error)
"""
    assert run(code).startswith(f"{name} needs {title}: pip install")


def test_fast_tokenizers_are_instances_of_the_published_base_and_slow_ones_are_not():
    fast, slow = (
        camembert_dual.AutoTokenizer.from_pretrained("camembert-tiny-fr", use_fast=one)
        for one in (True, False)
    )
    assert isinstance(fast, camembert_dual.PreTrainedTokenizerFast)
    assert not isinstance(slow, camembert_dual.PreTrainedTokenizerFast)
    assert isinstance(slow, camembert_dual.PreTrainedTokenizer)
    assert not isinstance(fast, camembert_dual.PreTrainedTokenizer)
    for one in (fast, slow):
        assert isinstance(one, camembert_dual.PreTrainedTokenizerBase)
        assert isinstance(one("Bonjour"), camembert_dual.BatchEncoding)
