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
from functools import partial
from pathlib import Path

import numpy as np

from experiments.facts import Facts, facts_of
from experiments.index import Index
from optinet.results import open_run

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
        index.fill(_made_up(facts_of(open_run(run_file)), count))


def _made_up(facts: Facts, count: int) -> Iterator[Facts]:
    random = np.random.default_rng(0)
    topologies, verdicts = ("torus", "clos3", "leaf_spine", "ocs_mesh"), ("closes", "at risk", "infeasible")
    for i, scale in enumerate(random.lognormal(0.0, 0.5, (count, len(facts.numbers)))):
        texts = {**facts.texts, "design": f"case {i % 997}", "topology": topologies[i % 4], "verdict": verdicts[i % 3]}
        texts |= {"file": f"run-{i:06d}.h5", "workload": ("uniform", "permutation")[i % 2], "note": f"point {i}"}
        numbers = {name: v * s for (name, v), s in zip(facts.numbers.items(), scale.tolist(), strict=True)}
        yield Facts(texts, numbers | {"topology.leaves": float(i % 64)})


def measure(folder: Path) -> Iterator[tuple[str, float, float, float]]:
    """Yield what was done, seconds until it was on the screen, of the processor, and of the GUI thread in one go."""
    from PyQt6.QtCore import QSettings, Qt
    from PyQt6.QtWidgets import QApplication

    from gui.views.main_window import MainWindow

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as settings:
        window = MainWindow(QSettings(f"{settings}/viewer.ini", QSettings.Format.IniFormat))
        window.resize(1200, 800)
        window.show()

        def until(is_done: Callable[[], bool]) -> float:
            longest = 0.0
            while not is_done():
                before = time.thread_time()
                application.processEvents()
                longest = max(longest, time.thread_time() - before)
                time.sleep(_TICK_S)
            window.runs.view.viewport().repaint()
            return longest

        def at_rest() -> bool:
            return not window.jobs.is_busy and not window.finder.is_busy and window.fabric.is_complete

        def done(begin: Callable[[], object], is_done: Callable[[], bool] = at_rest) -> tuple[float, float, float]:
            start, start_cpu, before = time.perf_counter(), time.process_time(), time.thread_time()
            begin()
            begun = time.thread_time() - before
            longest = until(is_done)
            return time.perf_counter() - start, time.process_time() - start_cpu, max(begun, longest)

        until(at_rest)
        yield (
            "first rows on the screen",
            *done(lambda: window.open_paths([str(folder)]), lambda: window.table.total > 0),
        )
        yield "all rows", *done(lambda: None)
        for text in FILTERS:
            yield f"filter '{text}'", *done(partial(window.runs.filter.setText, text))
        yield "no filter", *done(window.runs.filter.clear)
        order = Qt.SortOrder.DescendingOrder
        for name in ("network_kw", "design"):
            column = [each.id for each in window.table.columns].index(name)
            yield f"sort by {name}", *done(partial(window.runs.view.sortByColumn, column, order))
        yield "select all", *done(lambda: window.commands.run("edit.select_all"))
        yield "select one", *done(lambda: window.runs.view.selectRow(17))
        for name in ("pareto", "parallel", "heat_map"):
            panel = window.panels[name]
            yield f"chart: {panel.spec.title}", *done(panel.show, lambda p=panel: p.widget.isVisible() and at_rest())  # type: ignore[misc]
        yield "close all", *done(lambda: window.commands.run("file.close_all"))
        window.keeps_session = False
        window.close()


def print_runs(run_file: Path, folder: Path, count: int) -> None:
    """Make the folder if there is none, and print one line per measurement."""
    if not folder.exists():
        fill(folder, run_file, count)
    for what, wall_s, cpu_s, longest_s in measure(folder):
        times = (
            f"{wall_s * 1e3:8.0f} ms {cpu_s * 1e3:8.0f} ms of processor, at most {longest_s * 1e3:5.0f} ms in one go"
        )
        sys.stdout.write(f"{what:<40}{times}\n")
        sys.stdout.flush()
