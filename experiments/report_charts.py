# SPDX-License-Identifier: Apache-2.0
"""Charts of a report that are there only when the runs hold what they show, each with its caption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from experiments.charts import Chart, Curves, HeatMap, break_even, heat_map, latency_curves, load_curves, parallel
from experiments.charts.phases import PHASE_METRICS
from experiments.charts.shapes import Floats
from experiments.charts.sweeps import PARALLEL_AXES, fullest_pair, parameters, telling
from experiments.columns import DELIVERED, METRICS, Column
from experiments.compare import Table
from experiments.facts import Facts, facts_of
from experiments.labels import counted, label_of
from experiments.technology import technology_of
from optinet.results import Run

Captioned: TypeAlias = tuple[Chart, str]

_MOST_CURVES = 8
_MAPPED = (DELIVERED, "network_kw")  # over the two parameters of a sweep
_NAMES = ("design", "workload", "routing", "topology", "switching", "packaging")


def spread_charts(table: Table) -> Iterator[Captioned]:
    """Yield how latency and link loads are spread, of the designs whose runs hold them, those on the front first."""
    rows = sorted(table.rows, key=lambda row: not row.on_front)
    latencies = latency_curves(rows, most=_MOST_CURVES)
    if latencies.curves:
        yield latencies, f"Share of the traffic that arrives within a time, at zero load.{_left_out(latencies)}"
    loads = load_curves(rows, most=_MOST_CURVES)
    if any(len(curve.x) for curve in loads.curves):
        text = "Share of the links, each direction, used at most so much; above 100 % the whole demand does not fit."
        yield loads, f"{text}{_left_out(loads)}"


def sweep_charts(table: Table, runs: Sequence[Run]) -> Iterator[Captioned]:
    """Yield designs over several metrics, metrics over two parameters of a sweep, and break-even curves."""
    axes = [column for key in PARALLEL_AXES for column in table.columns if column.key.partition(".")[0] == key]
    if len(table.rows) > 1 and len(axes) > 1:
        values = [[_number(row.values.get(column.key)) for column in axes] for row in table.rows]
        lines, which = parallel(
            [column.key.partition(".")[0] for column in axes],
            [label_of(column.key) for column in axes],
            [row.case for row in table.rows],
            np.array(values),
            [", ".join(filter(None, technology_of(row.run.scenario))) for row in table.rows],
        )
        if len(which) > 1:
            yield lines, "A line for each design; every axis runs from its least value to its largest."
    facts = [facts_of(run) for run in runs]
    yield from _maps(facts)
    phases = {name: _numbers(facts, name) for name in PHASE_METRICS}
    curves = break_even([run.case or run.title for run in runs], phases, most=_MOST_CURVES)
    if curves.curves:
        text = "What circuits that follow a demand carry, by how long its phases are; a dot marks from where it pays."
        yield curves, f"{text}{_left_out(curves)}"


def plain_heading(column: Column) -> str:
    """Return the heading of a column in one line, with its unit."""
    *words, unit = column.heading
    text = " ".join(filter(None, words)).replace("_ ", "_").replace("- ", "")
    return f"{text} ({unit})" if unit else text


def _maps(facts: Sequence[Facts]) -> Iterator[Captioned]:
    keys = sorted({name for each in facts for name in (*each.texts, *each.numbers) if "." in name})
    columns = {name: _column(facts, name) for name in (*keys, *_NAMES)}
    columns = {name: columns[name] for name in parameters(columns)}
    if len(columns) < 2:
        return
    x, y = fullest_pair(columns)

    def made(name: str) -> HeatMap:
        return heat_map(label_of(x), label_of(y), label_of(name), columns[x], columns[y], _numbers(facts, name))

    charts = [chart for chart in map(made, _MAPPED) if chart.varies_both_ways]
    others = dict.fromkeys(name for each in facts for name in each.numbers if "." not in name)
    found = None if charts else telling([*(c.key for c in METRICS if c.key in others), *sorted(others)], made)
    for chart in charts or ([found[1]] if found else []):
        filled = np.count_nonzero(chart.counts)
        if 2 * filled >= chart.counts.size and filled > max(chart.counts.shape):  # not where one goes with the other
            most = int(chart.counts.max())
            several = f"Means of up to {most:,} runs that differ in something else."
            yield chart, several if most > 1 else "One run in each cell."


def _column(facts: Sequence[Facts], name: str) -> list[str | float]:
    if any(name in each.numbers for each in facts):
        return list(_numbers(facts, name).tolist())
    return [each.texts.get(name, "") for each in facts]


def _numbers(facts: Sequence[Facts], name: str) -> Floats:
    return np.array([each.numbers.get(name, np.nan) for each in facts])


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def not_shown(count: int) -> str:
    """Return how many designs a chart leaves out, as a sentence; empty for none."""
    return f"{counted(count, 'design')} {'is' if count == 1 else 'are'} not shown." if count else ""


def _left_out(chart: Curves) -> str:
    return f" {not_shown(chart.left_out)}".rstrip()
