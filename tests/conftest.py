"""Narrow and quiet frameworks, as the tests are many and the cores few; and no network."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(name, "1")

GUARD = str(Path(__file__).parent / "loopback_only")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [GUARD, os.environ.get("PYTHONPATH")]))
sys.path.insert(0, GUARD)
if getattr(sys.modules.get("sitecustomize"), "__file__", "") != f"{GUARD}/sitecustomize.py":
    sys.modules.pop("sitecustomize", None)
    import sitecustomize  # noqa: F401
