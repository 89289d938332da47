# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from gui.jobs import BATCH_S, Jobs
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def jobs(qapp):
    jobs = Jobs()
    yield jobs
    jobs.shutdown()


def test_work_is_done_elsewhere_and_answered_on_this_thread(jobs, qtbot):
    threads, answers = [], []

    def work():
        threads.append(threading.current_thread())
        return 42

    def answer(value):
        threads.append(threading.current_thread())
        answers.append(value)

    jobs.submit("working", work, answer)
    assert jobs.is_busy
    qtbot.waitUntil(lambda: not jobs.is_busy)
    assert answers == [42]
    assert threads[0] is not threading.main_thread() and threads[1] is threading.main_thread()


def test_a_stream_arrives_in_order_in_batches_and_then_ends(jobs, qtbot, monkeypatch):
    batches, ended, now_s = [], [], [0.0]
    monkeypatch.setattr("gui.jobs.time", SimpleNamespace(monotonic=lambda: now_s[0]))

    def items():
        for i in range(6):
            now_s[0] += 0.4 * BATCH_S
            yield i

    jobs.stream("reading", items, batches.append, ended.append)
    qtbot.waitUntil(lambda: not jobs.is_busy)
    assert batches == [[0], [1, 2, 3], [4, 5]]
    assert ended == [None]


def test_answers_that_arrive_together_have_a_turn_each(jobs, qapp):
    turns, turn, done = [], 0, threading.Event()
    for _ in range(3):
        jobs.submit("", lambda: None, lambda _: turns.append(turn))
    jobs.submit("", done.set, lambda _: None)
    assert done.wait(PATIENCE_S)
    while jobs.is_busy:
        turn += 1
        qapp.processEvents()
    assert len(turns) == len(set(turns)) == 3


def test_an_exception_is_handed_over_and_the_next_job_runs(jobs, qtbot):
    failures, answers, labels = [], [], []
    jobs.failed.connect(failures.append)
    jobs.busy_changed.connect(labels.append)
    jobs.submit("first", lambda: 1 / 0, answers.append)
    jobs.submit("second", lambda: "fine", answers.append)
    qtbot.waitUntil(lambda: not jobs.is_busy)
    assert [type(error) for error in failures] == [ZeroDivisionError]
    assert answers == ["fine"]
    assert labels == ["first", "first", "second", ""]


def test_shutting_down_stops_a_stream_and_drops_what_waits(jobs, qtbot):
    seen, started = [], threading.Event()

    def endless():
        while True:
            started.set()
            time.sleep(0.01)
            yield 0

    jobs.stream("endless", endless, seen.append, seen.append)
    jobs.submit("waiting", lambda: seen.append("ran"), seen.append)
    assert started.wait(PATIENCE_S)
    jobs.shutdown()
    jobs.submit("too late", lambda: seen.append("ran"), seen.append)
    qtbot.wait(50)
    assert "ran" not in seen and not jobs.is_busy
