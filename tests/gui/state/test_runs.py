# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from experiments.notes import read_notes
from experiments.pack import pack
from gui.state.runs import frame as frames
from gui.state.runs import library as libraries
from gui.state.runs.entry import read_entry
from gui.state.runs.frame import Batch
from gui.state.runs.library import Edit, Library
from gui.state.runs.note_changes import starred, tags_as
from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable
from optinet.results import open_run


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "packs")
    yield library
    library.forget()


def taken(session, items):
    """Take batches into the session and return the other items."""
    items = list(items)
    session.take(item for item in items if isinstance(item, Batch))
    return [item for item in items if not isinstance(item, Batch)]


def test_an_entry_holds_what_the_table_shows(make_run):
    path = make_run(
        "one",
        case="1b / LPO",
        topology="torus",
        parameters={"dims": (4, 4)},
        workload="permutation",
        metrics={"network_kw": 12.5},
        verdict="at risk",
        notes=("a note", "another"),
        caveat="not alike",
    )
    entry = read_entry(open_run(path))
    assert entry.key == str(path)
    assert entry.label == "1b / LPO · permutation"
    assert entry.texts["topology"] == "torus" and entry.texts["routing"] == "ecmp"
    assert entry.texts["verdict"] == "at risk" and entry.texts["switching"] == "EPS"
    assert entry.texts["caveat"] == "not alike; a note; another"
    assert entry.numbers == {"network_kw": 12.5}
    assert entry.run.path == path


def test_a_folder_gives_its_runs_and_one_line_for_each_file_that_is_none(library, make_run, tmp_path):
    make_run("a", metrics={}, power_w={})
    broken = make_run("b")
    broken.write_bytes(broken.read_bytes()[:-100])
    (tmp_path / "c.h5").write_text("not HDF5")
    make_run("d")
    session = Session()
    problems = taken(session, library.open([str(tmp_path), str(tmp_path / "missing.h5")]))
    assert [entry.label for entry in session.entries] == ["a · uniform", "d · uniform"]
    assert [name in problem for name, problem in zip(("b.h5", "c.h5", "missing.h5"), problems, strict=True)] == [
        True
    ] * 3
    assert not any("\n" in problem for problem in problems)


def test_a_folder_that_grows_shrinks_and_changes_is_followed(library, make_run, tmp_path):
    session = Session()
    make_run("a"), make_run("b", metrics={"network_kw": 1.0}), make_run("c")
    taken(session, library.open([str(tmp_path)]))
    make_run("a2"), make_run("b", metrics={"network_kw": 2.0}), (tmp_path / "c.h5").unlink()
    taken(session, library.poll())
    assert [Path(key).stem for key in session.keys] == ["a", "b", "a2"]  # what is new comes last
    assert session.frame.numbers("network_kw").tolist() == [10.0, 2.0, 10.0]
    before = session.frame
    assert taken(session, library.poll()) == [] and session.frame is before
    # a closed run stays closed until the folder is opened again
    session.close([session.keys[0]])
    taken(session, library.poll())
    assert len(session) == 2
    taken(session, library.open([str(tmp_path)]))
    assert len(session) == 3 and session.get(session.keys[-1]).label == "a · uniform"


def test_a_file_opened_before_its_folder_is_one_run(library, make_run, tmp_path):
    session = Session()
    path = make_run("a")
    taken(session, library.open([str(path), str(path), str(tmp_path), str(path)]))
    assert session.keys == [str(path)] and session.get(str(path)).numbers["network_kw"] == 10.0


def test_closed_folders_are_not_asked_again_and_readers_that_are_late_find_nothing(library, make_run, tmp_path):
    session = Session()
    make_run("a", metrics={"network_kw": 1.0})
    taken(session, library.open([str(tmp_path)]))
    late = session.frame.kept(np.array([True]))
    session.close(session.keys)
    library.forget()
    assert late.texts("design.switch") == [""] and np.isnan(late.numbers("unread")).all()
    (tmp_path / "other").mkdir()
    make_run("other/b", metrics={"network_kw": 2.0})
    assert taken(session, library.open([str(tmp_path / "other")])) == []
    assert len(session.frame.sources) == 1 and session.frame.texts("design.switch") == [""]


def test_a_packed_file_opens_like_its_folder(library, make_run, tmp_path):
    folder = tmp_path / "sweep"
    folder.mkdir()
    for name in ("a", "b"):
        shutil.move(make_run(name), folder)
    pack(folder, tmp_path / "sweep.pack.h5")
    session = Session()
    assert taken(session, library.open([str(tmp_path / "sweep.pack.h5")])) == []
    assert [entry.design for entry in session.entries] == ["a", "b"]


def test_stars_and_tags_go_into_the_notes_beside_a_run_that_stays_as_it_is(library, make_run, tmp_path):
    session = Session()
    in_folder = make_run("a")
    (tmp_path / "alone").mkdir()
    alone = Path(shutil.move(make_run("b"), tmp_path / "alone"))
    content = in_folder.read_bytes()
    taken(session, library.open([str(tmp_path), str(alone)]))
    keys = [str(in_folder), str(alone)]
    edits = taken(session, library.edit(keys, starred(True)))
    edits += taken(session, library.edit(keys, tags_as("", "paper, final")))
    assert [edit.key for edit in edits] == [*keys, *keys] and all(isinstance(edit, Edit) for edit in edits)
    assert [session.get(key).texts["tag"] for key in keys] == ["final paper"] * 2
    assert session.frame.texts("star") == ["yes", "yes"]
    assert read_notes(in_folder).star and in_folder.read_bytes() == content
    for edit in reversed(edits):
        taken(session, library.repeat([Edit(edit.key, edit.after, edit.before)]))
    assert session.frame.texts("tag") == ["", ""] and session.frame.texts("star") == ["no", "no"]
    alone.unlink()
    (problem,) = taken(session, library.edit([str(alone)], starred(True)))
    assert "no such file" in problem


def test_a_large_folder_comes_in_parts_and_its_other_columns_when_they_are_asked_for(make_run, tmp_path, monkeypatch):
    for module, name, value in ((frames, "KEEP_ALL", 3), (libraries, "FIRST", 2), (libraries, "AT_ONCE", 2)):
        monkeypatch.setattr(module, name, value)
    for i in range(7):
        make_run(f"r{i}", case=f"case {i}", metrics={"network_kw": float(i), "pue_ratio": 1.0 + i})
    first = Library(tmp_path / "packs")
    list(first.open([str(tmp_path)]))  # makes the index
    first.forget()
    library, session = Library(tmp_path / "packs"), Session()
    batches = [batch for batch in library.open([str(tmp_path)]) if isinstance(batch, Batch)]
    assert [len(batch.new) for batch in batches] == [2, 2, 2, 1]
    session.take(batches)
    frame = session.frame
    assert frame.has("network_kw") and frame.has("design") and not frame.has("pue_ratio")
    assert frame.numbers("network_kw").tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert frame.numbers("pue_ratio").tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert frame.texts("topology.name") == ["leaf_spine"] * 7
    assert session.get(session.keys[6]).numbers["network_kw"] == 6.0
    make_run("r7", metrics={"network_kw": 7.0, "pue_ratio": 8.0})
    taken(session, library.poll())
    assert session.frame.numbers("pue_ratio").tolist()[-2:] == [7.0, 8.0]
    table = RunsTable(session)
    table.set_filter("pue_ratio>=6 -design:6")
    assert [Path(key).stem for key in table.row_keys] == ["r5", "r7"]
    library.forget()


def test_columns_read_for_other_rows_are_not_taken_over(make_entry):
    session = Session()
    session.add([make_entry("a", network_kw=1.0)])
    old = session.frame
    session.add([make_entry("b", network_kw=2.0)])
    old.numbers("throughput")
    session.frame.adopt(old)
    assert session.frame.numbers("throughput").shape == (2,)
    assert np.isnan(session.frame.numbers("throughput")).all()
