# SPDX-License-Identifier: Apache-2.0
"""The form of a scenario: fields from the engine's models, typed text to files, and the engine's messages."""

from __future__ import annotations

import io
import json
import tomllib
from typing import Any

import pytest

import topologies
from experiments.draft import Draft
from experiments.scenario import SECTIONS, load_scenario, parameters_of, scenario_of, section_names, shipped
from experiments.study import load_study
from gui.checker import serve
from gui.state.copying import scenario_as_command, scenario_as_python
from gui.state.scenario.check import by_field, check, of_section
from gui.state.scenario.fields import sections_of, value_text
from gui.state.scenario.form import FIRST_SCENARIO, ScenarioForm, parsed
from gui.state.undo import UndoStack
from optinet.design import ROLES
from optinet.errors import Problem, ScenarioError
from optinet.toml_source import TomlSource


@pytest.fixture
def form():
    return ScenarioForm(UndoStack())


def fields(values):
    return {field.where: field for section in sections_of(values) for field in section.fields}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_parameter_of_every_choice_has_a_field_with_help_and_what_is_allowed(section):
    for name in section_names(section):
        found = fields({section: {"name": name}})
        for key, info in parameters_of(section, name).model_fields.items():
            field = found[f"{section}.{key}"]
            assert field.help and field.allowed, (name, key)
            assert field.required == info.is_required()


def test_a_field_says_what_its_model_says():
    found = fields(FIRST_SCENARIO)
    host = found["topology.host_gbps"]
    assert (host.default, host.unit, host.allowed) == ("800", "Gbit s-1", "a number above 0")
    assert found["topology.leaves"].required
    assert fields({"topology": {"name": "torus"}})["topology.twisted"].choices == ("true", "false")
    assert {f"design.{role}" for role in ROLES} <= set(found)
    assert "retimed_800g_dr8" in found["design.optics"].choices and "aec_800g" not in found["design.optics"].choices


@pytest.mark.parametrize("value", [True, 3, 2.5, "line_rate", [4, 4, 8], [["a", 1]], {"name": "gravity", "n": 2}])
def test_a_value_reads_as_it_is_written(value):
    assert parsed(value_text(value), as_text=isinstance(value, str)) == value


def test_the_first_scenario_runs_and_is_sized(form):
    found = check(form.to_toml())
    assert found.problems == ()
    assert found.size == "256 endpoints, 12 switches, 512 links" and found.points == 1
    assert "512 links: about " in found.estimate() and 3.0 < found.seconds - found.compiling_s < 4.0


def test_all_problems_are_told_at_once_each_at_its_field(form):
    form.set_text(("topology", "leaves"), "many", False)
    form.set_text(("topology", "spines"), "", False)
    form.set_text(("workload", "gbps_per_endpoint"), "-1", False)
    form.set_text(("design", "optics"), "lpo_800g_dr9", True)
    form.set_text(("failures", "samples"), "0", False)
    form.set_text(("failures", "causes"), '["modul"]', False)
    form.set_text(("failures", "group"), "{row = {fit = -1}}", False)
    found, others = by_field(check(form.to_toml()).problems, fields(form.values))
    assert others == []
    topology, failures = (
        {"topology.leaves", "topology.spines"},
        {"failures.samples", "failures.causes", "failures.group"},
    )
    assert set(found) == topology | failures | {"workload.gbps_per_endpoint", "design.optics"}
    assert found["failures.causes"][0].nearest == "module" and len(found["failures.group"]) == 2
    assert "text 'many' where a whole number belongs" in str(found["topology.leaves"][0])
    assert found["design.optics"][0].nearest == "lpo_800g_dr8"


@pytest.mark.parametrize(
    ("changes", "field", "found"),
    [
        ({("design", "optics"): "lpo_1t6_dr8"}, "design.optics", "200 Gb/s lanes"),  # does not fit the switch
        ({("topology", "leaves"): "[1, 2]"}, "topology.leaves", "a list where"),
    ],
)
def test_what_does_not_fit_together_is_told_before_anything_is_solved(form, changes, field, found):
    for path, text in changes.items():
        form.set_text(path, text, path[0] == "design")
    problems, _ = by_field(check(form.to_toml()).problems, fields(form.values))
    assert found in str(problems[field][0])


@pytest.mark.parametrize(
    ("topology", "path", "typed", "meant"),
    [
        ("leaf_spine", "topology.host_gbps", "800Gb/s", "800"),
        ("leaf_spine", "topology.leaves", "8 leaves", "8"),
        ("leaf_spine", "topology.leaves", "2.5 leaves", ""),
        ("leaf_spine", "tags", "paper, draft", '["paper", "draft"]'),
        ("leaf_spine", "failed.nodes", "spine0", '["spine0"]'),
        ("torus", "topology.dims", "4x4x8", "[4, 4, 8]"),
        ("torus", "topology.dims", "[4, 4", "[4, 4]"),
        ("torus", "topology.dims", "large", ""),
    ],
)
def test_what_was_probably_meant_is_told(form, topology, path, typed, meant):
    form.choose("topology", topology)
    form.set_text(tuple(path.split(".")), typed, False)
    found, _ = by_field(check(form.to_toml()).problems, fields(form.values))
    assert found[path][0].nearest == meant


def test_a_builder_that_names_its_parameter_alone_is_understood(form):
    form.choose("topology", "torus")
    form.set_text(("topology", "dims"), "[4, 4, 5]", False)
    form.set_text(("topology", "twisted"), "true", False)
    problems, others = by_field(check(form.to_toml()).problems, fields(form.values))
    assert "cannot be twisted" in str(problems["topology.dims"][0]) and others == []


def test_a_fabric_that_no_machine_can_hold_is_a_problem_like_any_other(form):
    form.choose("topology", "torus")
    form.set_text(("topology", "dims"), "[1000000, 1000000, 1000]", False)
    (problem,) = check(form.to_toml()).problems
    assert "too large for this machine" in str(problem)
    assert by_field([Problem("nowhere", "x")], ["topology.dims"]) == ({}, [Problem("nowhere", "x")])


def test_what_varies_makes_a_study_and_wrong_lines_are_all_told(form):
    form.set_vary('topology.leaves = [4, 8]\n# a remark\n"design.optics" = ["retimed_800g_dr8", "lpo_800g_dr8"]')
    found = check(form.to_toml())
    assert (found.points, found.problems) == (4, ())
    form.set_vary("topology.leaves = [4, -8]")
    assert "-8" in str(by_field(check(form.to_toml()).problems, fields(form.values))[0]["topology.leaves"][0])
    form.set_vary("topology.leaves = [4\nseed")
    with pytest.raises(ScenarioError) as error:
        form.to_toml()
    assert [problem.where for problem in error.value.problems] == ["grid", "grid"]


def test_every_edit_is_undone_and_the_choice_of_another_topology_is_one(form):
    seen = []
    form.replaced.connect(lambda: seen.append(form.value(("topology", "name"))))
    for text in ("1", "16"):
        form.set_text(("topology", "leaves"), text, False)
    form.set_catalogue("palomar.power_w = 90")
    form.choose("topology", "torus")
    assert form.values["topology"] == {"name": "torus"}
    undo = form._undo
    undo.undo()
    undo.undo()
    assert form.value(("topology", "leaves")) == 16 and form.catalogue == ""
    undo.undo()
    assert form.values == FIRST_SCENARIO and undo.undo_title == ""
    assert seen == ["torus", "leaf_spine"]


@pytest.mark.parametrize("name", ["q3450", "tpu_v4"])
def test_a_shipped_scenario_passes_through_the_form_unchanged(form, name):
    values = tomllib.loads(shipped("systems")[name].read_text(encoding="utf-8"))
    form.load(values, "open")
    again = tomllib.loads(form.to_toml())
    assert again == values
    resolved = load_scenario(name).resolved()
    form.load(resolved, "copy")
    assert check(form.to_toml()).problems == ()


def hash_of(text):
    source = TomlSource.from_text(text, "pasted")
    return scenario_of(Draft().merged(source.values, source)).content_sha256


def copied(form):
    """Return the hashes of what the form holds, pasted into a shell and into Python."""
    command, program = (write(form.to_toml()) for write in (scenario_as_command, scenario_as_python))
    pasted: dict[str, Any] = {}
    exec(program.rpartition("write_run(")[0], pasted)
    written = command.partition("\n")[2].partition("END_OF_FILE\n")[0]
    return {hash_of(written), pasted["scenario"].content_sha256}


@pytest.mark.parametrize("name", shipped("systems"))
def test_every_system_is_copied_out_of_the_form_as_it_is(form, name):
    form.load(tomllib.loads(shipped("systems")[name].read_text(encoding="utf-8")), "open")
    assert copied(form) == {load_scenario(name).content_sha256}


def test_every_design_of_a_study_is_copied_out_of_the_form_as_it_is(form):
    points = {point.case: point for point in load_study("which_interconnect").points()}
    assert len(points) > 20
    for case, point in points.items():
        form.load(point.scenario.resolved(), "copy")
        assert copied(form) == {point.scenario.content_sha256}, case


def test_variations_are_named_by_what_was_changed_until_the_user_names_one(form):
    form.name_variation()
    assert form.values["title"] == "My scenario" and form.changes() == []
    form.set_text(("topology", "leaves"), "16", False)
    form.name_variation()
    form.set_text(("design", "nic"), "", True)
    form.set_text(("failures", "samples"), "10", False)
    form.choose("workload", "all_reduce")
    form.name_variation()
    assert form.values["title"] == "My scenario, leaves 16, all_reduce, no nic, samples 10"
    form.set_text(("topology", "leaves"), "8", False)
    form.set_text(("title",), "Mine", True)
    form.name_variation()
    assert form.values["title"] == "Mine" and "leaves 16" not in form.changes()
    form.load({**FIRST_SCENARIO, "title": "Another"}, "open")
    assert form.changes() == []


def test_what_no_field_is_for_can_be_seen_and_cleared(form):
    """As of a run of an earlier version, or a file with a mistake."""
    workload = {"name": "chakra_trace", "path": "*.et", "startup_us": 2.0}
    form.load({**FIRST_SCENARIO, "workload": workload, "toplogy": {"k": 4}}, "open")
    found, others = by_field(check(form.to_toml()).problems, fields(form.values))
    assert others == [] and found["toplogy"][0].nearest == "topology"
    assert "step_us of the role collectives" in str(found["workload.startup_us"][0])
    form.set_text(("workload", "startup_us"), "", False)
    form.set_text(("toplogy",), "", False)
    assert form.values == {**FIRST_SCENARIO, "workload": {"name": "chakra_trace", "path": "*.et"}}


def test_a_problem_of_a_whole_section_is_told_from_others(form):
    form.choose("topology", "tpu_pod")
    found, (problem,) = by_field(check(form.to_toml()).problems, fields(form.values))
    assert found == {} and of_section(problem, "topology") and not of_section(problem, "")
    assert not of_section(Problem("topologies", "x"), "topology") and of_section(Problem("grid[0]", "x"), "grid")


def test_the_checker_answers_line_by_line_and_survives_a_mistake(form):
    requests = [
        {"id": 1, "what": "sections", "values": {"topology": {"name": "no such"}}},
        {"id": 2, "what": "check", "text": "not [ toml", "workers": 0, "name": ""},
        {"id": 3, "what": "check", "text": form.to_toml(), "workers": 0, "name": ""},
    ]
    answers = io.StringIO()
    serve(io.StringIO("".join(json.dumps(request) + "\n" for request in requests)), answers)
    first, second, third = map(json.loads, answers.getvalue().splitlines())
    assert first["id"] == 1 and first["sections"][1]["kinds"] == list(topologies.names())
    assert "not valid TOML" in second["check"]["problems"][0]["found"]
    assert third["check"]["points"] == 1
