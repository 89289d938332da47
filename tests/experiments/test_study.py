# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.scenario import Scenario, shipped
from experiments.study import Study, load, load_study
from optinet.catalogue import load_catalogue
from optinet.errors import Problem, ScenarioError

STUDY = """\
title = "two fabrics"

[base]
seed = 7
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 2, host_gbps = 100.0}
workload = {name = "uniform", gbps_per_endpoint = 100.0}
design = {switch = "switch_51t2", optics = "retimed_800g_dr8"}

[[case]]
name = "more spines"
[case.topology]
spines = 4
[case.design]
optics = "lpo_800g_dr8"

[[case]]
name = "torus"
topology = {name = "torus", dims = [2, 2, 2]}

[grid]
workload = [
    {name = "uniform"},
    {name = "grid_neighbors", dims = [2, 2, 2]},
]
"seed" = [1, 2]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fabrics.toml"
    path.write_text(STUDY)
    return path


def points(path: Path, text: str, *overrides: str):
    path.write_text(text)
    return load_study(path, overrides).points()


def problems(path: Path, text: str, *overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as caught:
        points(path, text, *overrides)
    return caught.value.problems


def test_every_case_meets_every_place_of_the_grid(file: Path):
    study = load_study(file)
    assert (study.name, study.title) == ("fabrics", "two fabrics")
    assert [point.name for point in study.points()] == [
        "more spines / uniform / seed=1",
        "more spines / uniform / seed=2",
        "more spines / grid_neighbors / seed=1",
        "more spines / grid_neighbors / seed=2",
        "torus / uniform / seed=1",
        "torus / uniform / seed=2",
        "torus / grid_neighbors / seed=1",
        "torus / grid_neighbors / seed=2",
    ]
    point = study.points()[2]
    assert (point.case, point.coordinates) == ("more spines", {"workload": "grid_neighbors", "seed": 1})
    assert point.scenario.seed == 1
    assert point.scenario.workload.parameters["dims"] == [2, 2, 2]


def test_a_case_changes_single_keys_of_the_base(file: Path):
    scenario = load_study(file).points()[0].scenario
    assert scenario.topology.parameters["spines"] == 4
    assert scenario.topology.parameters["leaves"] == 4
    assert scenario.topology.parameters["host_gbps"] == 100.0
    assert (scenario.design["switch"], scenario.design["optics"]) == ("switch_51t2", "lpo_800g_dr8")


def test_a_case_with_another_topology_takes_none_of_the_base_parameters(file: Path):
    topology = load_study(file).points()[-1].scenario.topology
    assert topology.name == "torus"
    assert "leaves" not in topology.parameters
    assert topology.parameters["dims"] == [2, 2, 2]


def test_a_whole_table_of_the_grid_takes_nothing_from_the_base(file: Path):
    uniform = load_study(file).points()[0].scenario.workload
    assert uniform.flat() == {"name": "uniform", "gbps_per_endpoint": 800.0}  # the default, not the base's 100


@pytest.mark.parametrize("key", ['"workload.name"', "workload.name"])
def test_a_single_key_of_the_grid_keeps_the_other_parameters(file: Path, key: str):
    text = STUDY[: STUDY.index("[grid]")] + f'[grid]\n{key} = ["uniform", "random_permutation"]\n'
    found = points(file, text)
    assert [point.name for point in found][:2] == ["more spines / uniform", "more spines / random_permutation"]
    assert [point.coordinates for point in found][:2] == [
        {"workload.name": "uniform"},
        {"workload.name": "random_permutation"},
    ]
    assert {point.scenario.workload.parameters["gbps_per_endpoint"] for point in found} == {100.0}


def test_tables_of_one_name_are_told_apart_by_their_parameters(file: Path):
    grid = '[grid]\nworkload = [{name = "uniform"}, {name = "uniform", gbps_per_endpoint = 5}]\n'
    found = points(file, STUDY[: STUDY.index("[grid]")] + grid)
    assert [point.name for point in found][2:] == ["torus / uniform", "torus / uniform gbps_per_endpoint=5"]


def test_lists_and_component_values_can_be_grid_values(file: Path):
    head = STUDY[: STUDY.index("[[case]]")] + '[[case]]\nname = "torus"\ntopology = {name = "torus", dims = [2, 2]}\n'
    found = points(file, head + '[grid]\n"topology.dims" = [[2, 2], [3, 4]]\ncatalogue.palomar.power_w = [90, 100]\n')
    assert [point.name for point in found] == [
        "torus / dims=2x2 / palomar.power_w=90",
        "torus / dims=2x2 / palomar.power_w=100",
        "torus / dims=3x4 / palomar.power_w=90",
        "torus / dims=3x4 / palomar.power_w=100",
    ]
    assert found[2].coordinates == {"topology.dims": [3, 4], "catalogue.palomar.power_w": 90}
    assert found[2].scenario.catalogue == {"palomar.power_w": 90.0}


def test_without_cases_the_grid_varies_the_base(file: Path):
    base = STUDY[: STUDY.index("[[case]]")]
    assert [point.name for point in points(file, base + "[grid]\nseed = [1, 2]\n")] == ["seed=1", "seed=2"]
    (only,) = points(file, base)
    assert (only.name, only.case, only.coordinates) == ("", "", {})


def test_the_same_scenario_is_kept_once(file: Path):
    twice = STUDY + '\n[[case]]\nname = "torus again"\ntopology = {name = "torus", dims = [2, 2, 2]}\n'
    assert [point.case for point in points(file, twice)] == ["more spines"] * 4 + ["torus"] * 4
    assert len(points(file, STUDY, "seed=1")) == 4  # the two seeds of the grid become one


def test_a_case_can_be_a_scenario_file_beside_the_study(file: Path):
    systems = file.parent / "systems"
    systems.mkdir()
    (systems / "mine.toml").write_text(
        'title = "mine"\ntopology = {name = "torus", dims = [3, 3], capacity_gbps = 50}\n[design]\nchip = "tpu_ici"\n'
    )
    case = '[[case]]\nname = "mine"\nscenario = "systems/mine.toml"\n[case.topology]\ndims = [4, 4]\n'
    (point,) = points(file, STUDY[: STUDY.index("[[case]]")] + case)
    assert point.scenario.title == "mine"
    assert point.scenario.workload.parameters["gbps_per_endpoint"] == 100.0  # of the base
    assert (point.scenario.design["chip"], point.scenario.design["switch"]) == ("tpu_ici", "switch_51t2")
    parameters = point.scenario.topology.parameters
    assert (parameters["dims"], parameters["capacity_gbps"]) == ([4, 4], 50.0)


def test_a_mistake_in_a_scenario_file_is_placed_there(file: Path):
    (file.parent / "mine.toml").write_text('[topology]\nname = "torus"\ndims = [3, 0]\n')
    case = '[[case]]\nname = "mine"\nscenario = "mine.toml"\n'
    (problem,) = problems(file, STUDY[: STUDY.index("[[case]]")] + case)
    assert (problem.where, problem.location) == ("topology.dims[1]", f"{file.parent / 'mine.toml'}:3")


def test_a_scenario_file_that_is_missing_is_placed_at_its_case(file: Path):
    (problem,) = problems(file, STUDY + '[[case]]\nname = "mine"\nscenario = "absent.toml"\n')
    assert (problem.where, problem.location) == ("case[2].scenario", f"{file}:28")
    assert "absent.toml: no such file" in problem.found


def test_all_mistakes_of_all_cases_are_reported_once_with_their_lines(file: Path):
    text = (
        STUDY.replace("seed = 7", "sed = 7")
        .replace("spines = 4", "spines = 0")
        .replace("dims = [2, 2, 2]}\n\n", "dim = [2, 2, 2]}\n\n")
        .replace('name = "grid_neighbors", dims', 'name = "grid_neighbours", dims')
    )
    assert sorted((p.location, p.where, p.nearest) for p in problems(file, text)) == [
        (f"{file}:12", "topology.spines", ""),
        (f"{file}:18", "topology.dim", "dims"),
        (f"{file}:18", "topology.dims", ""),
        (f"{file}:23", "workload.name", "grid_neighbors"),
        (f"{file}:4", "sed", "seed"),
    ]


def test_a_parameter_left_over_from_the_base_is_an_error_not_a_silent_default(file: Path):
    grid = '[grid]\n"topology.name" = ["leaf_spine", "torus"]\n'
    base = STUDY[: STUDY.index("[[case]]")]
    assert {p.where for p in problems(file, base + grid)} >= {"topology.leaves", "topology.spines", "topology.dims"}


@pytest.mark.parametrize(
    ("text", "where", "location"),
    [
        ("[grid]\nseed = []\n", "grid.seed", ":10"),
        ("[grid]\nseed = 3\n", "grid.seed", ":10"),
        ("[grid]\nseed = [-1]\n", "seed", ":10"),
        ('[grid]\n"a b" = [1]\n', "", ":10"),
        ('[grid]\n"topology.leafs" = [1, 2]\n', "topology.leafs", ":10"),
        ("[grids]\nseed = [1]\n", "grids", ":9"),
        ('[[case]]\ntitle = "x"\n', "case[0].name", ":9"),
        ("[case]\nname = 'x'\n", "case", ":9"),
        ("case = 3\n", "case", ":9"),
        ('[[case]]\nname = "x"\ntopolgy = 3\n', "topolgy", ":11"),
        ('[[case]]\nname = "x"\n[[case]]\nname = "x"\n', "case[1].name", ":12"),
        (f"[grid]\nseed = [{'1,' * 400}]\ntitle = [{'1,' * 400}]\n", "grid", ":9"),
    ],
)
def test_a_mistake_of_the_study_itself(file: Path, text: str, where: str, location: str):
    found = problems(file, STUDY[: STUDY.index("[[case]]")] + text)
    assert {(p.where, p.location) for p in found} == {(where, f"{file}{location}")}


def test_an_option_goes_on_top_of_everything_and_is_cited(file: Path):
    assert {point.scenario.seed for point in points(file, STUDY, "seed=9")} == {9}
    (problem,) = problems(file, STUDY, "seed=-9")
    assert (problem.where, problem.location) == ("seed", "--set seed=-9")


def test_a_scenario_is_recognized(file: Path):
    (problem,) = problems(file, '[topology]\nname = "torus"\n')
    assert problem.found == "is a scenario, not a study: run it with 'optinet run'"


def test_either_kind_of_file_can_be_loaded(file: Path):
    assert isinstance(load(file), Study)
    file.write_text('topology = {name = "torus", dims = [2]}\nworkload = {name = "uniform"}\n')
    assert isinstance(load(file), Scenario)
    for name, words in {"no_such": "unknown study", "no/such.toml": "no such file"}.items():
        with pytest.raises(ScenarioError, match=words):
            load(name)


def test_an_unknown_study_has_a_nearest_name():
    with pytest.raises(ScenarioError) as caught:
        load_study("which_interconect")
    (problem,) = caught.value.problems
    assert (problem.found, problem.nearest) == ("unknown study 'which_interconect'", "which_interconnect")


@pytest.mark.parametrize("name", sorted(shipped("studies")))
def test_every_shipped_study_is_valid(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)  # found by its name from anywhere
    found = load_study(name).points()
    assert len({point.name for point in found}) == len(found) > 1


def test_pluggable_versus_cpo_is_one_graph_for_all_packagings_and_rates():
    study = load_study("pluggable_versus_cpo").points()
    plans = [point.scenario.resolved() for point in study]
    for part in ("topology", "workload", "routing", "seed"):
        assert all(plan[part] == plans[0][part] for plan in plans)
    packagings = ("retimed", "LRO", "LPO", "NPO", "CPO 2D", "CPO 2.5D", "CPO 3D", "retimed, copper")
    assert [point.case for point in study] == [
        f"{rate} {each}" for rate in ("400G", "800G", "1.6T") for each in packagings
    ]
    catalogue = load_catalogue()
    for point, plan in zip(study, plans, strict=True):
        optics = plan["design"]["optics"]
        rate_gbps = {"400G": 400, "800G": 800, "1.6T": 1600}[point.case.split()[0]]
        assert catalogue.value(optics, "rate_gbps") == rate_gbps
        assert catalogue.text(optics, "packaging") in point.case.lower().replace(" ", "_").replace("2.5d", "2p5d")
