# SPDX-License-Identifier: Apache-2.0
"""Intervals, drivers and probabilities of saved runs, against the models called one draw at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.evaluate import DRAW_SEED, N_DRAWS, evaluate
from experiments.saved import reopened
from experiments.scenario import load_scenario
from experiments.study import load_study
from experiments.uncertainty import Spread, probability_better, spreads, tornado
from optinet.assessing import assess
from optinet.errors import RunFileError
from optinet.metric import Metric
from optinet.results import open_run


@pytest.fixture(scope="module")
def saved(swept):
    return [reopened(open_run(path)) for path in swept]


def test_a_saved_run_gives_back_what_it_was_assessed_from(saved, study_path):
    for one, point in zip(saved, load_study(study_path).points(), strict=True):
        result = evaluate(point.scenario)
        assert one.solution.fabric.graph_sha256 == result.fabric.graph_sha256
        np.testing.assert_array_equal(one.solution.loads.arc_load_gbps, result.solution.loads.arc_load_gbps)
        again = assess(one.solution, one.design, one.catalogue)
        expected = [(metric.name, metric.value) for metric in result.assessment.metrics]
        np.testing.assert_equal([(metric.name, metric.value) for metric in again.metrics], expected)
        np.testing.assert_equal(one.run.metrics["network_kw"].value, dict(expected)["network_kw"])


def test_values_of_a_run_are_its_own_whatever_the_catalogue_says_today(scenario_path, tmp_path):
    from experiments.evaluate import evaluation_bytes
    from optinet.results import write_run

    scenario = load_scenario(scenario_path, ["catalogue.retimed_1t6_dr8.power_w=99"])
    run = open_run(write_run(tmp_path / "r.h5", evaluation_bytes(evaluate(scenario))))
    values = reopened(run).catalogue["retimed_1t6_dr8"].values["power_w"]
    assert (values.value, values.low, values.high) == (99.0, 99.0, 99.0)


def test_the_metrics_of_every_run_have_intervals(saved):
    one = saved[0]
    expected = assess(one.solution, one.design, one.catalogue.draw(N_DRAWS, DRAW_SEED)).metric("network_kw")
    stored = one.run.metrics["network_kw"]
    assert (stored.low, stored.high) == (expected.low, expected.high)
    assert stored.low < stored.value < stored.high
    assert one.run.table("uncertainty") == {"n_draws": N_DRAWS, "seed": DRAW_SEED}
    # what no component value bears on is sure
    assert math.isnan(one.run.metrics["throughput"].low)


def test_all_draws_at_once_are_the_draws_one_by_one(saved):
    one = saved[0]
    found = spreads(one, n_draws=50, seed=3)
    drawn = one.catalogue.draw(50, 3)
    for i in (0, 17, 49):
        used = assess(one.solution, one.design, one.catalogue).values_used
        single = one.catalogue
        for component, key in used:
            value = single[component].values[key]
            number = float(np.broadcast_to(drawn.value(component, key), 50)[i])
            single = single.with_ranges({(component, key): value.model_copy(update={"value": number})})
        alone = assess(one.solution, one.design, single)
        for name in ("network_kw", "cost_usd", "latency_mean_ns", "energy_pj_per_bit"):
            assert found[name].draws[i] == pytest.approx(alone.metric(name).value, rel=1e-9), (name, i)
    assert found["throughput"].draws.tolist() == [one.run.metrics["throughput"].value] * 50


def test_draws_repeat_with_their_seed_and_percentiles_are_ordered(saved):
    first, again, other = (spreads(saved[0], 500, seed)["network_kw"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, other.draws)
    values = list(first.percentiles.values())
    assert values == sorted(values) and len(values) == 5
    assert first.metric.value == saved[0].run.metrics["network_kw"].value  # as listed, not the median


def test_drivers_are_what_the_metric_is_with_one_value_at_its_ends(saved):
    one = saved[0]
    drivers = tornado(one, ["network_kw", "throughput"])
    assert drivers["throughput"] == []
    swings = [driver.swing for driver in drivers["network_kw"]]
    assert swings == sorted(swings, reverse=True) and swings[-1] > 0
    for driver in drivers["network_kw"][:3]:
        for end, expected in (("low", driver.metric_low), ("high", driver.metric_high)):
            alone = assess(one.solution, one.design, one.catalogue.bound(end, driver.name))
            assert alone.metric("network_kw").value == pytest.approx(expected, rel=1e-12)
    with pytest.raises(RunFileError, match="did you mean 'network_kw'"):
        tornado(one, ["netwrk_kw"])


def spread(name, draws):
    return Spread(Metric(name, 0.0, 0.0, 0.0, "1", ""), np.array(draws, dtype=float))


def test_the_probability_of_being_better_counts_draws():
    assert probability_better(spread("network_kw", [1, 2, 3, 4]), spread("network_kw", [2, 2, 2, 2])) == 0.375
    assert probability_better(spread("throughput", [1, 2, 3, 4]), spread("throughput", [2, 2, 2, 2])) == 0.625
    assert probability_better(spread("worst_margin_db", [1, np.nan]), spread("worst_margin_db", [0, 0])) == 1.0
    assert math.isnan(probability_better(spread("network_kw", [np.nan]), spread("network_kw", [1])))
    with pytest.raises(RunFileError, match="one metric over the same draws"):
        probability_better(spread("network_kw", [1]), spread("cost_usd", [1]))


def test_a_component_in_common_moves_both_designs_together(saved):
    # retimed and linear modules differ in power alone; both have the same switch in every draw
    retimed, linear = (spreads(one, 2000)["network_kw"] for one in (saved[0], saved[2]))
    difference = retimed.draws - linear.draws
    assert difference.std() < 0.6 * np.hypot(retimed.draws.std(), linear.draws.std())
    assert probability_better(linear, retimed) > 0.9
    assert probability_better(linear, retimed) + probability_better(retimed, linear) == pytest.approx(1.0)
