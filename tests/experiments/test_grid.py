# SPDX-License-Identifier: Apache-2.0
"""Axes, rules and refusals of studies, each against points counted by hand."""

from __future__ import annotations

import time

import pytest

from experiments.grid import MOST_POINTS
from experiments.study import load_study
from optinet.errors import ScenarioError

BASE = """\
[base]
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 2}
workload = {name = "uniform"}
design = {switch = "switch_51t2", optics = "retimed_800g_dr8"}
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.toml"

    def make(text, *overrides):
        path.write_text(text if "[base]" in text else f"{BASE}{text}")
        return load_study(path, overrides)

    return make


@pytest.fixture
def problems(study):
    def found(text):
        with pytest.raises(ScenarioError) as caught:
            study(text)
        return [str(problem).split("study.toml:", 1)[-1] for problem in caught.value.problems]

    return found


def along(made, key):
    return [point.coordinates[key] for point in made.points()]


@pytest.mark.parametrize(
    ("spread", "values"),
    [
        ("{from = 2, to = 8, step = 2}", [2, 4, 6, 8]),
        ("{from = 2, to = 7, step = 2}", [2, 4, 6]),
        ("{from = 4, to = 1}", [4, 3, 2, 1]),
        ("{from = 1, to = 64, count = 7, spacing = 'log'}", [1, 2, 4, 8, 16, 32, 64]),
        ("{from = 1, to = 9, count = 3}", [1, 5, 9]),
        ("{from = 3, step = 10, count = 3}", [3, 13, 23]),
        ("{from = 5, to = 5}", [5]),
        ("[7, 3]", [7, 3]),
    ],
)
def test_ranges_are_short_for_lists(study, spread, values):
    made = study(f'[grid]\n"topology.spines" = {spread}\n')
    assert along(made, "topology.spines") == values
    assert all(isinstance(value, int) for value in along(made, "topology.spines"))
    assert made.points()[0].name == f"spines={values[0]}"


def test_seeds_are_counted_and_fractions_stay_fractions(study):
    assert along(study("[grid]\nseed = {count = 4}\n"), "seed") == [0, 1, 2, 3]
    made = study("[grid]\nworkload.gbps_per_endpoint = {from = 0.1, to = 0.3, count = 3}\n")
    assert along(made, "workload.gbps_per_endpoint") == pytest.approx([0.1, 0.2, 0.3])


def test_keys_of_a_zip_go_together_and_meet_the_grid(study):
    made = study(
        """\
[grid]
seed = [1, 2]
[[zip]]
"topology.leaves" = [4, 8]
"topology.spines" = [2, 4]
[[zip]]
"design.optics" = ["retimed_800g_dr8", "lpo_800g_dr8"]
"""
    )
    seen = [
        (p.coordinates["seed"], p.scenario.topology.parameters["leaves"], p.scenario.topology.parameters["spines"])
        for p in made.points()
    ]
    assert seen == [(1, 4, 2), (1, 4, 2), (1, 8, 4), (1, 8, 4), (2, 4, 2), (2, 4, 2), (2, 8, 4), (2, 8, 4)]
    assert made.points()[1].name == "seed=1 / leaves=4 / spines=2 / optics=lpo_800g_dr8"


def test_constraints_leave_points_out_before_they_are_checked(study):
    # spines = 0 would be refused if it were not left out
    made = study(
        """\
constraints = ["topology.spines > 0", "topology.leaves == 2 * topology.spines or topology.hosts_per_leaf > 2"]
[base]
topology = {name = "leaf_spine", hosts_per_leaf = 2}
workload = {name = "uniform"}
[grid]
"topology.leaves" = [2, 4, 8]
"topology.spines" = [0, 1, 2]
"""
    )
    places = [(p.coordinates["topology.leaves"], p.coordinates["topology.spines"]) for p in made.points()]
    assert places == [(2, 1), (4, 2)]
    assert (made.excluded, made.duplicates) == (7, 0)


def test_a_constraint_may_name_a_default_and_passes_over_scenarios_without_its_key(study):
    made = study(
        """\
constraints = ["topology.links_per_pair == 1", "case != 'torus' or topology.dims[0] == 2"]
[base]
workload = {name = "uniform"}
[[case]]
name = "one"
topology = {name = "leaf_spine", leaves = 2, spines = 2, hosts_per_leaf = 2}
[[case]]
name = "two"
topology = {name = "leaf_spine", leaves = 2, spines = 2, hosts_per_leaf = 2, links_per_pair = 2}
[[case]]
name = "torus"
topology = {name = "torus", dims = [2, 2]}
"""
    )
    assert [point.case for point in made.points()] == ["one", "torus"]


def test_overrides_change_the_points_that_a_condition_holds_for(study):
    made = study(
        """\
[grid]
"topology.leaves" = [4, 8]
"topology.hosts_per_leaf" = [2, 4]
[[override]]
when = "topology.leaves * topology.hosts_per_leaf >= 16 and design.switch == 'switch_51t2'"
design = {switch = "switch_102t4"}
[override.topology]
spines = 4
""",
    )
    seen = [(p.scenario.topology.parameters["spines"], p.scenario.design["switch"]) for p in made.points()]
    assert seen == [(2, "switch_51t2"), (4, "switch_102t4"), (4, "switch_102t4"), (4, "switch_102t4")]
    over = study("[grid]\nseed = [1, 2]\n[[override]]\nwhen = 'seed == 2'\ntopology.spines = 3\n", "topology.spines=5")
    assert {p.scenario.topology.parameters["spines"] for p in over.points()} == {5}  # --set has the last word


def test_places_with_one_scenario_are_one_point_and_counted(study):
    made = study('[grid]\nseed = [1, 2]\n"topology.spines" = [2, 2, 3]\n')
    assert len(made.points()) == 4
    assert made.duplicates == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[grid]\n"topology.leafs" = [2]\n', "6: topology.leafs: unknown key 'leafs'; allowed:"),
        ('[grid]\n"topologi.leaves" = [2]\n', "did you mean 'topology'?"),
        ('[grid]\n"seed.x" = [2]\n', "6: seed: "),
        (
            '[grid]\nworkload = [{name = "uniform"}]\n[[zip]]\n"workload.name" = ["uniform"]\n',
            "8: zip[0].\"workload.name\": 'workload' sets the same; allowed: one axis for each key",
        ),
        ("[grid]\nseed = [1]\n[[zip]]\nseed = [2]\n", "8: zip[0].seed: is set twice"),
        (
            "[[zip]]\nseed = [1, 2]\ntopology.spines = [1]\n",
            "zip[0]: keys of different lengths: seed has 2, topology.spines has 1",
        ),
        ("[grid]\nseed = 3\n", "6: grid.seed: one value where a list of values belongs; allowed: a list such as"),
        ("[grid]\nseed = {from = 3}\n", "6: grid.seed: a range without an end"),
        ("[grid]\nseed = {form = 3, to = 4}\n", "grid.seed.form: unknown key 'form'"),
        ("[grid]\nseed = {from = 3, to = 1, step = 1}\n", "6: grid.seed: a step of 1 does not lead from 3 to 1"),
        ("[grid]\nseed = {to = 9, step = 3, count = 4}\n", "6: grid.seed: 'to', 'step' and 'count' at once"),
        ("[grid]\nseed = {to = 9, count = 4, spacing = 'log'}\n", "6: grid.seed: a logarithmic range needs"),
        ("[grid]\nseed = {count = 0}\n", "6: grid.seed.count: "),
        ("[grid]\nseed = {count = 1000000000}\n", f"6: grid.seed: makes 1000000000 values, more than {MOST_POINTS}"),
        ("[grid]\nseed = {to = 1e300}\n", "more than 100000"),
        (
            "constraints = ['topology.leafs > 1']\n" + BASE,
            "1: constraints[0]: no scenario has the key 'topology.leafs'; did you mean 'topology.leaves'?",
        ),
        ("constraints = ['topology.leaves >']\n" + BASE, "1: constraints[0]: 'topology.leaves >' is not a condition"),
        (
            "constraints = ['open(1)']\n" + BASE,
            "1: constraints[0]: 'open(1)' holds the call 'open(1)'; allowed: keys of",
        ),
        ("constraints = ['seed.__class__ and (lambda: 1)()']\n" + BASE, "holds the call"),
        ("constraints = ['topology.name > 3']\n" + BASE, "1: constraints[0]: 'topology.name > 3' cannot be evaluated"),
        ("constraints = ['2 ** 9999 > 1']\n" + BASE, "cannot be evaluated: an exponent of 9999"),
        ("constraints = ['seed > 5']\n" + BASE, "constraints: leave out every point"),
        ("[[override]]\nspines = 3\n", "override[0].when: is missing"),
    ],
)
def test_an_axis_or_rule_that_makes_no_sense_is_refused_with_its_line(problems, text, message):
    found = problems(text)
    assert any(message in problem for problem in found), found


def test_a_billion_points_are_refused_at_once(problems):
    grid = "".join(f'"catalogue.palomar.{key}" = {{from = 1, to = 1000}}\n' for key in ("power_w", "ports", "price"))
    busy = time.process_time()
    (problem,) = problems(f"[grid]\n{grid}")
    assert time.process_time() - busy < 2.0
    assert "grid: makes 1000000000 scenarios; allowed: at most 100000" in problem
