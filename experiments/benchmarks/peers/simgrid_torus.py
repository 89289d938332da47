# SPDX-License-Identifier: Apache-2.0
"""SimGrid, the reference for max-min sharing (https://simgrid.org), through its Python module on the system's Python.

What was found out about it (3.32), so that both sides simulate the same thing:

- Its torus numbers nodes with the first axis fastest and routes the first axis first.
- A tie at half the ring goes the positive way, except from the node at exactly k/2 to the node at 0.
- With latencies, CM02 weights a flow by 1 / latency of its path, as TCP does; without, all weigh the same.
- Its default, lazy updates misjudge flows whose latency has not passed; ``network/optim:Full`` is exact, and slower
  or faster depending on the case.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "SimGrid"
_DRIVER = Path(__file__).with_name("simgrid_driver.py")
_INTERPRETERS = ("/usr/bin/python3", "python3")  # the system's first: that is where its package manager puts SimGrid


@dataclass(frozen=True, eq=False)
class SimGridRun:
    """What SimGrid says: wall seconds of its run and when each flow ended, shape (n_flows,)."""

    seconds: float
    finish_s: NDArray[np.float64]


def version() -> str | None:
    """Return SimGrid's version, or None if no interpreter has it."""
    return _found()[1]


def simulate(
    dims: tuple[int, ...],
    capacity_gbps: float,
    latency_s: float,
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    size_gbit: NDArray[np.float64],
    *,
    full_updates: bool,
) -> SimGridRun:
    """Simulate flows on a torus, all starting at 0.

    Parameters
    ----------
    dims, capacity_gbps, latency_s
        The torus; capacity and latency of every link.
    source, target
        shape (n_flows,): nodes, numbered row-major.
    size_gbit
        shape (n_flows,).
    full_updates
        Exact with latencies.
    """
    position = [np.unravel_index(nodes, dims) for nodes in (source, target)]
    numbered = [np.ravel_multi_index(each, dims, order="F").tolist() for each in position]
    case = {
        "dims": dims,
        "n_nodes": int(np.prod(dims)),
        "capacity_gbps": capacity_gbps,
        "latency_s": latency_s,
        "source": numbered[0],
        "target": numbered[1],
        "size_bytes": np.rint(size_gbit * 1e9 / 8).astype(np.int64).tolist(),
        "options": ["network/optim:Full"] if full_updates else [],
    }
    interpreter = _found()[0]
    done = subprocess.run(
        [interpreter, str(_DRIVER)], input=json.dumps(case), capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    return SimGridRun(answer["seconds"], np.array(answer["finish_s"]))


@lru_cache(maxsize=1)
def _found() -> tuple[str, str | None]:
    for interpreter in _INTERPRETERS:
        path = shutil.which(interpreter)
        if path is None:
            continue
        done = subprocess.run([path, str(_DRIVER), "version"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return path, done.stdout.strip()
    return "", None
