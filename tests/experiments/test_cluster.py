# SPDX-License-Identifier: Apache-2.0
"""The same study on a real Dask scheduler and two workers over TCP on this machine."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from experiments import cluster, worker
from experiments.progress import Silent
from experiments.runner import sweep
from experiments.study import load_study
from optinet.errors import OptinetError
from optinet.results import open_run
from tests.support.waiting import PATIENCE_S

SEEDS = "seed = [1, 2, 3]\n\n[[case]]"


def started(*command):
    """Start a program of the cluster, in a session of its own so that its children can be ended with it."""
    command = [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )


def ended(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def line_of(process, pattern):
    for line in process.stderr:
        if found := re.search(pattern, line):
            threading.Thread(target=process.stderr.read, daemon=True).start()  # nobody is to wait for a full pipe
            return found[1]
    raise AssertionError(pattern)


@pytest.fixture(scope="module")
def scheduler():
    process = started("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
    yield line_of(process, r"Scheduler at:\s+(tcp://\S+)")
    ended(process)


@pytest.fixture(scope="module")
def workers(scheduler):
    """Two workers of one thread; the first as Dask starts it with a nanny, which makes it a daemon."""
    common = (scheduler, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
    both = [started("dask_worker", *common), started("dask_worker", *common, "--no-nanny")]
    for process in both:
        line_of(process, r"Registered to:\s+(tcp://\S+)")
    yield both
    for process in both:
        ended(process)


class AfterThree(Silent):
    """Does something once three points are finished."""

    def __init__(self, action):
        self._action, self._count = action, 0

    def finished(self, *_, **__):
        self._count += 1
        if self._count == 3:
            self._action()


def contents(paths):
    return {path.name: open_run(path).content_sha256 for path in paths}


# the workers are started after this one
def test_a_cluster_without_workers_is_told(scheduler, study_path, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_WORKERS_S", 0.5)
    with pytest.raises(OptinetError, match="has no workers; allowed: start some"):
        sweep(load_study(study_path), tmp_path / "runs", cluster=scheduler)


def test_a_failing_point_and_one_that_takes_too_long_stop_no_other(scheduler, workers, study_path, tmp_path):
    # the second case reaches its hosts with a cable that is too short for them
    text = study_path.read_text()
    study_path.write_text(f"{text}\n[[override]]\nwhen = \"case == 'LPO'\"\ntopology.host_length_m = 70.0\n")
    result = sweep(load_study(study_path), tmp_path / "runs", cluster=scheduler)
    assert {failure.case for failure in result.failures} == {"LPO"}
    assert all(failure.is_mistake and "70" in failure.error for failure in result.failures)
    assert len(result.runs) == 4
    session = cluster.Session("test", worker.Limits(timeout_s=1e-3), "")
    with pytest.raises(TimeoutError):
        cluster._remote_point(load_study(study_path).points()[0], session)
    cluster._release("test")
    assert not cluster._processes


def test_a_cluster_that_is_not_there_is_told_in_one_line(study_path, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_S", 1.0)
    with pytest.raises(
        OptinetError, match=r"cluster tcp://127\.0\.0\.1:9: no scheduler answers.*; allowed: the address"
    ):
        sweep(load_study(study_path), tmp_path / "runs", cluster="tcp://127.0.0.1:9")


def test_workers_with_other_code_or_none_at_all_are_refused(scheduler, workers, study_path, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "fingerprint", lambda: "another")
    with pytest.raises(OptinetError, match="has another version of optinet"):
        sweep(load_study(study_path), tmp_path / "runs", cluster=scheduler)


# the last, because one of the workers is gone after it
def test_a_cluster_gives_the_same_runs_even_when_a_worker_is_killed(scheduler, workers, study_path, tmp_path):
    study_path.write_text(study_path.read_text().replace("[[case]]", SEEDS, 1))
    study = load_study(study_path)
    here = sweep(study, tmp_path / "here", workers=1)
    killed = AfterThree(lambda: ended(workers[1]))
    there = sweep(study, tmp_path / "there", cluster=scheduler, progress=killed, timeout_s=PATIENCE_S)
    assert killed._count == len(study.points()) == 18
    assert not there.failures
    assert contents(there.runs) == contents(here.runs)
