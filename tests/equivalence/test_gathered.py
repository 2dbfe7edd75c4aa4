"""What two processes of PyTorch gather into one folder is a model of TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import torch

import torch_processes as alone
from camembert_dual import CamembertForMaskedLM, TFCamembertForMaskedLM


def test_a_folder_that_fsdp_gathered_loads_into_tensorflow(tmp_path):
    words = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    support = os.path.dirname(alone.__file__)
    path = os.pathsep.join((support, os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [sys.executable, *words, alone.__file__, "fsdp", str(tmp_path)],
        env=environment | {"PYTHONPATH": path.rstrip(os.pathsep)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    loaded = TFCamembertForMaskedLM.from_pretrained(tmp_path / "saved", dtype="float64")
    twin = CamembertForMaskedLM.from_pretrained(tmp_path / "saved", dtype="float64").eval()
    with torch.no_grad():
        expected = twin(alone.IDS).logits.numpy()
    found = loaded(alone.IDS.numpy()).logits.numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
