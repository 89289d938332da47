# SPDX-License-Identifier: Apache-2.0
"""What a worker does in tests of sweeps: some points never end, some eat memory, some kill their process.

The other points take no time: their outcomes lie in the folder that `FOLDER` names, computed beforehand, and a process
is ready without the engine. So a limit that an unruly point is to run into is far from all that the others need.
"""

import os
import pickle
import signal
import time
from pathlib import Path

import numpy as np

from experiments import worker
from experiments.study import Point, Study
from tests.support.waiting import LONGER_S

FOLDER, MOST = "OPTINET_TEST_FOLDER", "OPTINET_TEST_MOST"  # in the environment; after so many runs all points hang
HANGS, EATS, DIES_ONCE, DIES = 666, 667, 998, 999  # seeds of the scenarios of unruly points


def compute_outcomes(study: Study, folder: Path) -> None:
    """Compute here what the points give that give something."""
    for point in study.points():
        if point.scenario.seed not in (HANGS, EATS, DIES):
            (folder / f"{point.file_name}.outcome").write_bytes(pickle.dumps(worker.evaluated(point)))


def prepare(memory_gib: float | None) -> None:
    """Take the place of `experiments.worker.prepare_process`."""
    if memory_gib is not None:
        worker.bound_memory(memory_gib)
    import experiments.facts  # noqa: F401 - what an outcome holds is not to be loaded at the expense of a point's time


def nothing() -> None:
    """Take the place of `experiments.worker.compile_kernels`."""


def work(point: Point, command_line: str = "") -> worker.Outcome:
    """Take the place of `experiments.worker.evaluated`."""
    folder, seed = Path(os.environ[FOLDER]), point.scenario.seed
    if seed == HANGS or len(list(folder.glob("runs/*.h5"))) >= int(os.environ.get(MOST, "1000")):
        time.sleep(LONGER_S)
    if seed == EATS:
        np.ones(2**30)  # 8 GiB
    if seed == DIES_ONCE:
        die_once()
    if seed == DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    return pickle.loads((folder / f"{point.file_name}.outcome").read_bytes())


def die_once() -> None:
    """Kill this process, unless one has been killed before."""
    once = Path(os.environ[FOLDER], "died-once")
    if not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
