# SPDX-License-Identifier: Apache-2.0
"""How fast the viewer is on many runs.

The folder is made of links to one run file, with an index whose values are drawn at random, so that opening, filtering,
sorting and selecting are those of a folder of so many different runs. Beside the time on the wall clock stand the
processor time of all threads, which other work on the machine does not lengthen, and the longest time in one go that
the GUI thread computed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.facts import Facts, facts_of
from experiments.index import Index
from optinet.results import open_run

if TYPE_CHECKING:
    from PyQt6.QtCore import QCoreApplication

    from gui.views.window.main_window import MainWindow

FILTERS = ("t", "torus", "network_kw<500", "topology:torus", "-verdict:infeasible", "topology.leaves>=16 case 7")
_TICK_S = 0.001
_LINKS = 50_000  # of one file; file systems allow so many


def fill(folder: Path, run_file: Path, count: int) -> None:
    """Make a folder of `count` runs that differ in every value, without computing them."""
    folder.mkdir(parents=True)
    for i in range(count):
        if i % _LINKS == 0:
            original = Path(shutil.copy(run_file, folder / f".original-{i}"))
        os.link(original, folder / f"run-{i:06d}.h5")
    with Index(folder, update=False) as index:
        index.add((facts.texts["file"], facts) for facts in _made_up(facts_of(open_run(run_file)), count))


def _made_up(facts: Facts, count: int) -> Iterator[Facts]:
    random = np.random.default_rng(0)
    topologies, verdicts = ("torus", "clos3", "leaf_spine", "ocs_mesh"), ("closes", "at risk", "infeasible")
    for i, scale in enumerate(random.lognormal(0.0, 0.5, (count, len(facts.numbers)))):
        texts = {**facts.texts, "design": f"case {i % 997}", "topology": topologies[i % 4], "verdict": verdicts[i % 3]}
        texts |= {"file": f"run-{i:06d}.h5", "workload": ("uniform", "permutation")[i % 2], "note": f"point {i}"}
        numbers = {name: v * s for (name, v), s in zip(facts.numbers.items(), scale.tolist(), strict=True)}
        yield Facts(texts, numbers | {"topology.leaves": float(i % 64)})


@dataclass(frozen=True)
class Time:
    """What was done, seconds until it was on the screen, of the processor, and of the GUI thread in one go."""

    what: str
    wall_s: float
    processor_s: float
    longest_s: float


class Meter:
    """Does something in a window and measures how long it takes until the window is at rest."""

    def __init__(self, application: QCoreApplication, window: MainWindow) -> None:
        self._application, self._window = application, window

    def at_rest(self) -> bool:
        """Whether nothing is read, sorted or drawn."""
        window = self._window
        return not window.jobs.is_busy and not window.finder.is_busy and window.fabric.is_complete

    def until(self, is_done: Callable[[], bool]) -> float:
        """Let the window work until something holds; return the longest turn of its event loop, seconds."""
        longest = 0.0
        while not is_done():
            before = time.thread_time()
            self._application.processEvents()
            longest = max(longest, time.thread_time() - before)
            time.sleep(_TICK_S)
        self._window.runs.view.viewport().repaint()
        return longest

    def time(self, what: str, begin: Callable[[], object], is_done: Callable[[], bool] | None = None) -> Time:
        """Do something, wait until it is done, by default until the window is at rest, and return how long it took."""
        start, start_cpu, before = time.perf_counter(), time.process_time(), time.thread_time()
        begin()
        begun = time.thread_time() - before
        longest = self.until(is_done or self.at_rest)
        return Time(what, time.perf_counter() - start, time.process_time() - start_cpu, max(begun, longest))


def measure(folder: Path) -> Iterator[Time]:
    """Open a folder, use it as one would, and yield how long each step took."""
    from PyQt6.QtCore import QSettings
    from PyQt6.QtWidgets import QApplication

    from gui.views.window.main_window import MainWindow

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as settings:
        window = MainWindow(QSettings(f"{settings}/viewer.ini", QSettings.Format.IniFormat))
        window.dialogs.ask_text = lambda *_: "measured"  # type: ignore[method-assign]
        window.resize(1200, 800)
        window.show()
        meter = Meter(application, window)
        meter.until(meter.at_rest)
        yield meter.time(
            "first rows on the screen", lambda: window.open_paths([str(folder)]), lambda: window.table.total > 0
        )
        yield meter.time("all rows", lambda: None)
        yield from _arranged(meter, window)
        yield from _selected(meter, window)
        yield from _changed(meter, window, folder)
        for name in ("pareto", "parallel", "heat_map"):
            panel = window.panels[name]
            yield meter.time(
                f"chart: {panel.spec.title}",
                panel.show,
                lambda panel=panel: panel.widget.isVisible() and meter.at_rest(),  # type: ignore[misc]
            )
        yield meter.time("chart follows 'select all'", lambda: window.commands.run("edit.select_all"))
        yield meter.time("close all", lambda: window.commands.run("file.close_all"))
        window.keeper.keeps = False
        window.close()


def _arranged(meter: Meter, window: MainWindow) -> Iterator[Time]:
    """Filter, sort, and choose columns."""
    from PyQt6.QtCore import Qt

    for text in FILTERS:
        yield meter.time(f"filter '{text}'", partial(window.runs.filter.setText, text))
    yield meter.time("no filter", window.runs.filter.clear)
    for name in ("network_kw", "design", "star"):
        column = [each.id for each in window.table.columns].index(name)
        sort = partial(window.runs.view.sortByColumn, column, Qt.SortOrder.DescendingOrder)
        yield meter.time(f"sort by {name}", sort)
    yield meter.time("order of opening", partial(window.runs.view.sortByColumn, -1, Qt.SortOrder.AscendingOrder))
    shown = [each.id for each in window.table.columns]
    yield meter.time("another column", lambda: window.table.show_columns([*shown, "file", "topology.leaves"]))
    yield meter.time("standard columns", window.table.reset_columns)


def _selected(meter: Meter, window: MainWindow) -> Iterator[Time]:
    """Select many and few."""
    run = window.commands.run
    yield meter.time("select all", lambda: run("edit.select_all"))
    yield meter.time("filter with all selected", partial(window.runs.filter.setText, "topology:torus"))
    yield meter.time("filter to none with all selected", partial(window.runs.filter.setText, "nothing like it"))
    yield meter.time("no filter with all selected", window.runs.filter.clear)
    yield meter.time("select one", lambda: window.runs.view.selectRow(17))
    yield meter.time("invert", lambda: run("edit.invert_selection"))
    yield meter.time("invert again", lambda: run("edit.invert_selection"))
    yield meter.time("next run", lambda: run("edit.next_run"))
    yield meter.time("copy the table", lambda: run("copy.runs_data"))


def _changed(meter: Meter, window: MainWindow, folder: Path) -> Iterator[Time]:
    """Star and tag a thousand runs, take that back, and let the folder grow."""
    run = window.commands.run
    yield meter.time("select 1,000", lambda: window.selection.set(window.table.row_keys[:1000]))
    for command in ("notes.star", "notes.tag", "edit.undo", "edit.undo"):
        yield meter.time(f"{command} of 1,000 runs", partial(run, command))
    grown, count = folder / "run-grown.h5", window.table.total
    try:
        new = partial(os.link, folder / ".original-0", grown)
        yield meter.time("one run more", new, lambda: window.table.total > count and meter.at_rest())
        yield meter.time("one run less", grown.unlink, lambda: window.table.total == count and meter.at_rest())
    finally:
        grown.unlink(missing_ok=True)


def print_runs(run_file: Path, folder: Path, count: int) -> None:
    """Make the folder if there is none, and print one line per measurement."""
    if not folder.exists():
        fill(folder, run_file, count)
    for step in measure(folder):
        wall, processor, longest = (1e3 * each for each in (step.wall_s, step.processor_s, step.longest_s))
        times = f"{wall:8.0f} ms {processor:8.0f} ms of processor, at most {longest:5.0f} ms in one go"
        sys.stdout.write(f"{step.what:<40}{times}\n")
        sys.stdout.flush()
