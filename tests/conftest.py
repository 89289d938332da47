# SPDX-License-Identifier: Apache-2.0
"""What every test runs under."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]  # tests of what the tests themselves run under

os.environ.setdefault("MPLBACKEND", "Agg")  # what plots needs no display, whatever has been imported before

# a shell without job control starts what it puts in the background deaf to Ctrl-C, and the processes that the tests
# start and interrupt would inherit that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# the same examples in each run, however slow the machine; 'pytest --hypothesis-profile explore' looks for others
SLOW_OR_SHARED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("explore", deadline=None, database=None, suppress_health_check=SLOW_OR_SHARED)
settings.register_profile("same", settings.get_profile("explore"), derandomize=True)
settings.load_profile("same")

# files of the slowest tests: begun first, so that no process is left with one of them while the others have ended;
# the others come by name, and the last by name are short
LONGEST = ("test_docs.py", "test_every_command.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


# ends when the process of tests does, however that ends: what it reads from ends with it
SCREEN = "Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>&1 >/dev/null 2>&1 & read -r _; kill $!; wait"


@pytest.fixture(scope="session", autouse=True)
def own_screen(worker_id: str) -> None:
    """Give each further process of tests a screen of its own: programs on one screen share its clipboard."""
    if worker_id not in ("master", "gw0") and "DISPLAY" in os.environ and shutil.which("Xvfb"):
        screen = subprocess.Popen(["sh", "-c", SCREEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        _screens.append(screen)
        number = screen.stdout.readline().strip() if screen.stdout else ""
        assert number, "Xvfb has not started"
        os.environ["DISPLAY"] = f":{number}"


_screens: list[subprocess.Popen[str]] = []
