# SPDX-License-Identifier: Apache-2.0
"""Compiling: one process at a time does a kernel, and a second one does what a function has announced."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numba
import numpy as np
import pytest

from experiments.benchmarks import announced
from optinet.kernels import _ahead
from optinet.kernels._jit import borrower, lock_path, locked
from optinet.kernels.hop_paths import NO_HOP_PATHS
from optinet.kernels.trees import tree_workspace
from tests.support.waiting import PATIENCE_S, is_running, wait_until

needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")

ONE_KERNEL = """
import sys, time
from pathlib import Path
from optinet.kernels._jit import borrower

@borrower
def collatz(n, steps):
    for i in range(len(steps)):
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps[i] += n
    return n

Path(sys.argv[1]).touch()
while not all(Path(name).exists() for name in "ab"):
    time.sleep(0.001)
collatz.compile("int64(int64, int64[::1])")
print(sum(collatz.stats.cache_misses.values()), sum(collatz.stats.cache_hits.values()))
"""

HOLDS = """
import sys
from pathlib import Path
from optinet.kernels._jit import locked
with locked(Path("x.lock"), 1.0) as got:
    print(got, flush=True)
    sys.stdin.read()
"""

ANNOUNCES = """
import sys
from unittest import mock
from optinet.kernels import _ahead, path_flows
with mock.patch("os.sched_getaffinity", return_value={0, 1}), _ahead.ahead("fptas") as starts:
    print(starts, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python processes with a cache of their own in the test's folder."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> subprocess.Popen[str]:
            path = os.pathsep.join(filter(None, sys.path))
            environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": path}
            environment.pop(_ahead.SWITCH, None)
            pipes: dict[str, int | IO[str]] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            process = subprocess.Popen([sys.executable, *arguments], cwd=tmp_path, env=environment, text=True, **pipes)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


@needs_locks
def test_of_two_processes_one_compiles_and_the_other_loads(tmp_path, python):
    (tmp_path / "one_kernel.py").write_text(ONE_KERNEL)
    found = [process.communicate()[0] for process in [python("one_kernel.py", name) for name in "ab"]]
    assert sorted(found) == ["0 1\n", "1 0\n"]


@needs_locks
def test_a_lock_keeps_others_out_until_its_holder_lets_go_or_dies(tmp_path, python):
    path = tmp_path / "x.lock"
    process = python("-c", HOLDS)
    assert process.stdout.readline() == "True\n"
    with locked(path, 0.02) as got:
        assert not got
    process.kill()
    with locked(path, PATIENCE_S) as got:
        assert got


def test_where_files_cannot_be_locked_kernels_are_compiled_all_the_same(tmp_path, monkeypatch):
    @borrower
    def doubled(n):
        return 2 * n

    monkeypatch.setattr("optinet.kernels._jit.lock_path", lambda _: tmp_path / "missing" / "x.lock")
    with locked(tmp_path / "missing" / "x.lock", 1.0) as got:
        assert not got
    assert doubled(3) == 6


@needs_locks
def test_a_kernel_waits_for_its_lock():
    @borrower
    def halved(n):
        return n // 2

    found = []
    thread = threading.Thread(target=lambda: found.append(halved(6)))
    with locked(lock_path(halved), 0.0) as got:
        assert got
        thread.start()
        time.sleep(0.3)
        assert not found
        assert not halved.signatures
    thread.join(PATIENCE_S)
    assert found == [3]


def test_what_is_announced_is_what_is_called(tmp_path):
    # in a process of its own: here other tests have called kernels with other types
    code = "from experiments.benchmarks import announced; print(announced.text(), end='')"
    environment = {**os.environ, _ahead.SWITCH: "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert found.stdout == _ahead.LIST.read_text(encoding="utf-8"), "python -m experiments.benchmarks.announced"
    for name in announced.ANNOUNCED:
        for (dispatcher, kinds), line in zip(_ahead.announced(name), _ahead._lines(name), strict=True):
            assert line.endswith(f".{dispatcher.py_func.__name__}({', '.join(map(_ahead.text_of, kinds))})")


@pytest.mark.parametrize("value", [NO_HOP_PATHS, tree_workspace(1, 1), (1, 2), (1, 2.0), (np.zeros(1), np.zeros(1))])
def test_a_tuple_is_read_as_the_kind_that_numba_has_for_it(value):
    kind = numba.typeof(value)
    assert _ahead._resolved(f"hop_paths.list_hop_paths({_ahead.text_of(kind)})")[1] == (kind,)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_second_process_compiles_from_the_end_and_ends_with_its_parent(tmp_path, python):
    parent = python("-c", ANNOUNCES)
    assert parent.stdout.readline() == "True\n"
    second = int(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text())
    wait_until(lambda: list(tmp_path.glob("*/*/path_flows.balance-*.nbc")))
    parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_running(second))
    assert not list(tmp_path.glob("*/*/hop_paths.list_hop_paths-*.nbc"))  # the last of the list, had it gone on


@pytest.mark.skipif(sys.platform != "linux", reason="counts cores")
@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("os.environ", {_ahead.SWITCH: "1"}),
        ("os.sched_getaffinity", lambda _: {3}),
        ("sys.executable", None),
        ("sys.executable", "/opt/blender"),
        ("numba.config.DISABLE_JIT", 1),
    ],
)
def test_no_second_process_is_started_where_it_is_of_no_use(monkeypatch, target, value):
    monkeypatch.delenv(_ahead.SWITCH, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    assert _ahead._may_start()
    monkeypatch.setattr(target, value)
    assert not _ahead._may_start()


@needs_locks
def test_one_second_process_at_a_time_and_it_is_gone_after(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_ahead, "_may_start", lambda: True)
    monkeypatch.setattr(_ahead, "_announced", set())
    started = []

    class Process(subprocess.Popen[bytes]):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Process)
    with _ahead.ahead("fptas") as first, _ahead.ahead("solve ecmp") as second:
        assert first
        assert not second
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    with _ahead.ahead("fptas") as again:
        assert not again
