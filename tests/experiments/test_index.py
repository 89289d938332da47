# SPDX-License-Identifier: Apache-2.0
"""The index of a folder, and that it finds what the viewer's filter finds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.facts import facts_of
from experiments.index import Index
from experiments.index_file import NAME
from experiments.notes import Notes, read_notes, write_notes
from experiments.query import parse
from gui.state.runs.entry import read_entry
from gui.state.runs.filters import apply
from gui.state.runs.session import Session
from optinet.errors import OptinetError, RunFileError
from optinet.results import find_runs, open_run


@pytest.fixture
def folder(swept, tmp_path):
    target = tmp_path / "runs"
    shutil.copytree(swept[0].parent, target)
    return target


def told(index):
    """Return the facts of all runs by file."""
    rows = index.rows()
    return dict(zip([file for _, file in rows], index.facts([run for run, _ in rows]), strict=True))


def found(folder, text, **options):
    with Index(folder) as index:
        return [run.path.name.split("--")[0] for run in index.find(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["lpo-random-permutation", "lpo-uniform", "pod-random-permutation", "pod-uniform",
              "retimed-random-permutation", "retimed-uniform"]),
        ("topology:torus", []),
        ("topology:pod", ["pod-random-permutation", "pod-uniform"]),
        ("LPO workload=uniform", ["lpo-uniform"]),
        ("-topology:pod -workload:perm", ["lpo-uniform", "retimed-uniform"]),
        ("topology.leaves>=2 design.optics:retimed workload:uniform", ["retimed-uniform"]),
        ("topology.leaves<=1", []),
        ("power_kw>1e9", []),
        ("power_kw<1e9 case:pod workload:uniform", ["pod-uniform"]),
        ('"nothing of the kind"', []),
        ("tag:paper", []),
        ("seed=3 -seed=3", []),
    ],
)  # fmt: skip
def test_filters_find_runs(folder, text, expected):
    assert found(folder, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("netwrk_kw<5", "no number column 'netwrk_kw'; did you mean 'network_kw'?"),
        ("topolgy:x", "no text column 'topolgy'; did you mean 'topology'?"),
        ("seed:3", "no text column 'seed'; did you mean 'seed=3'?"),
        ("worklod<5", "no number column 'worklod'; did you mean 'workload:5'?"),
        ("network_kw<many", "'network_kw<many' needs a number"),
        ("power_kw<5.5kW", "'power_kw<5.5kW' needs a number; did you mean 'power_kw<5.5'?"),
        ("network_kw<", "'network_kw<' needs a number"),
        ("x:'; DROP TABLE runs", "no text column 'x'"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(folder, text, message):
    with pytest.raises(OptinetError) as caught:
        found(folder, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("topology:leaf_spin3", "No run has 'leaf_spin3' in topology: did you mean 'leaf_spine'?"),
        ("topology=leaf", "No run has 'leaf' in topology: did you mean 'leaf_spine'?"),
        ("topology:xyz", "No run has 'xyz' in topology: there are leaf_spine, tpu_pod."),
        ("workload:uniform permutaton", "No run has 'permutaton': did you mean 'random_permutation'?"),
        ("seed<-5", "'seed' is from 3 to 3."),
        ("topology:leaf_spine -topology:leaf_spine", ""),
    ],
)
def test_a_filter_that_finds_nothing_says_what_comes_nearest(folder, text, why):
    with Index(folder) as index:
        assert index.find(text) == [] and index.why_none(text) == why


def test_what_a_user_types_is_never_part_of_the_sql(folder):
    hostile = "title:x'; DROP TABLE runs; --"
    with Index(folder) as index:
        assert index.find(hostile) == []
        assert index.find("\"'; DELETE FROM runs; '\"") == []
        assert len(index) == 6


def test_runs_are_sorted_and_come_with_the_columns_asked_for(folder):
    with Index(folder) as index:
        runs = index.find("", names=["design", "network_kw"], sort="network_kw", descending=True)
        powers = [run.numbers["network_kw"] for run in runs]
        assert powers == sorted(powers, reverse=True)
        assert {run.texts["design"] for run in runs} == {"retimed", "LPO", "pod"}
        names = [run.path.name for run in index.find("", sort="topology.leaves")]
        assert all(name.startswith("pod") for name in names[-2:])  # without the number, so last
        with pytest.raises(OptinetError, match=r"no number or text 'netwrk_kw'; did you mean 'network_kw'\?"):
            index.find("", names=["netwrk_kw"])


def test_the_index_follows_the_folder(folder):
    with Index(folder) as index:
        assert (len(index), index.update()) == (6, 0)
    run = find_runs([folder])[0]
    write_notes(run, Notes(tags=("paper",), star=True, note="Look here"))
    assert found(folder, "tag:paper star:yes look") == [run.name.split("--")[0]]
    write_notes(run, Notes())
    assert found(folder, "tag:paper") == []
    run.unlink()
    (folder / "broken.h5").write_bytes(b"nonsense")
    with Index(folder) as index:
        assert len(index) == 5
        (problem,) = index.problems
        assert "broken.h5: is not a run file" in problem
    (folder / "broken.h5").unlink()
    with Index(folder) as index:
        assert index.problems == []


def test_an_update_step_by_step_tells_what_is_new_changed_and_gone(folder):
    first, second, third, *_ = find_runs([folder])
    with Index(folder) as index:
        numbers = {file: run for run, file in index.rows()}
        write_notes(first, Notes(tags=("paper",)))
        second.unlink()
        shutil.copy(third, folder / "copy.h5")
        steps = list(index.updates())
        (new,), (noted,), (gone,) = (sum((getattr(s, kind) for s in steps), ()) for kind in ("new", "noted", "gone"))
        assert noted == numbers[first.name] and gone == numbers[second.name]
        assert index.files([new]) == ["copy.h5"] and new not in numbers.values()
        # a column is what the facts of all runs say
        runs, values = index.number_column("network_kw")
        facts = index.facts(runs.tolist())
        assert values.tolist() == [each.numbers["network_kw"] for each in facts]
        runs, texts = index.text_column("tag")
        assert dict(zip(runs.tolist(), texts, strict=True)) == {noted: "paper"}
        assert index.facts([noted])[0].texts["tag"] == "paper"
        assert list(index.updates()) == []
        shutil.copy(third, first)
        write_notes(third, Notes(star=True))
        (step,) = index.updates([first.name])
        assert (step.changed, index.facts([noted])[0].texts["design"]) == (
            (noted,),
            index.facts([new])[0].texts["design"],
        )
        assert [step.noted for step in index.updates()] == [(numbers[third.name],)]


def test_notes_alone_are_taken_in_without_reading_the_run(folder):
    run = find_runs([folder])[0]
    with Index(folder) as index:
        assert told(index)[run.name].texts["star"] == "no"
    write_notes(run, Notes(tags=("paper",), star=True, note="Look here"))
    with Index(folder) as index:
        noted = told(index)
    (folder / NAME).unlink()
    with Index(folder) as index:
        assert noted == told(index)
    status = run.stat()
    run.write_bytes(bytes(status.st_size))
    os.utime(run, ns=(status.st_atime_ns, status.st_mtime_ns))
    write_notes(run, Notes())
    with Index(folder) as index:
        assert (index.problems, told(index)[run.name].texts["star"]) == ([], "no")
        assert len(index.find("look")) == len(index.find("tag:paper")) == 0


def test_a_damaged_or_older_index_is_made_anew(folder):
    with Index(folder):
        pass
    (folder / NAME).write_bytes(b"not a database at all" * 100)
    assert len(found(folder, "")) == 6
    with sqlite3.connect(folder / NAME) as database:
        database.execute("PRAGMA user_version = 0")
    database.close()
    assert len(found(folder, "")) == 6


def test_an_index_in_use_by_another_process_is_left_alone(folder, monkeypatch):
    monkeypatch.setattr("experiments.index_file._WAIT_S", 0.1)
    with Index(folder):
        pass
    other = sqlite3.connect(folder / NAME)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert len(found(folder, "")) == 6  # in memory
    finally:
        other.rollback()
        other.close()
    assert sqlite3.connect(folder / NAME).execute("SELECT count(*) FROM runs").fetchone() == (6,)


def test_a_folder_that_is_none_is_told(tmp_path):
    with pytest.raises(RunFileError, match="no such folder"):
        Index(tmp_path / "absent")


@pytest.fixture(scope="module")
def both(swept, tmp_path_factory):
    target = tmp_path_factory.mktemp("both") / "runs"
    shutil.copytree(swept[0].parent, target)
    paths = find_runs([target])
    write_notes(paths[0], Notes(tags=("paper", "draft"), note="first one"))
    session = Session()
    session.add(read_entry(open_run(path)) for path in paths)
    with Index(target) as index:
        yield index, session.frame


_NAMES = st.sampled_from(["network_kw", "topology.leaves", "seed", "throughput", "cost_usd", "reconfiguration_ms"])
_TERMS = st.one_of(
    st.builds("{}{}{}".format, _NAMES, st.sampled_from(["<", "<=", ">", ">=", "="]),
              st.sampled_from(["0", "1", "2", "3", "2.5", "0.9", "1e3", "-1"])),
    st.builds("{}:{}".format, st.sampled_from(["topology", "design", "tag", "design.optics", "workload", "note"]),
              st.sampled_from(["pod", "LPO", "paper", "", "uni", "retimed"])),
    st.sampled_from(["pod", "PAPER", '"first one"', "lpo", "uniform", "design=pod", "tag=paper"]),
)  # fmt: skip


@settings(max_examples=150)
@given(terms=st.lists(st.tuples(st.booleans(), _TERMS), max_size=3))
def test_the_index_and_the_viewer_find_the_same_runs(both, terms):
    index, frame = both
    text = " ".join(f"{'-' if minus else ''}{term}" for minus, term in terms)
    result = apply(frame, text)
    assert result.problem == ""
    shown = [Path(key).name for key, keep in zip(frame.keys, result.keep, strict=True) if keep]
    assert [run.path.name for run in index.find(text)] == shown


def test_a_comparison_half_typed_is_told_apart_from_a_mistake():
    query = parse("network_kw< x", {"network_kw"}, set())
    assert (query.problem, query.unfinished, len(query.terms)) == ("", ("network_kw<",), 1)


def test_notes_are_kept_beside_the_run_and_the_run_is_not_touched(folder):
    run = find_runs([folder])[0]
    before = run.read_bytes()
    assert read_notes(run) == Notes()
    write_notes(run, Notes().changed(add=["b", "a", "b"], star=True, note="why"))
    assert read_notes(run) == Notes(tags=("a", "b"), star=True, note="why")
    write_notes(run, read_notes(run).changed(remove=["b"], star=False))
    assert read_notes(run) == Notes(tags=("a",), note="why")
    assert run.read_bytes() == before
    (beside,) = folder.glob("*.notes.toml")
    beside.write_text("tagz = ['x']\n")
    with pytest.raises(OptinetError, match=r"notes\.toml:1: tagz: unknown key 'tagz'.*did you mean 'tags'"):
        read_notes(run)
    assert len(found(folder, "unreadable")) == 1  # its run is found all the same
    with pytest.raises(RunFileError, match="no such file"):
        write_notes(folder / "absent.h5", Notes(note="x"))


def test_a_sweep_leaves_the_index_that_reading_its_runs_would_make(swept, folder):
    shutil.copy(swept[0].parent / NAME, folder / NAME)
    with Index(swept[0].parent, update=False) as index:
        noted, read_anew = told(index), index.update()
    (folder / NAME).unlink()
    with Index(folder) as index:
        assert noted == told(index)
    assert len(noted) == 6
    assert read_anew == 0


def test_what_another_process_notes_down_is_told_once(folder):
    (folder / NAME).unlink(missing_ok=True)
    first, second, *_ = find_runs([folder])
    facts = {path.name: facts_of(open_run(path)) for path in (first, second)}
    with Index(folder, update=False) as viewer, Index(folder, update=False) as sweep:
        assert viewer.rows() == []
        sweep.add([(first.name, facts[first.name])])
        noted = next(viewer.updates())
        assert viewer.files(noted.new) == [first.name]
        assert viewer.update() == 5  # the others are read
        sweep.add(facts.items())  # it comes too late
        assert list(viewer.updates()) == []
        write_notes(second, Notes(tags=("paper",)))
        changed = sum((step.noted for step in sweep.updates()), ())
        (step,) = viewer.updates()
        assert step.changed == changed and viewer.files(changed) == [second.name]
        second.unlink()
        sweep.update()
        assert [step.gone for step in viewer.updates()] == [changed]


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere refuse such names")
def test_a_name_that_is_no_text_is_told_once_and_the_others_are_there(folder):
    shutil.copyfile(next(folder.glob("*.h5")), folder / os.fsdecode(b"odd\xff.h5"))
    with Index(folder, update=False) as index:
        problems = [each for step in index.updates() for each in step.problems]
        assert problems == index.problems and len(index) == 6
        assert problems[0].endswith("odd�.h5: cannot be listed: its name is not UTF-8 text") and len(problems) == 1
        assert not any(step.problems for step in index.updates())
