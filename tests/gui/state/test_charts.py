# SPDX-License-Identifier: Apache-2.0
"""What charts say of runs, and what they say when there is nothing to draw."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from experiments.uncertainty import Driver
from gui.state.charts.all_kinds import SELECTION_KINDS, TABLE_KINDS
from gui.state.charts.kinds import Inputs, on_selection, on_table
from gui.state.charts.sensitivity import COMPUTE, STOP, Sensitivity
from gui.state.hints import OPEN_FIRST
from gui.state.runs.session import Session

KINDS = {kind.id: kind for kind in (*SELECTION_KINDS, *TABLE_KINDS)}


@pytest.fixture
def inputs(make_entry):
    """Return a function that makes inputs of some runs; all are selected, the first is the current one."""

    def inputs(*entries, selected=None):
        session = Session()
        session.add(entries)
        keys = tuple(session.keys) if selected is None else selected
        return Inputs(session.frame, np.arange(len(session)), keys, keys[0] if keys else None)

    return inputs


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_without_runs_a_chart_says_what_to_do(inputs, kind):
    shown = kind.make(inputs(), {})
    assert shown.chart is None and ("Select runs" in shown.message or shown.message == OPEN_FIRST)


def test_the_runs_of_one_workload_are_compared_unless_all_are_asked_for(inputs, make_entry):
    entries = [
        make_entry("a", workload="uniform", network_kw=1.0, cost_per_endpoint_usd=5.0, switching="EPS"),
        make_entry("b", workload="uniform", network_kw=2.0, cost_per_endpoint_usd=4.0, switching="MEMS"),
        make_entry("c", workload="other", network_kw=0.5, cost_per_endpoint_usd=1.0),
    ]
    given = inputs(*entries)
    shown = KINDS["pareto"].make(given, {})
    assert shown.keys == ("/runs/a.h5", "/runs/b.h5") and shown.chart.on_front.all()
    assert shown.chart.x_label == "Cost, USD/endpoint" and shown.chart.y_label == "Power, kW"
    assert [choice.value for choice in shown.choices] == [
        "cost_per_endpoint_usd",
        "network_kw",
        "delivered",
        "technology",
        "workload",
    ]
    assert "Not like for like" not in shown.remark
    whole = KINDS["pareto"].make(given, {"scope": "table", "x": "network_kw", "y": "cost_per_endpoint_usd"})
    assert whole.chart.on_front.all() and "of its workload" in whole.remark  # the third does other work
    assert "Not like for like: the runs are under 2 workloads." in whole.remark
    missing = KINDS["pareto"].make(given, {"x": "seed"})
    assert missing.choices[0].value == "cost_per_endpoint_usd"  # what no run has cannot be chosen


def test_a_heat_map_begins_with_the_two_parameters_that_were_varied(inputs, make_entry):
    entries = [
        make_entry(
            f"{i}{j}", **{"topology.k": float(i), "seed.x": float(j), "network_kw": i * 10.0 + j, "a.b": 10 * i + j}
        )
        for i in range(3)
        for j in range(2)
    ]
    shown = KINDS["heat_map"].make(inputs(*entries), {})
    assert {choice.name: choice.value for choice in shown.choices} == {
        "x": "topology.k", "y": "seed.x", "value": "network_kw", "scope": "table"
    }  # fmt: skip
    assert shown.chart.values.tolist() == [[0.0, 10.0, 20.0], [1.0, 11.0, 21.0]]
    one = KINDS["heat_map"].make(inputs(entries[0]), {})
    assert "two parameters" in one.message


def test_charts_are_made_again_only_when_what_they_are_of_has_changed(inputs, make_entry):
    entries = [make_entry(name, workload=load) for name, load in (("a", "x"), ("b", "x"), ("c", "y"))]
    given = inputs(*entries)
    keys = tuple(given.frame.keys)

    def at(current, selected=keys):
        return Inputs(given.frame, given.order, selected, current)

    assert on_table(at(keys[0]), {}) == on_table(at(keys[1], keys[:2]), {}) != on_table(at(keys[2]), {})
    assert on_table(at(keys[0]), {"scope": "selected"}) != on_table(at(keys[0], keys[:2]), {"scope": "selected"})
    assert on_selection(at(keys[0]), {}) == on_selection(at(keys[1]), {}) != on_selection(at(keys[0], keys[:1]), {})


def test_the_sensitivity_of_a_run_is_worked_out_when_asked_for(inputs, make_entry):
    given, state = inputs(make_entry("a")), Sensitivity()
    key = given.current, ""
    assert state.make(given, {}).action == COMPUTE
    before = state.depends(given, {})
    state.running = key
    assert state.make(given, {}).action == STOP and state.depends(given, {}) != before
    state.running = None
    state.fail(key, "/runs/a.h5: has no catalogue")
    assert state.make(given, {}).message == "/runs/a.h5: has no catalogue"
    drivers = [vars(Driver("dsp.power_w", 1.0, 2.0, 90.0, 130.0)), vars(Driver("fan.share", 1.0, 2.0, 99.0, 101.0))]
    entry = {"value": 100.0, "unit": "kW", "percentiles": {"5": 92.0, "95": 120.0}, "drivers": drivers}
    state.take(key, json.dumps({"network_kw": entry, "endpoints": entry | {"drivers": []}}))
    shown = state.make(given, {})
    assert shown.chart.drivers == (("dsp.power_w  1 to 2 W", 90.0, 130.0), ("fan.share  1 to 2", 99.0, 101.0))
    assert shown.chart.axis_label == "Power, kW" and "92 to 120 kW (90 %)" in shown.remark
    assert [value for value, _ in shown.choices[0].options] == ["network_kw"]
    assert state.arguments(key) == ["uncertainty", key[0], "--json"]


def test_a_run_is_measured_against_the_other_that_is_selected(inputs, make_entry):
    given, state = inputs(make_entry("a"), make_entry("b")), Sensitivity()
    one, other = given.selected
    assert "better than those of b" in state.make(given, {}).message and given.current == one
    assert state.arguments((one, other)) == ["uncertainty", one, "--against", other, "--json"]
    drivers = [vars(Driver("dsp.power_w", 1.0, 2.0, 90.0, 130.0))]
    entry = {"value": 100.0, "unit": "kW", "percentiles": {"5": 92.0, "95": 120.0}, "drivers": drivers}
    state.take((one, other), json.dumps({"network_kw": entry | {"probability_better": 0.971}}))
    assert "Better than b in 97 % of the draws." in state.make(given, {}).remark
    assert state.make(dataclasses.replace(given, selected=(one,)), {}).action == COMPUTE
