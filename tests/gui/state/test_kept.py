# SPDX-License-Identifier: Apache-2.0
"""What is kept from one start to the next, and what is copied."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from experiments.draft import Draft
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import scenario_of
from gui.state import copying
from gui.state.fabric.camera import Camera
from gui.state.fabric.failure import Part
from gui.state.fabric.links_shown import LinkFilter
from gui.state.fabric.look import FabricLook
from gui.state.preferences import Preferences
from gui.state.saved_session import SavedSession
from optinet.results import open_run, write_run
from optinet.toml_source import TomlSource

SCENARIO = """\
title = "a \\"quoted\\" title, back\\\\slash and END"
tags = ["one"]
[topology]
name = "leaf_spine"
leaves = 2
spines = 1
hosts_per_leaf = 2
[workload]
name = "uniform"
[design]
switch = "switch_51t2"
optics = "retimed_800g_dr8"
host_link = "aec_800g"
"""


def test_preferences_come_back_and_wrong_ones_alone_are_forgotten():
    changed = Preferences().changed(workers=3, shortcuts={"view.fit": "Ctrl+1"})
    assert Preferences.from_text(changed.to_text()) == changed
    assert Preferences.from_text('{"workers": -1, "appearance": "dark", "of_old": 1}') == Preferences(appearance="dark")
    assert Preferences.from_text("not json") == Preferences.from_text("[1]") == Preferences()
    with pytest.raises(ValidationError):
        changed.changed(workers=-2)


def test_every_preference_has_words_for_the_form():
    assert all(info.title and info.description for info in Preferences.model_fields.values())


def test_a_session_comes_back_and_anything_else_is_an_empty_one():
    camera = Camera(azimuth_deg=12.5, target=(1.0, 2.0, 3.0))
    links = LinkFilter(False, frozenset({"host-leaf"}), 0.5)
    look = FabricLook(camera=camera, links=links, folded=(), parts=(Part("ocs", (3,), "OCS 3"),), color_range=(0, 9))
    saved = SavedSession(paths=("/a",), selected=("/a/x.h5",), fabric=look, front=("pareto",))
    again = SavedSession.from_text(saved.to_text())
    assert again == saved and again.fabric.camera == camera and again.fabric.folded == ()
    for broken in ("{broken", '{"fabric": {"camera": 3}}'):
        assert SavedSession.from_text(broken) == SavedSession()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The run of one scenario, as a scenario and as a design of a study."""
    source = TomlSource.from_text(SCENARIO, "test")
    evaluation = evaluate(scenario_of(Draft().merged(source.values, source)))
    folder = tmp_path_factory.mktemp("runs")
    files = {
        case: write_run(folder / f"{case or 'plain'}.h5", evaluation_bytes(evaluation, case)) for case in ("", "B")
    }
    return {case: open_run(path) for case, path in files.items()}


def run_in_shell(text, folder):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(["sh", "-ec", text], cwd=folder, env=os.environ | {"PATH": path}, check=True, capture_output=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_copied_commands_compute_the_same_content(runs, tmp_path):
    run_in_shell("".join(copying.run_as_command(run) for run in runs.values()), tmp_path)
    made = {path.parent.name: open_run(path).content_sha256 for path in tmp_path.rglob("*.h5")}
    assert made == {tmp_path.name: runs[""].content_sha256, "again": runs["B"].content_sha256}


@pytest.mark.parametrize("case", ["", "B"])
def test_a_copied_program_computes_the_same_content(runs, case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(copying.run_as_python(runs[case]), {})
    assert open_run(tmp_path / "again.h5").content_sha256 == runs[case].content_sha256


def test_a_copied_study_and_a_copied_comparison_are_programs_that_run(runs, tmp_path, monkeypatch, make_entry, capsys):
    monkeypatch.chdir(tmp_path)
    study = f"[base]\n{SCENARIO.replace('[topology]', '[base.topology]').replace('[workload]', '[base.workload]')}"
    exec(copying.study_as_python(study.replace("[design]", "[base.design]") + "[grid]\nseed = [1, 2]\n"), {})
    made = sorted(tmp_path.rglob("*.h5"))
    assert len(made) == 2
    entries = [make_entry(path.stem) for path in made]
    program = copying.comparison_as_python(entries)
    for entry, path in zip(entries, made, strict=True):
        program = program.replace(entry.key, str(path))
    capsys.readouterr()
    exec(program, {})
    assert capsys.readouterr().out.count('"quoted" title') == 2
