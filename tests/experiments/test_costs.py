# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

import topologies
from experiments.costs import Size, own_s, solving_s
from experiments.draft import Draft
from experiments.scenario import scenario_of
from optinet.toml_source import TomlSource

TORUS = {"name": "torus", "dims": [4, 4, 4]}
RAILS = {
    "name": "rail_optimized",
    "gpus_per_server": 2,
    "servers_per_segment": 4,
    "segments": 2,
    "spines": 2,
    "planes": 2,
}


def sized(name, **parameters):
    return Size.of(topologies.build(name, **parameters))


def scenario(topology=TORUS, workload="random_permutation", routing="ecmp", **more):
    named = {
        name: {"name": each} if isinstance(each, str) else each
        for name, each in (("workload", workload), ("routing", routing))
    }
    values = {"topology": topology, "design": {}, **named, **more}
    return scenario_of(Draft().merged(values, TomlSource("a test", "", values)))


def size_of(asked):
    return Size.of(topologies.build(asked.topology.name, **asked.topology.parameters))


def test_hosts_of_a_switch_are_one_place_and_so_are_chips_that_stand_alike():
    assert sized("leaf_spine", leaves=4, spines=2, hosts_per_leaf=8).steps == 4 * (2 * 4 * 2)
    torus = sized("torus", dims=(4, 4, 4))
    assert (torus.steps, torus.even_steps) == (64 * 384, 384)
    pod = sized("tpu_pod", cubes=(1, 1, 2))  # whose cubes of 64 chips differ in nothing but their place
    assert (pod.steps, pod.even_steps) == (128 * 768, 64 * 768)


def test_hosts_of_several_switches_are_places_of_their_own_where_traffic_is_not_even():
    rails = sized(**RAILS)
    # two leaves a plane and segment, one for each rail; each to two spines
    assert (rails.even_places, rails.even_inner_arcs) == (4, 2 * (2 * 4 * 2))
    assert (rails.places, rails.inner_arcs) == (16, rails.arcs)
    planes = sized("multiplane", planes=2, leaves=2, spines=2, hosts_per_leaf=4)
    assert planes.places == planes.even_places == 2  # planes are alike, and so are their hosts


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"workload": "uniform"}, {}),
        ({"routing": "dor"}, {"routing": "valiant"}),
        ({"routing": "valiant"}, {"routing": "optimal"}),
        ({"routing": {"name": "k_shortest", "k": 2}}, {"routing": {"name": "k_shortest", "k": 8}}),
        ({}, {"workload": "all_reduce"}),
    ],
    ids=str,
)
def test_harder_work_takes_longer(less, more):
    one, other = scenario(**less), scenario(**more)
    assert solving_s(one, size_of(one)) < solving_s(other, size_of(other))


def test_larger_fabrics_take_longer_and_a_budget_bounds_the_search_for_the_optimum():
    large = scenario({"name": "torus", "dims": [16, 16, 16]}, routing="optimal")
    short = scenario({"name": "torus", "dims": [16, 16, 16]}, routing={"name": "optimal", "optimum_budget_s": 2.0})
    without = scenario({"name": "torus", "dims": [16, 16, 16]})
    found = size_of(large)
    assert 5.0 < solving_s(large, found) < 60.0  # 13 s were measured
    assert solving_s(short, found) == pytest.approx(solving_s(without, found) + 2.0)


def test_every_state_of_failure_takes_its_time():
    few, many = (scenario(failures={"samples": samples}) for samples in (100, 200))
    size, alone = size_of(few), scenario()
    assert own_s(many, size) - own_s(alone, size) == pytest.approx(2 * (own_s(few, size) - own_s(alone, size)))


def test_circuits_that_are_set_anew_take_their_time():
    mesh = {"name": "ocs_mesh", "blocks": 8, "hosts_per_block": 2, "uplinks_per_block": 8}
    still, phases = scenario(mesh), scenario(mesh, phases={"length_s": 1.0, "count": 5})
    fixed, rewired = (scenario(mesh, failures={"samples": 100, "rewire": each}) for each in (False, True))
    size = size_of(still)
    assert solving_s(phases, size) == pytest.approx(solving_s(still, size) + 5 * 8**2 * 1e-3)
    assert own_s(rewired, size) == pytest.approx(own_s(fixed, size) + 100 * 8**2 * 1e-4)


def test_jobs_take_a_time_for_each_parallelism_that_no_bound_passes_over():
    job = {"name": "training", "model": "llama_3_70b", "global_batch": 64}
    one, other = ({**job, "parallelism": {"tp": tp}} for tp in (8, 4))
    size = size_of(scenario())

    def job_s(workload, routing):
        return solving_s(scenario(workload=workload, routing=routing), size) - solving_s(
            scenario(routing=routing), size
        )

    assert job_s(job, "dor") == pytest.approx(job_s(one, "dor"))
    assert job_s(job, "best") == pytest.approx(64 * job_s(one, "best"))  # so many are tried at most
    assert job_s({"name": "jobs", "jobs": {"a": one, "b": other}}, "dor") == pytest.approx(2 * job_s(one, "dor"))
