# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from experiments.scenario import Scenario, load_scenario, shipped
from experiments.study import load
from optinet.design import ROLES
from optinet.errors import Problem, ScenarioError

ROOT = Path(__file__).parents[2]

SMALL = """\
title = "small"
tags = ["a", "b"]

[topology]
name = "leaf_spine"
leaves = 4
spines = 2
hosts_per_leaf = 2

[workload]
name = "uniform"

[design]
switch = "switch_51t2"
optics = "retimed_800g_dr8"

[catalogue]
"palomar.power_w" = 90
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def problems(path: Path, text: str, *overrides: str) -> tuple[Problem, ...]:
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return caught.value.problems


def test_a_scenario_holds_what_the_file_says_and_the_defaults(small: Path):
    scenario = load_scenario(small)
    assert (scenario.title, scenario.tags, scenario.seed, scenario.caveat) == ("small", ("a", "b"), 0, "")
    assert scenario.topology.name == "leaf_spine"
    assert scenario.topology.parameters["leaves"] == 4
    assert scenario.topology.parameters["links_per_pair"] == 1  # a default of the builder
    assert scenario.workload.flat() == {"name": "uniform", "gbps_per_endpoint": 800.0}
    assert scenario.routing.name == "best"
    assert scenario.catalogue == {"palomar.power_w": 90.0}
    assert scenario.design["optics"] == "retimed_800g_dr8"
    defaults = {role: entry.default for role, entry in ROLES.items() if entry.default}
    assert scenario.design == defaults | {"switch": "switch_51t2", "optics": "retimed_800g_dr8"}


def test_resolved_is_plain_and_in_a_fixed_order(small: Path):
    resolved = load_scenario(small).resolved()
    assert list(resolved) == [
        "title", "seed", "tags", "caveat", "topology", "workload", "routing", "design", "catalogue",
    ]  # fmt: skip
    assert next(iter(resolved["topology"])) == "name"
    assert json.loads(json.dumps(resolved)) == resolved


def test_to_toml_loads_as_the_same_scenario(small: Path):
    scenario = load_scenario(small)
    small.write_text(scenario.to_toml())
    again = load_scenario(small)
    assert again == scenario
    assert again.content_sha256 == scenario.content_sha256
    assert tomllib.loads(scenario.to_toml()) == scenario.resolved()


def test_the_hash_follows_the_content_not_the_writing(small: Path):
    scenario = load_scenario(small)
    small.write_text("seed = 0\n" + SMALL.replace("spines = 2\nhosts_per_leaf = 2", "hosts_per_leaf = 2\nspines = 2"))
    assert load_scenario(small).content_sha256 == scenario.content_sha256
    hashes = {
        load_scenario(small, [change]).content_sha256
        for change in ("title=x", "seed=1", "tags=[]", "caveat=x", "topology.leaves=5", "routing.name=ecmp",
                       "workload.gbps_per_endpoint=1", "design.optics=lpo_800g_dr8", "catalogue.palomar.power_w=91")
    }  # fmt: skip
    assert len(hashes - {scenario.content_sha256}) == 9


def test_a_scenario_travels_to_another_process_and_cannot_be_changed(small: Path):
    scenario = load_scenario(small)
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    with pytest.raises(ValueError, match="frozen"):
        scenario.seed = 2


def test_three_mistakes_are_named_together_with_line_and_nearest_name(small: Path):
    text = SMALL.replace("leaves = 4", "leafs = 4\nleaves = true").replace("spines = 2", "spines = 0")
    found = problems(small, text)
    assert [(p.where, p.location, p.nearest) for p in found] == [
        ("topology.leafs", f"{small}:6", "leaves"),
        ("topology.leaves", f"{small}:7", ""),
        ("topology.spines", f"{small}:8", ""),
    ]
    assert [p.found for p in found] == [
        "unknown key 'leafs'",
        "true where a whole number belongs",
        "0 is below the smallest allowed value 1",
    ]


def test_every_part_of_the_file_is_checked_at_once(small: Path):
    text = """\
sed = 1
seed = -1

[topology]
name = "leaf_spin"

[workload]
gbps_per_endpoint = 1

[routing]
name = "dor"
tie = "spli"

[design]
switch = "palomar"
optic = "retimed_800g_dr8"
optics = "retimed_800g_dr9"
nic = 3

[catalogue]
"palomar.powr_w" = 1
"palomar.ports" = -1
"""
    assert {p.where: (p.location.rpartition(":")[2], p.nearest) for p in problems(small, text)} == {
        "sed": ("1", "seed"),
        "seed": ("2", ""),
        "topology.name": ("5", "leaf_spine"),
        "workload.name": ("7", ""),
        "routing.tie": ("12", "split"),
        "design.switch": ("15", ""),
        "design.optic": ("16", "optics"),
        "design.optics": ("17", "retimed_800g_dr8"),
        "design.nic": ("18", ""),
        'catalogue."palomar.powr_w"': ("21", "power_w"),
        'catalogue."palomar.ports"': ("22", ""),
    }


def test_a_component_of_the_wrong_kind_is_told_from_an_unknown_one(small: Path):
    wrong_kind, unknown = problems(
        small, SMALL.replace('"switch_51t2"', '"palomar"').replace('"retimed_800g_dr8"', '"nothing"')
    )
    assert "is of kind ocs" in wrong_kind.found
    assert "switch_51t2" in wrong_kind.allowed
    assert unknown.found == "unknown component 'nothing'"


def test_missing_tables_are_named(small: Path):
    assert [(p.where, p.found, p.location) for p in problems(small, "seed = 1\n")] == [
        ("topology", "is missing", f"{small}:1"),
        ("workload", "is missing", f"{small}:1"),
    ]


def test_an_unknown_name_lists_the_known_ones(small: Path):
    (problem,) = problems(small, SMALL, "routing.name=bes")
    assert problem.nearest == "best"
    assert set(problem.allowed.split(", ")) >= {"best", "ecmp", "dor", "valiant"}


def test_a_dotted_component_value_needs_no_quotes(small: Path):
    small.write_text(SMALL.replace('"palomar.power_w"', "palomar.power_w"))
    assert load_scenario(small).catalogue == {"palomar.power_w": 90.0}
    (problem,) = problems(small, SMALL.replace('"palomar.power_w" = 90', "\npalomar.powr_w = 90"))
    assert (problem.location, problem.nearest) == (f"{small}:19", "power_w")


@pytest.mark.parametrize(
    ("option", "path", "value"),
    [
        ("seed=3", ("seed",), 3),
        ("title=free words", ("title",), "free words"),
        ("title='3'", ("title",), "3"),
        ("caveat=a=b", ("caveat",), "a=b"),
        ("tags=['x']", ("tags",), ["x"]),
        ("topology.leaves = 8", ("topology", "leaves"), 8),
        ("routing.name=ecmp", ("routing", "name"), "ecmp"),
        ("design.ocs=palomar", ("design", "ocs"), "palomar"),
        ("catalogue.palomar.ports=128", ("catalogue", "palomar.ports"), 128.0),
    ],
)
def test_an_option_sets_one_key(small: Path, option: str, path: tuple[str, ...], value: object):
    found = load_scenario(small, [option]).resolved()
    for key in path:
        found = found[key]
    assert found == value


def test_an_option_sets_a_whole_table_and_the_last_one_holds(small: Path):
    torus = "topology={name = 'torus', dims = [2, 2]}"
    topology = load_scenario(small, [torus, "topology.dims=[3,3]", "topology.dims=[4,4]"]).topology
    assert (topology.name, topology.parameters["dims"]) == ("torus", [4, 4])


@pytest.mark.parametrize(
    ("option", "where", "found"),
    [
        ("topology.leaves=0", "topology.leaves", "0 is below the smallest allowed value 1"),
        ("topology.leaves=[4", "topology.leaves", "text '[4' where a whole number belongs"),
        ("topology.leaves=1\nx=2", "topology.leaves", "text '1\nx=2' where a whole number belongs"),
        ("topology.leafs=4", "topology.leafs", "unknown key 'leafs'"),
        ("topology=4", "topology", "4 where a table belongs"),
        ("design.ocs=palomr", "design.ocs", "unknown component 'palomr'"),
        ("seed", "", "has no '='"),
        ("=4", "", "'' is not a key"),
        ("a b=4", "", "'a b' is not a key"),
        ("title.x=4", "title.x", "'title' is not a table, so no key of it can be set"),
    ],
)
def test_a_mistake_in_an_option_cites_the_option(small: Path, option: str, where: str, found: str):
    (problem,) = problems(small, SMALL, option)
    assert (problem.where, problem.found, problem.location) == (where, found, f"--set {option}")


def test_options_and_file_are_reported_together(small: Path):
    found = problems(small, SMALL.replace("leaves = 4", "leaves = 0"), "topology.spines=0")
    assert [p.location for p in found] == [f"{small}:6", "--set topology.spines=0"]


def test_a_syntax_error_stands_alone(small: Path):
    (problem,) = problems(small, "seed = -1\nx = = 1\n", "seed")
    assert problem.location == f"{small}:2"


def test_an_unknown_shipped_name_and_a_missing_file_are_one_problem_each(tmp_path: Path):
    with pytest.raises(ScenarioError) as caught:
        load_scenario("no_such_system")
    (problem,) = caught.value.problems
    assert problem.found == "unknown scenario 'no_such_system'"
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "absent.toml")
    (problem,) = caught.value.problems
    assert (problem.found, problem.location) == ("no such file", str(tmp_path / "absent.toml"))


def test_a_study_is_recognized(small: Path):
    (problem,) = problems(small, "[base]\nseed = 1\n")
    assert problem.found == "is a study, not a scenario: run it with 'optinet sweep'"


def test_every_shipped_scenario_is_valid_and_found_by_its_name():
    for name, path in shipped("systems").items():
        assert load_scenario(name) == load_scenario(path)
    assert shipped("no_such_folder") == {}


TOML_BLOCKS = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "scenario.md").read_text(), re.DOTALL)


def test_the_user_guide_has_examples():
    assert len(TOML_BLOCKS) >= 3


@pytest.mark.parametrize("text", TOML_BLOCKS)
def test_every_example_of_the_user_guide_is_valid(tmp_path: Path, text: str):
    (tmp_path / "rack.toml").write_text(TOML_BLOCKS[0])  # what the examples refer to
    (tmp_path / "example.toml").write_text(text)
    found = load(tmp_path / "example.toml")
    assert isinstance(found, Scenario) or len(found.points()) > 1


def test_importing_scenarios_brings_none_of_the_heavy_libraries():
    code = "import sys, experiments.study; print([m for m in ('numpy', 'numba', 'h5py', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_scale_out_network_is_that_of_another_file_or_written_out(tmp_path: Path, small: Path):
    other = tmp_path / "other.toml"
    other.write_text('title = "one leaf"\n[topology]\nname = "sized_clos"\nendpoints = 8\nradix = 8\nlink_gbps = 400\n')
    small.write_text(SMALL.replace("[topology]", 'scale_out = "other.toml"\n\n[topology]', 1))
    linked = load_scenario(small)
    assert linked.scale_out is not None and linked.scale_out.name == "sized_clos"
    copy = tmp_path / "copy.toml"
    copy.write_text(linked.to_toml())  # holds the topology itself
    assert load_scenario(copy) == linked
    assert load_scenario(small, ["scale_out=hgx_scale_out"]).scale_out.name == "rail_optimized"


def test_racks_and_scale_out_that_cannot_be_are_told_with_their_lines(small: Path):
    text = SMALL.replace("[topology]", 'scale_out = "nvl27_scale_out"\n\n[topology]', 1)
    text += '[racks]\nhost = 8\ntier_1 = "leaf"\ntier_2 = 0\n'
    found = {problem.where: problem for problem in problems(small, text)}
    assert found["scale_out"].location.endswith(":3") or found["scale_out"].location.endswith(":4")
    assert found["scale_out"].nearest == "nvl72_scale_out"
    assert found["racks.host"].nearest == "hosts"
    assert {"racks.tier_1", "racks.tier_2"} <= set(found)
