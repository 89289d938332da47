# SPDX-License-Identifier: Apache-2.0
"""A test of the viewer that leaves something behind fails."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QWidget
from pytestqt.exceptions import TimeoutError as WaitedInVainError

from tests.gui.views.conftest import come_to_rest
from tests.support import waiting

LEAKS = """
import subprocess, sys, threading
from tests.gui.conftest import leaves_nothing_behind

STARTED = []

def test_thread():
    STARTED.append(threading.Event())
    threading.Thread(target=STARTED[-1].wait, name="forgotten").start()

def test_process():
    STARTED.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

def test_that_ends_what_the_others_have_left():
    STARTED[0].set()
    STARTED[1].communicate()
"""


def test_a_thread_and_a_process_that_are_left_are_errors_of_their_tests(pytester, monkeypatch, request):
    assert "leaves_nothing_behind" in request.fixturenames
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.1)
    pytester.makepyfile(LEAKS)
    outcome = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=3, errors=2)
    outcome.stdout.fnmatch_lines(
        ["*teardown of test_thread*", "E *forgotten*", "*teardown of test_process*", "E * -c input()*"]
    )


def test_a_timer_that_is_left_running_is_named(qtbot, monkeypatch):
    window = QWidget()
    qtbot.addWidget(window)
    timer = QTimer(window, objectName="forgotten")
    timer.start(60_000)
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.0)
    with pytest.raises(WaitedInVainError) as waited:
        come_to_rest(qtbot, window)
    assert "forgotten in QWidget" in str(waited.value.__cause__)
    timer.stop()
    come_to_rest(qtbot, window)
