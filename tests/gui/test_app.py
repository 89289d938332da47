# SPDX-License-Identifier: Apache-2.0
"""The viewer as a process of its own."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gui
from gui.app import closing_on_signals, watched_crashes
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(gui.__file__).parents[1]


@pytest.fixture
def start(tmp_path):
    started = []

    def start(*arguments, **variables):
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "config")} | variables
        process = subprocess.Popen(
            [sys.executable, "-m", "gui.app", *map(str, arguments)],
            cwd=ROOT,
            env={key: value for key, value in environment.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_control_c_closes_the_window_and_keeps_the_settings(start, make_run, tmp_path):
    process = start(make_run("a"))
    settings = tmp_path / "config" / "optinet" / "viewer.conf"

    def has_opened():
        assert process.poll() is None
        return settings.exists() and "a.h5" in settings.read_text(encoding="utf-8")

    wait_until(has_opened)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0 and "Traceback" not in errors
    assert "geometry" in settings.read_text(encoding="utf-8")


@pytest.mark.parametrize(("number", "asks"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_waits_for_what_is_being_done(qtbot, qapp, number, asks):
    """Closing in the midst of an import or of a thread's start would wait for itself."""
    from PyQt6.QtWidgets import QWidget

    window, before, told = QWidget(), signal.getsignal(number), []
    qtbot.addWidget(window)
    window.show()
    with closing_on_signals(qapp, lambda: told.append("asks no more")):
        signal.raise_signal(number)
        assert window.isVisible()
        qtbot.waitUntil(lambda: not window.isVisible())
    assert bool(told) != asks and signal.getsignal(number) == before


def test_without_a_screen_it_says_so(start):
    process = start(QT_QPA_PLATFORM="")
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert output == "" and "needs a screen" in errors and "Traceback" not in errors


def test_a_platform_that_qt_cannot_start_is_told_without_an_abort(start):
    output, errors = start("--platform", "nonsense").communicate(timeout=PATIENCE_S)
    assert output == "" and errors.startswith("Qt knows no platform 'nonsense': it has ") and errors.count("\n") == 1


def test_help_names_what_can_be_opened(start):
    output, _ = start("--help").communicate(timeout=PATIENCE_S)
    assert "run files, folders of runs" in output


@pytest.fixture
def own_traces():
    """Give the traces of later crashes back to the terminal, where pytest has them."""
    yield
    faulthandler.enable(sys.__stderr__)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_crash_of_the_interpreter_is_shown_at_the_next_start_and_once(tmp_path, own_traces):
    program = "import ctypes, sys; from pathlib import Path; from gui.app import watched_crashes\n"
    program += "with watched_crashes(Path(sys.argv[1])):\n    ctypes.string_at(0)"
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGSEGV
    with watched_crashes(tmp_path) as left:
        assert "Segmentation fault" in left and "string_at" in left
    with watched_crashes(tmp_path) as left:
        assert left == ""


def test_a_home_that_cannot_be_written_to_is_no_reason_not_to_start(tmp_path):
    (tmp_path / "file").write_text("")
    with watched_crashes(tmp_path / "file" / "below") as left:
        assert left == ""
