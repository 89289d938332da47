# SPDX-License-Identifier: Apache-2.0
"""Charts of all runs that pass the filter of the table, from its columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from experiments.charts import HeatMap, Runs
from experiments.charts import break_even as break_even_chart
from experiments.charts import heat_map as heat_map_chart
from experiments.charts import parallel as parallel_chart
from experiments.charts import points as points_chart
from experiments.charts.phases import PHASE_METRICS
from experiments.charts.shapes import Floats
from experiments.charts.sweeps import MOST_VALUES, PARALLEL_AXES, fullest_pair, telling
from experiments.charts.sweeps import parameters as varied_parameters
from experiments.columns import DELIVERED
from experiments.compare import unequal
from experiments.labels import counted, label_of
from gui.state.charts.kinds import ENDPOINTS, Choice, Inputs, Shown, chosen, labels_of, unlike
from gui.state.charts.of_selection import metric_options
from gui.state.hints import OPEN_FIRST
from gui.state.runs.entry import interval_ends
from gui.state.runs.keys import Keys, among

BREAK_EVEN_STUDY = "reconfiguration_break_even"
NO_PHASES = (
    "None of these runs has phases. This chart shows from what length of its phases on it pays to set circuits anew "
    "for a demand that changes. It takes an OCS mesh, 'Phases' in its scenario, and a sweep over phases.length_s. "
    f"A study that comes with optinet is one:\noptinet sweep {BREAK_EVEN_STUDY} -o FOLDER"
)
RUN_STUDY = f"Run {BREAK_EVEN_STUDY}…"
ONE_VALUE = "A heat map needs two parameters that differ between the runs. Open a sweep, or widen the filter."
NO_MATCH = "No run passes the filter."
_COLORS = (
    ("technology", "Switching and optics"),
    ("switching", "Switching: EPS, MEMS, DLC, DBS …"),
    ("packaging", "Optics: pluggable, CPO …"),
    ("topology", "Topology"),
    ("workload", "Workload"),
    ("routing", "Routing"),
    ("verdict", "Worst link"),
    ("design", "Design"),
)
_SCOPES = (("workload", "of the current workload"), ("table", "in the table"), ("selected", "selected"))
_FRONTS = (("delivered", "both, and what is delivered"), ("axes", "both axes alone"))
_MOST_CURVES = 11
# runs whose files are read for the intervals of their metrics; of more nobody could tell whose is whose
MOST_INTERVALS = 60
_UNKNOWN = (np.nan, np.nan)
WHOLE, OF_ENDPOINT = "network_kw", "network_w_per_endpoint"
_SAMPLE = 150  # runs that are looked at whole to tell what a large sweep varies
_LISTED = 40  # parameters to choose from


def pareto(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return the runs by two metrics, with the front."""
    rows, scope, message = _rows(inputs, wanted)
    frame = inputs.frame
    options = metric_options(name for name in frame.number_names if "." not in name)
    x = chosen("x", "Across", options, wanted, "cost_per_endpoint_usd")
    y = chosen("y", "Up", options, wanted, _power(inputs, rows))
    color = chosen("color", "Color", _COLORS, wanted, "technology")
    front = chosen("front", "Front", _FRONTS, wanted, "delivered")
    choices = (x, y, front, color, scope)
    if message:
        return Shown(message=message, choices=choices)
    labels, workloads = labels_of(inputs, rows.tolist()), _texts(inputs, "workload", rows)
    delivered = _numbers(inputs, DELIVERED, rows)
    chart, which = points_chart(
        (x.value, y.value),
        frame.numbers(x.value)[rows],
        frame.numbers(y.value)[rows],
        Runs(
            labels,
            _texts(inputs, color.value, rows),
            workloads,
            _texts(inputs, "verdict", rows),
        ),
        {DELIVERED: delivered} if front.value == "delivered" and np.isfinite(delivered).any() else {},
    )
    if not len(which):
        return Shown(
            message=f"None of these runs has both {label_of(x.value)} and {label_of(y.value)}. Choose other axes.",
            choices=choices,
        )
    keys = Keys(frame, rows[which])
    if len(which) <= MOST_INTERVALS:
        ends = [[interval_ends(key).get(axis.value, _UNKNOWN) for key in keys] for axis in (x, y)]
        chart = dataclasses.replace(chart, x_ends=np.array(ends[0]), y_ends=np.array(ends[1]))
    shown = rows[which]
    of = " of its workload" if len(set(_texts(inputs, "workload", shown))) > 1 else ""
    goals = ", ".join(chart.goals)
    remark = f"Ringed: no other run{of} whose links close is better in one and as good in the rest of: {goals}."
    return Shown(chart, keys=keys, choices=choices, remark=f"{remark} {_unlike(inputs, shown)}".strip())


def parallel(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return the runs over several metrics."""
    rows, scope, message = _rows(inputs, wanted)
    color = chosen("color", "Color", _COLORS, wanted, "technology")
    if message:
        return Shown(message=message, choices=(color, scope))
    frame = inputs.frame
    axes = (_power(inputs, rows) if name == WHOLE else name for name in PARALLEL_AXES)
    names = [name for name in axes if name in frame.number_names]
    values = np.column_stack([frame.numbers(name)[rows] for name in names]) if names else np.zeros((len(rows), 0))
    chart, which = parallel_chart(
        names, list(map(label_of, names)), labels_of(inputs, rows.tolist()), values, _texts(inputs, color.value, rows)
    )
    if not len(which):
        return Shown(message="None of these runs has two metrics to compare.", choices=(color, scope))
    return Shown(chart, keys=Keys(frame, rows[which]), choices=(color, scope), remark=_unlike(inputs, rows[which]))


def heat_map(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return a metric over two parameters of a sweep."""
    rows, scope, message = _rows(inputs, wanted, first="table")
    if message:
        return Shown(message=message, choices=(scope,))
    frame = inputs.frame
    parameters = _parameters(inputs, rows)
    if len(parameters) < 2:
        return Shown(message=ONE_VALUE, choices=(scope,))
    options = [(name, label_of(name)) for name in parameters]
    metrics = metric_options(name for name in frame.number_names if "." not in name)
    across, up = fullest_pair(parameters)
    x = chosen("x", "Across", options, wanted, across)
    rest = [option for option in options if option[0] != x.value]
    y = chosen("y", "Up", rest, wanted, up)

    def made(name: str) -> HeatMap:
        labels = label_of(x.value), label_of(y.value), label_of(name)
        return heat_map_chart(*labels, parameters[x.value], parameters[y.value], frame.numbers(name)[rows])

    power = _power(inputs, rows)
    found = None if "value" in wanted else telling((power, DELIVERED, *(name for name, _ in metrics)), made)
    value = chosen("value", "Color", metrics, wanted, found[0] if found else power)
    chart = found[1] if found else made(value.value)
    if not chart.counts.any():
        return Shown(message=f"None of these runs has {label_of(value.value)}.", choices=(x, y, value, scope))
    most = int(chart.counts.max())
    remark = f"Means of up to {most:,} runs that differ in something else; point at a cell for its range." * (most > 1)
    return Shown(chart, keys=Keys(frame, rows), choices=(x, y, value, scope), remark=remark)


def break_even(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return what following a demand carries against the length of its phases."""
    rows, scope, message = _rows(inputs, wanted, first="table")
    frame = inputs.frame
    if message or "phase_length_s" not in frame.number_names:
        return Shown(message=message, choices=(scope,)) if message else Shown(message=NO_PHASES, action=RUN_STUDY)
    metrics = {name: frame.numbers(name)[rows] for name in PHASE_METRICS}
    cases = _texts(inputs, "design", rows)
    chart = break_even_chart(cases, metrics, most=_MOST_CURVES)
    if not chart.curves:
        return Shown(message=NO_PHASES, choices=(scope,), action=RUN_STUDY)
    having = np.isfinite(metrics["phase_length_s"])
    run_of = {case: frame.keys[row] for case, row, has in zip(cases, rows.tolist(), having, strict=True) if has}
    keys = [run_of.get(curve.label, "") for curve in chart.curves]
    remark = "A large dot marks the length from which following pays, a small one what was computed."
    if chart.left_out:
        remark += f" {counted(chart.left_out, 'design')} not shown; the filter chooses."
    return Shown(chart, keys=tuple(keys), choices=(scope,), remark=remark)


def _rows(inputs: Inputs, wanted: Mapping[str, str], first: str = "workload") -> tuple[np.ndarray, Choice, str]:  # type: ignore[type-arg]
    """Return the rows of the frame that a chart is of, the choice of them, and why there is none."""
    scope = chosen("scope", "Runs", _SCOPES, wanted, first)
    frame, order = inputs.frame, inputs.order
    if not len(frame):
        return order, scope, OPEN_FIRST
    rows = order
    if scope.value == "selected":
        rows = order[among(Keys(frame, order), inputs.selected)]
        return rows, scope, "" if len(rows) else "No selected run passes the filter."
    if scope.value == "workload" and inputs.current in frame.keys:
        texts = frame.texts("workload")
        workload = texts[frame.keys.index(inputs.current)]
        rows = np.array([row for row in order.tolist() if texts[row] == workload], dtype=np.int64)
    return rows, scope, "" if len(rows) else NO_MATCH


def _power(inputs: Inputs, rows: np.ndarray) -> str:  # type: ignore[type-arg]
    """Return the metric of power that runs are compared by: of one endpoint where they have more or fewer of them."""
    by_endpoint = unequal(_numbers(inputs, ENDPOINTS, rows)) and OF_ENDPOINT in inputs.frame.number_names
    return OF_ENDPOINT if by_endpoint else WHOLE


def _unlike(inputs: Inputs, rows: np.ndarray) -> str:  # type: ignore[type-arg]
    return unlike(_texts(inputs, "workload", rows), *(_numbers(inputs, name, rows) for name in (ENDPOINTS, DELIVERED)))


def _numbers(inputs: Inputs, name: str, rows: np.ndarray) -> Floats:  # type: ignore[type-arg]
    frame = inputs.frame
    values: Floats = frame.numbers(name)[rows] if name in frame.number_names else np.full(len(rows), np.nan)
    return values


def _texts(inputs: Inputs, name: str, rows: np.ndarray) -> list[str]:  # type: ignore[type-arg]
    if name == "technology":
        both = (_texts(inputs, each, rows) for each in ("switching", "packaging"))
        return [", ".join(filter(None, pair)) for pair in zip(*both, strict=True)]
    column = inputs.frame.texts(name)
    return [column[row] for row in rows.tolist()]


def _column(inputs: Inputs, name: str, rows: np.ndarray) -> Sequence[str | float]:  # type: ignore[type-arg]
    if name in inputs.frame.number_names:
        values: Floats = inputs.frame.numbers(name)[rows]
        if np.isfinite(values).any():
            return list(values.tolist())
    return list(_texts(inputs, name, rows))


def _parameters(inputs: Inputs, rows: np.ndarray) -> dict[str, Sequence[str | float]]:  # type: ignore[type-arg]
    """Return what differs between the runs and is no result: keys of the scenario, then design and workload."""
    frame = inputs.frame
    keys = sorted(name for name in frame.number_names | frame.text_names if "." in name)
    if len(rows) > _SAMPLE:
        keys = _varied(inputs, rows, keys)
    names = (*keys, "design", "workload", "routing", "topology", "switching", "packaging")
    columns = {name: _column(inputs, name, rows) for name in names}
    return {name: columns[name] for name in varied_parameters(columns)[:_LISTED]}


def _varied(inputs: Inputs, rows: np.ndarray, keys: Sequence[str]) -> list[str]:  # type: ignore[type-arg]
    """Return the keys that differ among some of the runs, but not in all: columns of many runs take time to read."""
    sample = rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(int)]
    values: dict[str, set[str | float]] = {}
    for row in sample.tolist():
        facts = inputs.frame.facts(row)
        for name, value in (*facts.texts.items(), *facts.numbers.items()):
            values.setdefault(name, set()).add(value)
    return [name for name in keys if 2 <= len(values.get(name, ())) <= MOST_VALUES]
