"""Who imports whom: each tree runs without the other framework, neutral code without either."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import camembert_dual

PACKAGE = Path(camembert_dual.__file__).parent
FRAMEWORKS = {"torch": "pt", "tensorflow": "tf", "keras": "tf"}
NEUTRAL = sorted(
    str(path.relative_to(PACKAGE))
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in ("pt", "tf")
)

BLOCK = """
import sys
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec


def find_other(name, path=None, target=None):
    return None if name.split(".")[0] in {blocked!r} else find_spec(name, path, target)


PathFinder.find_spec = find_other
"""


def run(blocked: set[str], code: str) -> str:
    """Run code in a fresh process where some packages cannot be imported; give what it printed."""
    script = BLOCK.format(blocked=blocked) + code
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def imports_of(file: str, everywhere: bool) -> set[str]:
    """The packages a file imports at its top, or everywhere in it; type checkers' do not count."""
    found = set()

    def walk(nodes: list[ast.stmt]) -> None:
        for node in nodes:
            if isinstance(node, ast.Import):
                found.update(one.name.split(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.split(".")[0])
                found.update({node.module} if node.module.startswith("camembert_dual.") else set())
            elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                walk(node.orelse)
            elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [one for one in ast.walk(node) if isinstance(one, ast.stmt)][1:]
                walk([one for one in inner if isinstance(one, ast.Import | ast.ImportFrom)])

    walk(ast.parse((PACKAGE / file).read_text()).body)
    return found


@pytest.mark.parametrize("file", NEUTRAL)
def test_a_neutral_file_imports_no_framework(file):
    frameworks = {"torch", "tensorflow", "keras", "transformers", "tf_keras"}
    assert not imports_of(file, everywhere=True) & frameworks


@pytest.mark.parametrize("tree", ["pt", "tf"])
def test_a_tree_imports_its_own_framework_only(tree):
    others = {name for name, owner in FRAMEWORKS.items() if owner != tree} | {"transformers"}
    for path in (PACKAGE / tree).rglob("*.py"):
        found = imports_of(str(path.relative_to(PACKAGE)), everywhere=True)
        assert not found & others, path.name
        other_tree = "camembert_dual.tf" if tree == "pt" else "camembert_dual.pt"
        assert not [name for name in found if name.startswith(other_tree)], path.name


def test_what_a_neutral_file_imports_at_its_top_is_a_declared_dependency():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)[1]
    declared = {name.replace("-", "_") for name in re.findall(r'"([A-Za-z0-9_.-]+)', listed)}
    for file in NEUTRAL:
        packages = {name for name in imports_of(file, everywhere=False) if "." not in name}
        allowed = declared | set(sys.stdlib_module_names) | {"camembert_dual"}
        assert packages <= allowed, file


def test_the_scan_sees_an_import_wherever_it_stands(tmp_path, monkeypatch):
    text = "import os\nif True:\n    import torch\ndef f():\n    if 1:\n        import keras\n"
    (tmp_path / "one.py").write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    assert imports_of("one.py", everywhere=False) == {"os", "torch"}
    assert imports_of("one.py", everywhere=True) == {"os", "torch", "keras"}


def test_every_neutral_module_imports_without_any_framework():
    modules = [
        ".".join(("camembert_dual", *Path(file).with_suffix("").parts)).removesuffix(".__init__")
        for file in NEUTRAL
    ]
    code = f"""
import importlib
for module in {modules!r}:
    importlib.import_module(module)
print(sorted(name for name in sys.modules if name in ("torch", "tensorflow", "keras")))
"""
    assert run({"torch", "tensorflow", "keras", "transformers", "tf_keras"}, code) == "[]"


def test_importing_the_package_loads_neither_framework():
    code = """
import camembert_dual
dir(camembert_dual)
print(sorted(set(sys.modules) & {"numpy"}))
camembert_dual.CamembertConfig()
print(sorted(set(sys.modules) & {"torch", "tensorflow", "keras", "transformers"}))
"""
    assert run(set(), code).split() == ["[]", "[]"]


ROUND = """
import numpy as np, tempfile
import camembert_dual
from camembert_dual import CamembertConfig, {name}
config = CamembertConfig(vocab_size=11, hidden_size=6, num_hidden_layers=1, num_attention_heads=3,
                         intermediate_size=5, max_position_embeddings=9)
model = {name}(config)
if hasattr(model, "eval"):
    model.eval()
ids = np.array([[5, 7, 6]])
with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    again = {name}.from_pretrained(folder)
logits = [np.asarray(one(ids).logits{detach}) for one in (model, again)]
assert np.array_equal(*logits)
heavy = {{"torch", "tensorflow", "keras", "transformers"}}
print(logits[0].shape, sorted(heavy & set(sys.modules)))
"""


def test_the_pytorch_tree_saves_loads_and_runs_without_tensorflow():
    code = ROUND.format(name="CamembertForMaskedLM", detach=".detach()")
    assert run({"tensorflow", "keras", "transformers"}, code) == "(1, 3, 11) ['torch']"


def test_the_tensorflow_tree_saves_loads_and_runs_without_pytorch():
    code = ROUND.format(name="TFCamembertForMaskedLM", detach="")
    assert run({"torch", "transformers"}, code) == "(1, 3, 11) ['keras', 'tensorflow']"


@pytest.mark.parametrize(
    ("name", "blocked", "message"),
    [
        (
            "CamembertModel",
            {"torch"},
            'CamembertModel needs PyTorch: pip install "camembert-dual[torch]"',
        ),
        (
            "TFCamembertModel",
            {"tensorflow"},
            'TFCamembertModel needs TensorFlow: pip install "camembert-dual[tensorflow]"',
        ),
        (
            "TFCamembertForMaskedLM",
            {"tensorflow", "keras"},
            'TFCamembertForMaskedLM needs TensorFlow: pip install "camembert-dual[tensorflow]"',
        ),
    ],
)
def test_a_missing_framework_is_named_with_the_command_that_installs_it(name, blocked, message):
    code = f"""
import camembert_dual
try:
    camembert_dual.{name}
except ImportError as error:
    print(error)
"""
    assert run(blocked, code) == message


@pytest.mark.parametrize("package", ["torch", "tensorflow"])
def test_a_star_brings_the_names_of_the_framework_that_is_there(package):
    code = """
from camembert_dual import *
print("CamembertModel" in globals(), "TFCamembertModel" in globals(), "AutoTokenizer" in globals())
"""
    told = "False True True" if package == "torch" else "True False True"
    assert run({package}, code) == told


def test_the_public_names_are_those_of_the_reference_page():
    tasks = [
        "Model",
        *(
            f"For{task}"
            for task in (
                "CausalLM",
                "MaskedLM",
                "SequenceClassification",
                "MultipleChoice",
                "TokenClassification",
                "QuestionAnswering",
            )
        ),
    ]
    models = {f"{prefix}Camembert{task}" for prefix in ("", "TF") for task in tasks}
    others = {"CamembertConfig", "CamembertTokenizer", "CamembertTokenizerFast"}
    autos = {"AutoConfig", "AutoTokenizer"}
    assert models | others | autos <= set(camembert_dual.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="CamembertForNothing"):
        camembert_dual.CamembertForNothing  # noqa: B018
