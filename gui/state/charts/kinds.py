# SPDX-License-Identifier: Apache-2.0
"""What a chart is before it is drawn: its data, the runs behind it, what can be chosen, or why there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.charts import Chart
from experiments.columns import DELIVERED, SAME_RATE
from experiments.compare import Row, unequal
from experiments.growth import differing
from experiments.plain_values import format_number
from gui.state.runs.entry import design_name, opened
from gui.state.runs.frame import Frame
from optinet.errors import OptinetError

ENDPOINTS = "endpoints"


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a chart is made from.

    Parameters
    ----------
    frame
        All opened runs.
    order
        Rows of `frame` in the table, those that pass the filter in its order; shape (n_shown,).
    selected, current
        Keys of the selected runs, and of the one that the fabric view draws.
    """

    frame: Frame
    order: NDArray[np.int64]
    selected: Sequence[str]
    current: str | None


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen, such as the metric of an axis.

    Parameters
    ----------
    name, label
        For the program and for people.
    options
        Values and what they are called.
    value
        The one that is chosen.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True, eq=False)
class Shown:
    """A chart and what belongs to it.

    Parameters
    ----------
    chart
        None if there is nothing to show.
    message
        Why there is nothing, and what to do about it.
    keys
        The run of each bar, point, curve or line; empty where a chart is not of runs.
    choices
        What can be chosen.
    remark
        What must be said beside the chart.
    action
        What a button beside the message does, in words; empty for none.
    """

    chart: Chart | None = None
    message: str = ""
    keys: Sequence[str] = ()
    choices: tuple[Choice, ...] = ()
    remark: str = ""
    action: str = ""


Make = Callable[[Inputs, Mapping[str, str]], Shown]
Depends = Callable[[Inputs, Mapping[str, str]], tuple[object, ...]]


def on_selection(inputs: Inputs, _wanted: Mapping[str, str]) -> tuple[object, ...]:
    """Return what a chart of the selected runs depends on; their files do not change."""
    return (inputs.selected,)


def on_table(inputs: Inputs, wanted: Mapping[str, str]) -> tuple[object, ...]:
    """Return what a chart of the table depends on, with as little of the selection as the choice of runs needs."""
    scope: object = inputs.selected if wanted.get("scope") == "selected" else None
    if wanted.get("scope", "workload") == "workload" and inputs.current is not None and len(inputs.frame):
        keys = inputs.frame.keys
        scope = inputs.frame.texts("workload")[keys.index(inputs.current)] if inputs.current in keys else None
    return id(inputs.frame), id(inputs.order), scope


@dataclass(frozen=True)
class ChartKind:
    """One kind of chart.

    Parameters
    ----------
    id, title, help
        For commands and settings, for people, and in a sentence.
    make
        Makes it from runs and from what was chosen; called in a worker.
    depends
        Returns what it is made from: while that stays the same, it is not made again.
    reads_files
        Whether it opens run files, rather than only the columns of the table.
    study
        The shipped study whose runs have what it shows, for the button beside its message; empty for none.
    """

    id: str
    title: str
    help: str
    make: Make
    depends: Depends = on_selection
    reads_files: bool = False
    study: str = ""


def chosen(name: str, label: str, options: Sequence[tuple[str, str]], wanted: Mapping[str, str], first: str) -> Choice:
    """Return a choice with the wanted value if there is such an option, else `first` if there is, else the first."""
    values = [value for value, _ in options]
    value = next((each for each in (wanted.get(name, ""), first) if each in values), values[0] if values else "")
    return Choice(name, label, tuple(options), value)


def selected_rows(inputs: Inputs, most: int) -> tuple[list[Row], tuple[str, ...], str]:
    """Return the first selected runs, opened, their keys, and a remark on what they share or what is left out.

    The current run is among them if it is selected.

    A workload that all share is in the remark, and not in their names.

    Raises
    ------
    OptinetError
        If none of them can be opened.
    """
    keys = inputs.selected[:most]
    if inputs.current in inputs.selected[most:]:
        keys = (*keys[:-1], inputs.current)
    rows, found, problem = [], [], None
    for key in keys:
        try:
            rows.append(Row("", runs=[opened(key)]))
            found.append(key)
        except OptinetError as error:
            problem = error
    if problem is not None and not rows:
        raise problem
    workloads = [_workload(row) for row in rows]
    alike = len(set(workloads)) == 1
    for row, workload in zip(rows, workloads, strict=True):
        design = design_name(row.run.case, row.run.title, str(row.run.path))
        verdict = "" if row.closes else f" ({row.run.verdict})"
        row.case = " · ".join(filter(None, (design, "" if alike else workload))) + verdict
    _tell_apart(rows)
    shared = f"Workload {workloads[0]}." if alike and workloads[0] else ""
    more = len(inputs.selected) - len(keys)
    left = f"{len(keys)} of {len(inputs.selected):,} selected runs." if more > 0 else ""
    sizes, rates = (_values(rows, name) for name in (ENDPOINTS, DELIVERED))
    return rows, tuple(found), " ".join(filter(None, (shared, unlike(workloads, sizes, rates), left)))


def unlike(workloads: Sequence[str], endpoints: NDArray[np.float64], delivered: NDArray[np.float64]) -> str:
    """Return what keeps some runs from being compared like for like; empty where nothing does.

    Parameters
    ----------
    workloads
        Of each run.
    endpoints, delivered
        Number of endpoints, and Gb/s that each of them is delivered; NaN where not known; shape (n_runs,).
    """
    told = []
    count = len(set(workloads))
    if count > 1:
        told.append(f"are under {count:,} workloads")
    for values, words, least in (
        (endpoints, "have {} endpoints", 0.0),
        (delivered, "deliver {} Gb/s per endpoint", SAME_RATE),
    ):
        if unequal(values, least):
            ends = (format_number(float(end)) for end in (np.nanmin(values), np.nanmax(values)))
            told.append(words.format(" to ".join(ends)))
    return f"Not like for like: the runs {' and '.join(told)}." if told else ""


def labels_of(inputs: Inputs, rows: Iterable[int]) -> list[str]:
    """Return what people call opened runs: their designs and workloads."""
    frame = inputs.frame
    designs, titles, workloads = (frame.texts(name) for name in ("design", "title", "workload"))
    return [
        " · ".join(filter(None, (design_name(designs[row], titles[row], frame.keys[row]), workloads[row])))
        for row in rows
    ]


def _values(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    return np.array([row.run.metric_values.get(name, np.nan) for row in rows])


def _tell_apart(rows: Sequence[Row]) -> None:
    """Give runs of one name what they differ in, such as the length of phases, else their file."""
    names = [row.case for row in rows]
    for name in {each for each in names if names.count(each) > 1}:
        alike = [row for row in rows if row.case == name]
        for row, apart in zip(alike, differing([row.run.scenario for row in alike]), strict=True):
            row.case = f"{name}, {apart}" if apart else f"{name} ({row.run.path.stem})"


def _workload(row: Row) -> str:
    table = row.run.scenario.get("workload")
    return str(table.get("name") or "") if isinstance(table, Mapping) else ""
