# SPDX-License-Identifier: Apache-2.0
"""What a worker does in tests of sweeps: some points never end, some kill their process."""

import os
import signal
import time

from experiments.runner import point_bytes


def work(point, command_line=""):
    """Do as `experiments.runner.point_bytes` does, unless the seed of the scenario says otherwise."""
    if point.scenario.seed == 666:
        time.sleep(600)
    if point.scenario.seed == 999:
        os.kill(os.getpid(), signal.SIGKILL)
    return point_bytes(point, command_line)
