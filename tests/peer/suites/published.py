"""The test files of transformers 4.34: fetched with its source distribution, never kept here.

    python published.py FOLDER    download, unpack into FOLDER/published_tests

Its sdist has the files at the top of ``tests/``, which hold the common test classes; those of one
model, and of ``generate``, are in the repository alone. They need two small data files, which are
written here in words of our own.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "4.34.0"
# its tests look for a folder that ends so, to find their fixtures
PACKAGE = "published_tests"
SAMPLE = """Le chat dort sur le tapis de la cuisine, près du poêle.

The old house stands at the end of the road, and nobody has lived in it since 1987.

Combien de temps faut-il pour aller de Lyon à Marseille? About three hours by car.
"""


def fetch(folder: Path) -> Path:
    """Bring the test files of the version below a folder, unless they are there."""
    target = folder / PACKAGE
    if (target / "test_modeling_common.py").is_file():
        return target
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            scratch,
        ]
        command += ["--no-binary", "transformers", f"transformers=={VERSION}"]
        subprocess.run(command, check=True)
        (archive,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            members = [one for one in opened if "/tests/test_" in one.name and one.isfile()]
            target.mkdir(parents=True, exist_ok=True)
            for member in members:
                content = opened.extractfile(member)
                assert content is not None
                (target / Path(member.name).name).write_bytes(content.read())
    (target / "__init__.py").touch()
    # a class of the repository's utils/ that an import asks for and no test here uses
    stand_in = folder / "test_module"
    stand_in.mkdir(exist_ok=True)
    (stand_in / "custom_configuration.py").write_text("class CustomConfig:\n    pass\n")
    fixtures = target / "fixtures"
    fixtures.mkdir(exist_ok=True)
    (fixtures / "sample_text.txt").write_text(SAMPLE, encoding="utf-8")
    return target


if __name__ == "__main__":
    print(fetch(Path(sys.argv[1])))
