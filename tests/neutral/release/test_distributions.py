"""What a user downloads: the wheel holds the package alone, the source distribution everything."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LEFT_OUT = {".ci", ".git", ".gitignore"}  # what serves the repository alone
TOP = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {
    *("build", "dist", "runs", "scratch", "site")
}
BUILD = """
from setuptools import build_meta
build_meta.build_sdist("dist")
build_meta.build_wheel("dist")
"""


def files_below(folder: Path) -> set[str]:
    """The files of a folder but for those that running Python leaves there."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with both distributions in ``dist``."""
    copy = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in TOP:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy / name)
    subprocess.run([sys.executable, "-c", BUILD], cwd=copy, check=True, capture_output=True)
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    (path,) = (tree / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_the_source_distribution_holds_the_repository(tree: Path):
    (path,) = (tree / "dist").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        packed = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}
    for name in sorted(TOP - LEFT_OUT):
        there = {name} if (ROOT / name).is_file() else files_below(ROOT / name)
        expected = {one if one == name else f"{name}/{one}" for one in there}
        assert expected <= packed, name
    made = {one for one in packed if ".egg-info/" in one} | {"PKG-INFO", "setup.cfg"}
    assert {one.split("/")[0] for one in packed - made} <= TOP


def test_the_wheel_holds_the_package_alone(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {name for name in names if name.startswith("camembert_dual/")}
    assert package == {
        f"camembert_dual/{name}" for name in files_below(ROOT / "src" / "camembert_dual")
    }
    assert all(".dist-info/" in name for name in names - package)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert wheel.stat().st_size <= 8_000_000


def test_a_type_checker_reads_the_types_of_the_wheel(wheel: Path, tmp_path: Path):
    """Without ``py.typed`` mypy refuses an installed package as untyped."""
    venv.create(tmp_path / "venv", with_pip=False)
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    script = tmp_path / "script.py"
    script.write_text(
        "from camembert_dual.training.schedules import no_decay\nreveal_type(no_decay('x'))\n"
    )

    def checked() -> str:
        python = tmp_path / "venv" / "bin" / "python"
        words = ["--python-executable", python, "--cache-dir=/dev/null"]
        command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", *words, script]
        alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
        return done.stdout

    typed = checked()
    (site / "camembert_dual" / "py.typed").unlink()
    assert 'Revealed type is "bool"' in typed, typed
    assert 'Revealed type is "Any"' in checked()


def test_what_is_read_about_the_package_is_there(metadata: Message):
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    addresses = [one.split(", ")[1] for one in metadata.get_all("Project-URL")]
    assert addresses
    assert all(one.startswith("https://") for one in addresses)
    assert metadata.get_payload() == (ROOT / "README.md").read_text("utf-8")


def test_each_python_of_a_classifier_is_admitted_and_the_first_is_the_lowest(metadata: Message):
    prefix = "Programming Language :: Python :: 3."
    minors = [
        int(one.removeprefix(prefix))
        for one in metadata.get_all("Classifier")
        if one.startswith(prefix)
    ]
    assert metadata["Requires-Python"] == f">=3.{min(minors)}"
    assert minors == list(range(min(minors), max(minors) + 1))


def test_the_extra_for_any_tensorflow_brings_none(metadata: Message):
    """Or pip would put a second one over ``tensorflow-cpu``, which it takes for a stranger."""
    wanted: dict[str, set[str]] = {}
    for line in metadata.get_all("Requires-Dist"):
        name = re.match(r"[\w-]+", line)[0]
        extra = re.search(r"extra == [\"']([\w-]+)", line)
        wanted.setdefault(extra[1] if extra else "", set()).add(name)
    assert wanted["tf"] == {"keras", "h5py", "optree"}
    for variant in ("tensorflow", "tensorflow-cpu"):
        assert wanted[variant] == {"camembert-dual", variant}
    assert wanted["tensorflow-cuda"] == {"camembert-dual", "tensorflow"}
    assert not {name for name in wanted[""] if "tensorflow" in name or name in ("torch", "keras")}


def test_versions_agree_wherever_one_is_written(metadata: Message):
    import camembert_dual

    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert metadata["Version"] == camembert_dual.__version__
    assert f"\nversion: {camembert_dual.__version__}\n" in citation
    assert f"\nlicense: {metadata['License-Expression']}\n" in citation
