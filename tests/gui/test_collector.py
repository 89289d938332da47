# SPDX-License-Identifier: Apache-2.0
"""Garbage is collected on the GUI thread alone while a window is open."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from gui.collector import Collector


class Deaths(list):
    kept = ()


class Knot:
    """Holds itself, so that only the collector destroys it."""

    def __init__(self):
        self.me = self


@pytest.fixture
def collector(qapp):
    collector = Collector()
    yield collector
    collector.stop()


def make_garbage(died):
    weakref.finalize(Knot(), lambda: died.append(threading.current_thread()))
    died.kept = [[] for _ in range(200_000)]  # far more than Python leaves uncollected


def test_what_another_thread_makes_dies_on_this_one(collector, qtbot):
    died = Deaths()
    collector.start()
    worker = threading.Thread(target=make_garbage, args=(died,))
    worker.start()
    worker.join()
    assert died == []
    qtbot.waitUntil(lambda: bool(died))
    assert died == [threading.main_thread()]


@pytest.mark.parametrize("before", [True, False])
def test_python_collects_again_when_the_last_one_stops_if_it_did_before(collector, before):
    gc.enable() if before else gc.disable()
    second = Collector()
    collector.start()
    second.start()
    collector.stop()
    assert not gc.isenabled()
    second.stop()
    assert gc.isenabled() is before
    second.deleteLater()
