# SPDX-License-Identifier: Apache-2.0
"""Data of charts, by hand and against what they are defined as."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.charts import (
    Bars,
    Runs,
    availability_curves,
    break_even,
    chart_csv,
    heat_map,
    latency_curves,
    load_curves,
    parallel,
    points,
)
from experiments.charts.phases import PHASE_METRICS
from experiments.charts.sweeps import grouped, telling
from experiments.compare import Row
from experiments.difference import side_by_side
from experiments.pareto import front_of
from optinet.metric import higher_is_better
from optinet.results import open_run

NAN = float("nan")


def row(name, **values):
    def table(group, *_):
        return values.get(group, {"latency": 1})

    run = SimpleNamespace(table=table, columns=table, **values)
    return Row(name, runs=[run])


def test_latency_is_a_cumulative_distribution_over_the_traffic():
    chart = latency_curves(
        [row("a", latency_ns=np.array([300.0, 100.0, 300.0, 200.0]), latency_weight=np.array([1.0, 2.0, 1.0, 0.0]))],
        most=3,
    )
    (curve,) = chart.curves
    assert curve.x.tolist() == [100.0, 300.0]  # what carries no traffic is not there
    assert curve.y.tolist() == [50.0, 100.0]


def loads(name, classes=("up", "down")):
    return row(
        name,
        arc_capacity_gbps=np.array([100.0, 100.0, 0.0, 100.0]),
        arc_utilization=np.array([0.5, 0.25, 0.0, 1.5]),
        link_class=np.array([0, 1]),
        link_class_names=classes,
    )


def test_link_loads_of_one_run_are_told_by_class_and_of_several_as_wholes():
    by_class = load_curves([loads("a")], most=5).curves
    assert [(c.label, c.x.tolist(), c.y.tolist()) for c in by_class] == [
        ("up", [25.0, 50.0], [50.0, 100.0]),
        ("down", [150.0], [100.0]),  # the arc without capacity is none
    ]
    several = load_curves([loads(name) for name in "abc"], most=2)
    assert [c.label for c in several.curves] == ["a", "b"] and several.left_out == 1
    assert several.curves[0].x.tolist() == [25.0, 50.0, 150.0]
    assert several.curves[0].y == pytest.approx([100 / 3, 200 / 3, 100.0])


def test_a_long_distribution_keeps_its_ends_and_few_points():
    values = np.arange(100_000.0)
    chart = latency_curves([row("a", latency_ns=values, latency_weight=np.ones(100_000))], most=1)
    curve = chart.curves[0]
    assert len(curve.x) <= 2001 and curve.x[-1] == values[-1] and curve.y[-1] == 100.0
    assert np.allclose(curve.y, (curve.x + 1) / 1000.0)


def failing(name, n_hosts=4):
    table = {
        "rate_gbps": np.array([400.0, 200.0, 20.0, 0.0]),
        "rate_time_fraction": np.array([0.9, 0.995, 0.9995, 1.0]),
        "rate_time_low_fraction": np.array([0.88, 0.99, 0.99, 1.0]),
        "rate_time_high_fraction": np.array([0.92, 0.999, 1.0, 1.0]),
    }
    metrics = {"cost_usd": SimpleNamespace(value=8000.0), "network_kw": SimpleNamespace(value=2.0)}
    return row(name, availability=table, latency={}, node_kind=np.array([0] * n_hosts + [2, 2]), metrics=metrics)


def test_a_rate_is_delivered_but_for_a_share_of_the_time_and_its_price_rises_with_availability():
    rows = [row("whole", availability={}), failing("a"), failing("b", n_hosts=8)]
    several = availability_curves(rows, most=5)
    assert [(c.label, c.x.tolist()) for c in several.curves] == [
        (name, pytest.approx([1e-5, 0.05, 0.5, 10.0, 100.0])) for name in "ab"
    ]
    assert [c.y.tolist() for c in several.curves] == [[0, 5, 50, 100, 100], [0, 2.5, 25, 50, 50]]
    assert several.curves[0].mark == (0.1, 5.0)  # what holds 99.9 % of the time
    assert several.log_x and several.stepped
    alone = availability_curves(rows[:2], most=5).curves
    assert [c.label for c in alone] == ["a", "a, low end (5 %)", "a, high end (95 %)"]
    # of rates that hold equally long the best one holds
    assert alone[1].x == pytest.approx([1e-5, 1.0, 12.0, 100.0]) and alone[1].y.tolist() == [0, 50, 100, 100]
    assert alone[2].x == pytest.approx([1e-5, 0.1, 8.0, 100.0]) and alone[2].y.tolist() == [5, 50, 100, 100]
    for quantity, whole in (("cost", 20.0), ("power", 5.0)):
        (curve,) = availability_curves([failing("a"), failing("b")], quantity=quantity, most=1).curves
        # at 20 Gb/s a Gb/s is twenty times as dear, and nothing has no price
        assert curve.x == pytest.approx([0.5, 10.0, 100.0]) and curve.y.tolist() == [2 * whole, whole, whole]
    assert availability_curves(rows, most=1).left_out == 1


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, NAN]), min_size=3, max_size=3), max_size=12))
def test_the_front_is_what_nothing_else_beats(rows):
    costs = np.array(rows, dtype=float).reshape(len(rows), 3)

    def beats(one, other):
        return not np.isnan(one).any() and (one <= other).all() and (one < other).any()

    expected = [not np.isnan(c).any() and not any(beats(other, c) for other in costs) for c in costs]
    assert front_of(costs).tolist() == expected


def test_points_without_both_values_are_left_out_and_links_that_do_not_close_beat_nobody():
    verdicts = ["infeasible", "closes", "", "closes"]
    chart, which = points(
        ("network_kw", "throughput"),
        np.array([1.0, 2.0, 3.0, NAN]),
        np.array([0.5, 0.9, 0.9, 1.0]),
        Runs(list("abcd"), ["x", "y", "x", "y"], [""] * 4, verdicts),
    )
    assert which.tolist() == [0, 1, 2] and chart.labels == ("a", "b", "c")
    assert chart.on_front.tolist() == [False, True, False]  # more throughput is better
    assert [chart.groups[i] for i in chart.group] == ["x", "y", "x"]
    assert chart.closes.tolist() == [False, True, True]
    assert chart.goals == ("least power in kW", "most throughput")


def test_a_run_is_beaten_by_runs_of_its_own_workload_alone_in_everything_asked_for():
    rng = np.random.default_rng(7)
    cost, power, rate, load = rng.integers(0, 5, (4, 80)).astype(float)
    workloads = [str(each) for each in load % 3]
    runs = Runs(list(map(str, range(80))), [""] * 80, workloads, ["closes"] * 80)

    def beaten(i, columns):
        rivals = [j for j in range(80) if workloads[j] == workloads[i]]
        as_good = [j for j in rivals if all(c[j] <= c[i] for c in columns)]
        return any(any(c[j] < c[i] for c in columns) for j in as_good)

    for also, columns in (({}, (cost, power)), ({"delivered_gbps_per_endpoint": rate}, (cost, power, -rate))):
        chart, _ = points(("cost_usd", "network_kw"), cost, power, runs, also)
        assert chart.on_front.tolist() == [not beaten(i, columns) for i in range(80)]
        assert [len(line) for line in chart.lines] == (
            [] if also else [sum(chart.on_front[np.array(workloads) == w]) for w in dict.fromkeys(workloads)]
        )
    for line in points(("cost_usd", "network_kw"), cost, power, runs)[0].lines:
        assert np.all(np.diff(cost[line]) >= 0)


@pytest.mark.parametrize("name", ["bisection_links", "optimum_gbps_per_endpoint", "staying_fraction", "endpoint_gbps"])
def test_more_of_what_carries_traffic_is_better(name):
    assert higher_is_better(name)


def test_rare_groups_are_one():
    names, group = grouped([*"aabb", *map(str, range(20))])
    assert names[:2] == ("a", "b") and len(names) == 11 and names[-1] == "others"
    assert group.tolist()[:4] == [0, 0, 1, 1] and max(group) == 10


def test_parallel_axes_that_no_run_has_are_left_out():
    values = np.array([[1.0, NAN, 3.0], [NAN, NAN, 4.0], [2.0, NAN, 5.0]])
    chart, which = parallel(["network_kw", "x", "throughput"], ["P, kW", "X", "T"], list("abc"), values, list("ggh"))
    assert chart.axes == ("P, kW", "T") and chart.better_high == (False, True)
    assert which.tolist() == [0, 2] and chart.values.tolist() == [[1.0, 3.0], [2.0, 5.0]]


def test_a_heat_map_is_the_mean_of_each_cell_with_its_range():
    chart = heat_map(
        "k", "n", "P, kW", [2.0, 1.0, 2.0, 2.0, NAN], ["b", "a", "b", "a", "a"], np.array([1, 2, 5, NAN, 9])
    )
    assert chart.x_ticks == ("1", "2") and chart.y_ticks == ("a", "b")
    assert np.array_equal(chart.values, [[2.0, NAN], [NAN, 3.0]], equal_nan=True)
    assert chart.counts.tolist() == [[1, 0], [0, 2]]
    assert (chart.low[1, 1], chart.high[1, 1]) == (1.0, 5.0)
    assert chart.cell.tolist() == [3, 0, 3, -1, -1]
    rows = list(csv.reader(io.StringIO(chart_csv(chart))))
    assert rows == [
        ["n", "k", "P, kW", "P (least), kW", "P (largest), kW", "runs"],
        ["a", "1.0", "2.0", "2.0", "2.0", "1"],
        ["b", "2.0", "3.0", "1.0", "5.0", "2"],
    ]


def test_break_even_has_a_curve_for_each_design_by_length_the_slowest_first():
    metrics = {
        "phase_length_s": np.array([10.0, 1.0, 1.0, NAN]),
        "following_fraction": np.array([0.9, 0.5, 0.8, NAN]),
        "staying_fraction": np.array([0.6, 0.6, 0.6, NAN]),
        "break_even_s": np.array([2.0, 2.0, 0.01, NAN]),
        "dark_ms": np.array([100.0, 100.0, 1.0, NAN]),
    }
    chart = break_even(["slow", "slow", "fast", "none"], metrics, most=5)
    slow, fast, staying = chart.curves
    assert chart.lines[0].label == "slow: 100 ms dark, pays from 2 s" and slow.mark == (2.0, 0.6)
    assert slow.x.tolist() == [1.0, 10.0] and slow.y.tolist() == [0.5, 0.9]
    assert (fast.label, fast.note[:9]) == ("fast", "1 ms dark") and staying.y.tolist() == [0.6, 0.6]


def test_curves_that_cannot_be_told_apart_are_one_line_with_all_their_names():
    chart = latency_curves(
        [
            row(name, latency_ns=np.array([100.0, last]), latency_weight=np.array([1.0, 3.0]))
            for name, last in (("a", 900.0), ("b", 900.5), ("c", 500.0), ("d", 900.0))
        ],
        most=9,
    )
    assert [(line.label, line.rows) for line in chart.lines] == [("a = b = d (same line)", (0, 1, 3)), ("c", (2,))]
    x, y = chart.path(chart.curves[2])
    assert x.tolist() == [100.0, 100.0, 500.0, 500.0] and y.tolist() == [0.0, 25.0, 25.0, 100.0]
    assert [line.split(",")[0] for line in chart_csv(chart).splitlines()[1:]] == [
        *"aabbccdd"
    ]  # the data tell them apart


@given(st.floats(1e-8, 1e3), st.floats(0.0, 0.4), st.floats(0.7, 1.0), st.lists(st.integers(-18, 12), min_size=2))
def test_a_break_even_curve_is_what_a_run_of_any_length_would_say(dark_s, dark, new, powers):
    def share(length_s):
        part = np.minimum(dark_s / length_s, 1.0)
        return dark * part + new * (1.0 - part)

    length_s = np.append(np.unique(powers), 14.0)
    length_s = np.append(10.0 ** (length_s / 2), dark_s / 2)
    count = len(length_s)
    even_s, stay = dark_s * (new - dark) / (new - 0.6), 0.6
    columns = (length_s, share(length_s), *(np.full(count, value) for value in (stay, even_s, 1e3 * dark_s)))
    metrics = dict(zip(PHASE_METRICS, columns, strict=True))
    curve = break_even(["a"] * count, metrics, most=1).curves[0]
    x, y = curve.between
    assert y == pytest.approx(share(x), abs=1e-9) and set(length_s) <= set(x.tolist())
    assert np.interp(even_s, x, y) == pytest.approx(stay, abs=1e-9) or not x[0] < even_s < x[-1]


def test_an_axis_over_many_decades_is_logarithmic():
    values = np.array([[1e-5, 5.0, 0.0, 2.0], [1e1, 6.0, 1e6, 2.0], [1e7, 7.0, 1.0, NAN]])
    chart, _ = parallel(["a", "b", "c", "d"], list("abcd"), list("xyz"), values, [""] * 3)
    assert chart.logarithmic.tolist() == [True, False, False, False]  # of nothing there is no logarithm
    assert chart.heights[:, :2] == pytest.approx(np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]))
    assert np.array_equal(chart.heights[:, 3], [0.5, 0.5, NAN], equal_nan=True)


def test_a_map_begins_with_a_metric_that_changes_along_both_parameters():
    values = {"flat": [5, 5, 5, 5], "rows": [1, 1, 2, 2], "both": [1, 2, 3, NAN]}

    def made(name):
        return heat_map("k", "n", name, [1e-6, 1.0, 1e-6, 1.0], list("aabb"), np.array(values[name], dtype=float))

    assert telling(values, made)[0] == "both" and telling(["flat", "rows"], made) is None
    assert made("both").x_ticks == ("10⁻⁶", "1")


def test_runs_side_by_side_have_every_value_that_differs_in_one(swept):
    paths = {path.name.split("--")[0]: path for path in swept}
    one, two, three = (open_run(paths[name]) for name in ("lpo-uniform", "retimed-uniform", "pod-uniform"))
    lines = {(line.part, line.name): line for line in side_by_side([one, two, three])}
    assert lines["scenario", "design.optics"].values[:2] == tuple(r.scenario["design"]["optics"] for r in (one, two))
    power = lines["metrics", "network_kw"]
    assert power.values == tuple(run.metrics["network_kw"].value for run in (one, two, three)) and power.unit == "kW"
    assert power.shares[0] == 0.0 and power.shares[1] == pytest.approx(power.values[1] / power.values[0] - 1)
    assert ("scenario", "workload.name") not in lines
    assert power.ends[0] == (one.metrics["network_kw"].low, one.metrics["network_kw"].high)
    used = two.table("catalogue")
    optics = two.scenario["design"]["optics"]
    place = next(
        i
        for i, name in enumerate(used["component"])
        if name == optics and used["low"][i] < used["high"][i] and used["basis"][i] != "estimate"
    )
    told = f"{used['source'][place]} ({used['basis'][place]}, {used['confidence'][place]})"
    line = lines["catalogue", f"{used['component'][place]} {used['key'][place]}"]
    assert line.sources[:2] == ("", told)  # the other design does without it
    assert (line.values[1], *line.ends[1]) == tuple(used[name][place] for name in ("value", "low", "high"))
    assert not [name for _, name in lines if name.endswith((" low", " high"))]
    assert side_by_side([one, one]) == []
    bill = one.table("bom")
    price = lines["bom", f"{bill['role'][0]} {bill['component'][0]} {bill['where'][0]} cost_usd"]
    assert price.values[0] == bill["cost_usd"][0] and price.unit == "USD"
    time = dict(zip(two.table("latency")["part"], two.table("latency")["part_ns"], strict=True))
    assert lines["latency", "modules"].values[1] == time["modules"] and lines["latency", "modules"].unit == "ns"


def test_one_run_alone_has_all_that_it_holds(swept):
    run = open_run(swept[0])
    lines = side_by_side([run])
    found = {(line.part, line.name): line for line in lines}
    assert {part for part, _ in found} >= {
        "scenario",
        "metrics",
        "latency",
        "power",
        "cost",
        "bom",
        "catalogue",
        "result",
    }
    assert [line.values[0] for line in lines if line.part == "notes"] == list(run.notes)
    assert sum(part == "catalogue" for part, _ in found) == len(run.table("catalogue")["key"])
    assert all(line.sources[0] for line in lines if line.part == "catalogue")
    assert not any(line.values[0] is None for line in lines)


POWER_PARTS = (
    *("switch", "SerDes difference", "module DSP", "module laser", "module driver", "module TIA", "module other"),
    *("external laser", "cable", "OCS", "NIC", "chip network", "other"),
)


@given(st.sets(st.sampled_from([*POWER_PARTS, "one unknown", "another"]), min_size=1))
def test_a_part_has_the_same_color_in_every_chart_and_what_is_unknown_one_that_is_free(names):
    whole = dict(zip(POWER_PARTS, Bars("", "Power, W", (), POWER_PARTS, (), ()).colors, strict=True))
    assert len(set(whole.values())) == len(POWER_PARTS)
    colors = Bars("", "Power, W", (), tuple(sorted(names)), (), ()).colors
    found = dict(zip(sorted(names), colors, strict=True))
    assert all(found[name] == whole[name] for name in names & whole.keys())
    if len(names) <= len(POWER_PARTS):
        assert len(set(found.values())) == len(names)
