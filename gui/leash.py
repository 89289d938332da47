# SPDX-License-Identifier: Apache-2.0
"""A command of optinet that ends with the viewer: ``python -m gui.leash sweep STUDY.toml -o DIR``.

Standard input is a pipe whose other end the viewer holds: it closes when the viewer is gone, also when that was killed.
What goes on then is seen and stopped by nobody, and is in the way of the same sweep when it is run again.
"""

from __future__ import annotations

import os
import signal
import threading
import time

GRACE_S = 2.0  # for writing down what is finished


def main() -> None:
    """Run the command; its own exit code is that of the process."""
    from experiments.cli import main as run

    threading.Thread(target=end_with_input, daemon=True).start()
    run()


def end_with_input() -> None:
    """Wait for the end of standard input, and stop this process and those it has started as Ctrl-C would."""
    while os.read(0, 1024):
        pass
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(GRACE_S)
        if os.getpgrp() == os.getpid():  # as the viewer starts it
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
