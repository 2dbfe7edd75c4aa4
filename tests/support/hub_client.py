"""Opens checkpoints as told on standard input, a line of JSON each."""

import contextlib
import io
import json
import sys
import time

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.proof import sha256
from camembert_dual.cli import main as command
from camembert_dual.config import CamembertConfig


def main():
    for line in sys.stdin:
        order = json.loads(line)
        start = time.monotonic()
        try:
            if order.pop("inspected", False):
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    status = command(["inspect", order["name"]])
                answer = {"status": status, "out": out.getvalue()}
            elif "target" in order:
                answer = {"task": convert(order.pop("name"), to="bin", **order)["task"]}
            elif order.pop("config_only", False):
                config = CamembertConfig.from_pretrained(order.pop("name"), **order)
                answer = {"hidden_size": config.hidden_size}
            else:
                checkpoint = open_checkpoint(order.pop("name"), **order)
                hashes = {name: sha256(checkpoint.arrays[name]) for name in checkpoint.arrays}
                answer = {"path": str(checkpoint.path), "hashes": hashes}
        except Exception as error:
            answer = {
                "error": type(error).__name__,
                "message": str(error),
                "seconds": time.monotonic() - start,
            }
        print(json.dumps(answer), flush=True)


main()
