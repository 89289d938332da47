# SPDX-License-Identifier: Apache-2.0
"""Processes of the engine: what they say, how they die, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gui
from gui.check_client import CheckClient
from gui.engine import GRACE_MS, Engine
from gui.state.scenario.job import JobStatus
from tests.support.waiting import LONGER_S, is_running, wait_until

ROOT = Path(gui.__file__).parents[1]
STUBBORN = f"""
import signal, subprocess, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep({LONGER_S})"])
Path(sys.argv[1]).write_text(str(worker.pid))
print('{{"event": "started", "points": 3, "done_before": 0, "estimated_s": 60}}', file=sys.stderr, flush=True)
time.sleep({LONGER_S})
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def engine(qapp):
    engine = Engine()
    yield engine
    engine.shutdown()


def run(engine, qtbot, program, folder, *arguments):
    job = engine.start_command("test", folder, ["-c", program, *arguments], ["test"])
    qtbot.waitUntil(lambda: not job.is_active)
    return job


def test_a_solver_that_crashes_is_told_and_leaves_the_engine_working(engine, qtbot, tmp_path):
    job = run(engine, qtbot, f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", tmp_path)
    assert job.status == JobStatus.FAILED and "SIGSEGV" in job.message
    assert run(engine, qtbot, "", tmp_path).status == JobStatus.FINISHED
    assert engine.active == []


def test_what_the_engine_has_started_ends_with_the_viewer_however_that_ends(tmp_path):
    program = "import threading; from gui.leash import end_with_input\n"
    program += f"threading.Thread(target=end_with_input, daemon=True).start()\n{STUBBORN}"
    pid = tmp_path / "pid"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(pid)], cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        wait_until(lambda: process.poll() is not None or (pid.exists() and pid.read_text()))
        process.stdin.close()  # as when the viewer is killed
        assert process.wait() == -signal.SIGKILL
    wait_until(lambda: not is_running(int(pid.read_text())))


def test_what_a_process_says_before_it_fails_is_the_message(engine, qtbot, tmp_path):
    job = run(engine, qtbot, "import sys; sys.exit('form:3: topology.leaves: is missing')", tmp_path)
    assert job.status == JobStatus.FAILED and job.message == "form:3: topology.leaves: is missing"


def test_a_solver_that_hangs_is_cancelled_after_a_moment_of_grace_with_its_workers(engine, qtbot, tmp_path):
    job = engine.start_command("hangs", tmp_path, ["-c", STUBBORN, str(tmp_path / "pid")], ["hangs"])
    qtbot.waitUntil(lambda: job.points == 3)
    worker = int((tmp_path / "pid").read_text())
    assert is_running(worker)
    assert GRACE_MS < 1000
    engine.cancel(job)
    qtbot.waitUntil(lambda: not job.is_active)
    assert job.status == JobStatus.CANCELLED
    qtbot.waitUntil(lambda: not is_running(worker))


def test_run_files_are_told_as_they_come_and_those_that_were_there_are_not(engine, qtbot, tmp_path):
    (tmp_path / "old.h5").write_text("")
    told = []
    engine.written.connect(lambda _job, files: told.extend(files))
    run(
        engine,
        qtbot,
        "import sys; open(sys.argv[1] + '/new.h5', 'w'); open(sys.argv[1] + '/.x.h5', 'w')",
        tmp_path,
        str(tmp_path),
    )
    assert told == [str(tmp_path / "new.h5")]


def test_shutting_down_kills_what_runs_at_once(engine, qtbot, tmp_path):
    jobs = [engine.start_command("long", tmp_path, ["-c", STUBBORN, str(tmp_path / f"pid{i}")], []) for i in range(2)]
    qtbot.waitUntil(lambda: all(job.points == 3 for job in jobs))
    workers = [int((tmp_path / f"pid{i}").read_text()) for i in range(2)]
    assert all(map(is_running, workers))
    engine.shutdown()
    assert [job.status for job in jobs] == [JobStatus.CANCELLED] * 2 and engine.active == []
    qtbot.waitUntil(lambda: not any(map(is_running, workers)))


def test_a_checker_that_is_killed_is_told_and_started_anew(qapp, qtbot):
    client, told, sections = CheckClient(), [], []
    client.failed.connect(told.append)
    client.ask_sections({}, sections.append)
    process_id = client._process.processId()
    assert process_id  # 0 would be this process and all of its group
    os.kill(process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: told == ["the process that checks scenarios has ended"])
    client.ask_sections({"topology": {"name": "torus"}}, sections.append)
    qtbot.waitUntil(lambda: len(sections) == 1)
    assert [section.kind for section in sections[0] if section.key == "topology"] == ["torus"]
    client.shutdown()
    assert len(told) == 1


def test_a_question_after_the_end_starts_no_process(qapp):
    client = CheckClient()
    client.shutdown()
    client.ask_check("", 1, lambda _: None)  # by a timer that was due when the window closed
    assert not client.is_waiting and client._process is None
