"""What starts with ``import camembert_dual`` and with the command: as little as answers."""

import json
import subprocess
import sys

AT_START = {
    "camembert_dual",
    "camembert_dual.common",
    *(f"camembert_dual.common.{one}" for one in ("backends", "errors", "model_names")),
    "camembert_dual.common.public_names",
}


def loaded(code: str) -> set[str]:
    """The modules that some code loads in a fresh process, beyond those of an empty one."""
    script = f"import sys, json\nbefore = set(sys.modules)\n{code}\n"
    script += "print(json.dumps(sorted(set(sys.modules) - before)))"
    path = f"import sys\nsys.path[:] = {sys.path!r}\n"  # without the guard's ``sitecustomize``
    command = [sys.executable, "-I", "-c", path + script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def foreign(modules: set[str]) -> set[str]:
    """The packages among modules that are neither Python's nor ours."""
    packages = {name.split(".")[0] for name in modules}
    return packages - set(sys.stdlib_module_names) - {"camembert_dual"}


def test_importing_the_package_loads_six_small_modules_of_it_and_nothing_installed():
    modules = loaded("import camembert_dual")
    assert {one for one in modules if one.startswith("camembert_dual")} == AT_START
    assert not foreign(modules)


def test_the_command_loads_nothing_installed_before_it_knows_what_to_do():
    modules = loaded("import camembert_dual.cli")
    assert not foreign(modules)


def test_a_config_needs_numpy_at_most():
    modules = loaded("from camembert_dual import CamembertConfig; CamembertConfig()")
    assert foreign(modules) <= {"numpy", "ml_dtypes"}


def test_what_is_loaded_is_seen():
    assert foreign(loaded("import numpy")) == {"numpy"}
