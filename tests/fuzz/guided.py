"""Every reader under atheris, which keeps the files that reach new code and damages those further.

    python tests/fuzz/guided.py [--seconds 60] [--only "small tf-h5"]

An error that is not one of the file, a wait of five seconds or too much memory ends the run; the
file that caused it is kept in the folder that is named then.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

SLOWEST = 5
MEMORY = 700  # MB, of which the process itself takes some 150


def fuzz(name: str, folder: Path, options: list[str]) -> None:
    """Read files until time is up, in a process of its own."""
    import atheris

    with atheris.instrument_imports(include=["camembert_dual"]):
        from camembert_dual.checkpoints.folder import open_checkpoint
        from camembert_dual.checkpoints.selecting import select
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from test_readers import DATA_FILE, FILES, TF_CHECKPOINT

    from checkpoint_cases import write_config
    from hostile_base import CONFIG

    file, content = FILES[name]
    write_config(folder / "checkpoint", CONFIG)
    path = folder / "checkpoint" / file
    path.with_name(DATA_FILE).write_bytes(TF_CHECKPOINT[1])
    (folder / "seeds").mkdir()
    (folder / "seeds" / "sound").write_bytes(content)

    def read(data: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        try:
            arrays = select(open_checkpoint(folder / "checkpoint")).arrays
            for one in arrays:
                assert arrays[one].shape == arrays.lazy[one].shape
        except (ValueError, OSError) as error:
            if str(folder) not in str(error):  # it must name the file
                raise

    atheris.Setup([sys.argv[0], *options, str(folder / "seeds")], read)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each reader; default 60")
    parser.add_argument("--only", help="name of one reader")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments, options = parser.parse_known_args()
    if arguments.child:
        name, folder = arguments.child
        fuzz(name, Path(folder), options)
        return 0
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from test_readers import FILES

    names = [name for name in FILES if arguments.only in (None, name)]
    if not names:
        parser.error(f"--only must be one of {', '.join(FILES)}; received {arguments.only!r}")
    limits = [
        f"-max_total_time={arguments.seconds}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-max_len={max(len(content) for _, content in FILES.values())}",
    ]
    for name in tqdm(names, unit="reader"):
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        command = [sys.executable, __file__, "--child", name, str(folder), *limits]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        tqdm.write(f"{name:<20}{lines[-1] if lines else ''}")
        if done.returncode:
            tqdm.write("\n".join(lines[-60:]))
            tqdm.write(f"the file is in {folder}")
            return 1
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
