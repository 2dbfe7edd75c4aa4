"""Several devices train to the weights of one device on the same global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SUPPORT = Path(__file__).parents[1] / "support"
WORKER, MIRRORED = SUPPORT / "distributed_worker.py", SUPPORT / "mirrored_worker.py"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def weights_of_machines(folder: Path, workers: int):
    """Train in as many processes; the weights of each."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(workers)]}
    outs, running = [folder / f"{index}.npz" for index in range(workers)], []
    for index, out in enumerate(outs):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = os.environ | {"TF_CONFIG": json.dumps(task)}
        words = [sys.executable, str(WORKER), str(out)]
        running.append(subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True))
    for process in running:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors[-3000:]
    return [dict(np.load(out)) for out in outs]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """What one and two devices learn, in one process."""
    out = tmp_path_factory.mktemp("mirrored") / "out.npz"
    words = [sys.executable, str(MIRRORED), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(np.load(out))


def of_device(mirrored, policy: str, device: str):
    """What a device has learnt, by name."""
    return {
        name.split("/")[2]: value
        for name, value in mirrored.items()
        if name.startswith(f"{policy}/{device}/")
    }


def test_devices_and_machines_end_where_one_device_ends(mirrored, tmp_path):
    """Valid labels fall unevenly on the two halves of the batch."""
    expected = of_device(mirrored, "float64", "one")
    devices = of_device(mirrored, "float64", "two")
    for found in (devices, *weights_of_machines(tmp_path, workers=2)):
        assert set(found) == set(expected)
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_devices_in_half_precision_end_where_one_device_ends(policy, mirrored):
    """As near as half precision adds up the halves of a batch."""
    one, two = (of_device(mirrored, policy, device) for device in ("one", "two"))
    assert one["losses"][-1] < one["losses"][0]
    assert set(one) == set(two)
    for name, value in one.items():
        assert np.isfinite(two[name]).all()
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-2, err_msg=name)


def test_keras_accumulates_gradients_on_one_device_only(mirrored):
    """docs/distributed.md says so; its optimisers would have to add up inside of a condition."""
    assert "merge_call" in str(mirrored["accumulation"])
