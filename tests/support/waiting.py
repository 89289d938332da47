# SPDX-License-Identifier: Apache-2.0
"""How long tests wait for what has to come, and what they leave behind."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# far longer than anything takes on a slow machine that others use as well: only a test that fails waits as long, and
# what a test starts in order to see it ended by force would go on for longer, `LONGER_S`
PATIENCE_S = 120.0
LONGER_S = 3600


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {PATIENCE_S:g} s"
        time.sleep(0.02)


def wait_for_the_next_second() -> None:
    """Wait until the clock, read in whole seconds, shows another one."""
    started_s = int(time.time())
    wait_until(lambda: int(time.time()) > started_s)


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Wait until threads and child processes that have come since the beginning have gone; name those that stay."""
    threads, processes = set(threading.enumerate()), children()

    def left() -> list[object]:
        return [*(set(threading.enumerate()) - threads), *(children() - processes)]

    yield
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not left())
    still = left()
    assert not still, f"left behind: {still}"


def is_running(pid: int) -> bool:
    """Whether there is such a process, and more of it than its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children() -> set[tuple[int, str]]:
    """Return the processes that this one has started and that still run, with their command lines."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add((int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")))
    return found
