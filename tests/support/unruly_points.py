# SPDX-License-Identifier: Apache-2.0
"""What a worker does in tests of sweeps: some points never end, some eat memory, some kill their process."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from experiments.worker import evaluated


def work(point, command_line=""):
    """Do as `experiments.worker.evaluated` does, unless the seed of the scenario says otherwise."""
    if point.scenario.seed == 666:
        time.sleep(600)
    if point.scenario.seed == 667:
        np.ones(2**30)  # 8 GiB
    if point.scenario.seed == 998:
        die_once()
    if point.scenario.seed == 999:
        os.kill(os.getpid(), signal.SIGKILL)
    return evaluated(point, command_line)


def die_once():
    """Kill this process, unless one has been killed before in the folder that the test names."""
    once = Path(os.environ["OPTINET_TEST_FOLDER"], "died-once")
    if not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
