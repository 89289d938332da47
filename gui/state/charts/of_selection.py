# SPDX-License-Identifier: Apache-2.0
"""Charts of the selected runs, read from their files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from experiments.charts import (
    MEASURES,
    Group,
    Per,
    availability_curves,
    breakdown,
    divisor,
    intervals,
    latency_curves,
    load_curves,
    waterfalls,
)
from experiments.charts.reliability import QUANTITIES
from experiments.labels import label_of
from gui.state.charts.kinds import (
    Inputs,
    Shown,
    chosen,
    selected_rows,
)
from gui.state.hints import SELECT_SOME
from gui.state.runs.columns import COLUMNS

MOST_BARS, MOST_CURVES = 30, 10
PERS: tuple[Per, ...] = ("all", "endpoint", "delivered")
LATENCIES = [("traffic", "How it is spread over the traffic"), ("part", "Where the time goes on average")]


def power(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return network power by category, one bar for each selected run."""
    return _breakdown(inputs, wanted, "power")


def cost(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return cost by category or by tier and link class, one bar for each selected run."""
    return _breakdown(inputs, wanted, "cost", "place")


def _breakdown(inputs: Inputs, wanted: Mapping[str, str], *groups: Group) -> Shown:
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    rows, keys, remark = selected_rows(inputs, MOST_BARS)
    per: Per
    possible = [per for per in PERS if any(divisor(row.run, per) > 0 for row in rows)]
    options = [
        (f"{per} {group}".removesuffix(f" {groups[0]}"), MEASURES[group, per][0])
        for group in groups
        for per in possible
    ]
    sizes = {divisor(row.run, "endpoint") for row in rows if divisor(row.run, "endpoint") > 0}
    choice = chosen("per", "Show", options, wanted, "endpoint" if len(sizes) > 1 else "all")
    per, _, by = choice.value.partition(" ")  # type: ignore[assignment]
    group: Group = by or groups[0]  # type: ignore[assignment]
    having = [i for i, row in enumerate(rows) if divisor(row.run, per) > 0]
    chart = breakdown([rows[i] for i in having], group, per=per, most=MOST_BARS)
    if not chart.categories:
        return Shown(message=f"The selected runs hold no {groups[0]}: their scenarios name no [design].")
    return Shown(chart, keys=tuple(keys[i] for i in having), choices=(choice,), remark=remark)


def latency(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return how latency is spread over the traffic, a curve for each selected run, or bars of where its time goes."""
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    choice = chosen("by", "Show", LATENCIES, wanted, "traffic")
    by_part = choice.value == "part"
    rows, keys, remark = selected_rows(inputs, MOST_BARS if by_part else MOST_CURVES)
    having = [i for i, row in enumerate(rows) if row.run.table("latency")]
    if not having:
        return Shown(message="The selected runs hold no latency: their scenarios name no [design].")
    shown = [rows[i] for i in having]
    chart = breakdown(shown, "latency", most=MOST_BARS) if by_part else latency_curves(shown, most=MOST_CURVES)
    return Shown(chart, keys=tuple(keys[i] for i in having), choices=(choice,), remark=remark)


def loads(inputs: Inputs, _wanted: Mapping[str, str]) -> Shown:
    """Return how link loads are spread, by link class of one run or one curve for each of several."""
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    rows, keys, remark = selected_rows(inputs, MOST_CURVES)
    chart = load_curves(rows, most=MOST_CURVES)
    return Shown(chart, keys=keys if len(rows) > 1 else keys * len(chart.curves), remark=remark)


def failing(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return what is delivered for how much of the time, or what that costs or draws, of each selected run."""
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    rows, keys, remark = selected_rows(inputs, MOST_CURVES)
    having = [i for i, row in enumerate(rows) if row.run.table("availability")]
    if not having:
        return Shown(message="The selected runs know of no failures: fill in 'Failures' of a scenario and run it.")
    choice = chosen("quantity", "Up", [(name, label) for name, (_, label) in QUANTITIES.items()], wanted, "delivered")
    chart = availability_curves([rows[i] for i in having], quantity=choice.value, most=MOST_CURVES)  # type: ignore[arg-type]
    if not chart.curves:
        return Shown(message="The selected runs hold no cost: their scenarios name no [design].", choices=(choice,))
    of_curve = [*(keys[i] for i in having), "", ""][: len(chart.curves)]  # the ends of an interval are of no run
    return Shown(chart, keys=tuple(of_curve), choices=(choice,), remark=f"A dot marks 99.9 %. {remark}".strip())


def budget(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return one link budget of the selected runs, part by part."""
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    rows, keys, _ = selected_rows(inputs, MOST_BARS)
    found = waterfalls(rows)
    if not found:
        return Shown(message="The selected runs have no optical links with a budget. Select one whose links are fiber.")
    key_of = {row.case: key for row, key in zip(rows, keys, strict=True)}
    of_current = next((i for i, each in enumerate(found) if inputs.current in map(key_of.get, each.designs)), 0)
    options = [(str(i), f"{each.title} ({_of(each.designs)})") for i, each in enumerate(found)]
    choice = chosen("budget", "Link", options, wanted, str(of_current))
    chart = found[int(choice.value)]
    title = f"{chart.title} of {_of(chart.designs)}"
    keys = tuple(map(key_of.__getitem__, chart.designs[:1]))
    return Shown(dataclasses.replace(chart, title=title), choices=(choice,), keys=keys, remark=chart.told)


def _of(designs: tuple[str, ...]) -> str:
    return designs[0] if len(designs) == 1 else f"{designs[0]} and {len(designs) - 1} more"


def interval(inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
    """Return a metric of the selected runs with the interval over the ranges of component values."""
    if not inputs.selected:
        return Shown(message=SELECT_SOME)
    rows, keys, remark = selected_rows(inputs, MOST_BARS)
    names = dict.fromkeys(name for row in rows for name, m in row.run.metrics.items() if m.low < m.high)
    if not names:
        return Shown(
            message="The selected runs hold no intervals: their scenarios name no [design], whose values have ranges."
        )
    choice = chosen("metric", "Metric", metric_options(names), wanted, "network_kw")
    chart = intervals(rows, choice.value, label_of(choice.value), most=MOST_BARS)
    having = [key for row, key in zip(rows, keys, strict=True) if choice.value in row.run.metrics]
    return Shown(chart, keys=tuple(having), choices=(choice,), remark=f"5th to 95th percentile. {remark}".strip())


def metric_options(names: object) -> list[tuple[str, str]]:
    """Return metrics as options: those of the standard columns first, in their order, then the others by name."""
    given = list(names)  # type: ignore[call-overload]
    order = {column.id: place for place, column in enumerate(COLUMNS)}
    ordered = sorted(given, key=lambda name: (order.get(name, len(order)), "." in name, name))
    return [(name, label_of(name)) for name in ordered]
