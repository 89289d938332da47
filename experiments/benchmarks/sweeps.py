# SPDX-License-Identifier: Apache-2.0
"""What sweeps and folders of runs cost besides the computing: dispatch, writing, the index, comparisons, draws."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments import index, runner, uncertainty
from experiments.benchmarks.measure import Effort, Measurement, Work, children, measured, resident_mb
from experiments.benchmarks.rows import Row, Target
from experiments.compare import comparison
from experiments.progress import Silent
from experiments.report import report_html
from experiments.saved import reopened
from experiments.study import load_study
from optinet.results import find_runs, open_run

_STUDY = """\
title = "Many small points"
[base]
topology = {{name = "leaf_spine", leaves = 4, hosts_per_leaf = 4}}
workload = {{name = "uniform"}}
design = {{switch = "switch_102t4", host_link = "aec_1t6", optics = "retimed_1t6_dr8"}}
[grid]
"topology.spines" = [1, 2, 3, 4]
"design.optics" = ["retimed_1t6_dr8", "lpo_1t6_dr8"]
seed = {{count = {seeds}}}
"""
_ANY = Target()
_SETTLED = 0.1  # of the points; by then a worker has met every kind of them
_GROWTH = 0.05  # of a worker's memory from then on; what is left of it is the allocator's
_FILTER = "design:lpo_1t6_dr8 network_kw<500 topology.spines>1"


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows; in quick, with a tenth of the points and files."""
    points, many, some = (80, 100, 20) if effort.quick else (2000, 10_000, 500)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        yield from sweep_rows(root, points)
        yield from folder_rows(root, many, some, effort)


def sweep_rows(root: Path, points: int) -> Iterator[Row]:
    """Yield what one sweep costs a point, workers and models aside; its runs stay in ``root/swept``."""
    path = root / "many.toml"
    path.write_text(_STUDY.format(seeds=points // 8), encoding="utf-8")
    watch = _Watch(points)
    started = time.process_time()
    study = load_study(path)
    loaded_s = time.process_time() - started
    result = runner.sweep(study, root / "swept", workers=2, progress=watch)
    started = time.process_time()
    with index.Index(root / "swept") as found:
        count = len(found)
    opened_s = time.process_time() - started
    effort = result.effort
    title = f"a sweep of {points:,} points, two workers"
    yield _row(f"{title}: planning, a point", (loaded_s + effort.planning_s) / points)
    handled_s, missing = (effort.handling_s + opened_s) / points, float(abs(count - points))
    yield _row(f"{title}: dispatch and index, a point", handled_s, Target(seconds=0.005), missing, "runs missing")
    made = "making a run file and writing it to disk, a point, median"
    yield _row(f"{title}: {made}", statistics.median(effort.files_s), Target(seconds=0.025))
    evaluating = f"{title}: evaluating, a point, median"
    growth = "growth of memory"
    yield _row(evaluating, statistics.median(effort.evaluating_s), Target(difference=_GROWTH), watch.growth, growth)


def folder_rows(root: Path, many: int, some: int, effort: Effort) -> Iterator[Row]:
    """Yield what folders with many runs cost to look at: those swept before, under several names."""
    swept = find_runs([root / "swept"])
    for folder, count in (("many", many), ("some", some)):
        (root / folder).mkdir()
        for number in range(count):
            os.link(swept[number % len(swept)], root / folder / f"{number:06}.h5")
    once = dataclasses.replace(effort, repeats=1)
    made = measured(indexing, (str(root / "many"),), once)
    yield Row(f"index of {many:,} runs, made anew", "", None, made, Target(seconds=60.0))
    asked = measured(asking, (str(root / "many"), _FILTER), effort)
    yield Row(f"a filter over {many:,} runs, six columns, sorted", "", None, asked, Target(seconds=0.2))
    for name, work in (("compare", comparing), ("report", reporting)):
        ours = measured(work, (str(root / "some"),), once)
        yield Row(f"{name}, {some:,} runs", "", None, ours, Target(seconds=20.0))
    draws = measured(drawing, (str(swept[0]), 10_000), effort, warm_up=(str(swept[0]), 10))
    yield Row("10,000 draws of all component values over a solved run", "", None, draws, Target(seconds=2.0))


def indexing(folder: str) -> Work:
    """Return the work: making the index of a folder."""

    def work() -> NDArray[np.float64]:
        with index.Index(folder) as made:
            return np.array([len(made)])

    return work


def asking(folder: str, text: str) -> Work:
    """Return the work: a filter over an open index, with the columns that a table would show."""
    made = index.Index(folder)
    names = ("design", "workload", "network_kw", "cost_usd", "latency_p99_ns", "verdict")
    return lambda: np.array([len(made.find(text, names=names, sort="cost_usd"))])


def comparing(folder: str) -> Work:
    """Return the work: the comparison of all runs of a folder."""
    return lambda: np.array([len(comparison([open_run(path) for path in find_runs([folder])]).rows)])


def reporting(folder: str) -> Work:
    """Return the work: the report on all runs of a folder."""
    return lambda: np.array([len(report_html(find_runs([folder])))])


def drawing(path: str, n_draws: int) -> Work:
    """Return the work: intervals of every metric of a run that is solved."""
    run = reopened(open_run(path))
    return lambda: np.array([len(uncertainty.spreads(run, n_draws))])


class _Watch(Silent):
    """Notes the memory of each worker as the sweep goes on."""

    def __init__(self, points: int) -> None:
        self._finished = 0
        self._settled = max(2, int(_SETTLED * points))
        self._early_mb: dict[int, float] = {}
        self._late_mb: dict[int, float] = {}

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:  # noqa: ARG002
        """Take note of a point."""
        self._finished += 1
        if self._finished == self._settled:
            self._early_mb = _children_mb()
        elif self._finished % 10 == 0:
            self._late_mb |= _children_mb()

    @property
    def growth(self) -> float:
        """The largest relative growth of a worker since the beginning; 0 where the system does not tell."""
        return max((self._late_mb.get(pid, early) / early - 1.0 for pid, early in self._early_mb.items()), default=0.0)


def _children_mb() -> dict[int, float]:
    """Return the resident memory of each worker process now; empty where the system does not tell."""
    found = {}
    with contextlib.suppress(OSError):
        for pid in children(os.getpid()):
            found[pid] = resident_mb(pid)
    return found


def _row(work: str, seconds: float, target: Target = _ANY, difference: float | None = None, compared: str = "") -> Row:
    return Row(work, "", None, Measurement(seconds, 1, np.nan, np.zeros(0)), target, difference, compared)
