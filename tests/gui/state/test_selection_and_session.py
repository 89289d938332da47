# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from gui.state.selection import Selection
from gui.state.session import RECENT_LENGTH, Session


def test_the_current_run_is_always_one_of_the_selected():
    selection = Selection()
    selection.set(["a", "b", "c"])
    assert selection.current == "a"
    selection.set(["b", "c"], "c")
    assert selection.current == "c"
    selection.set(["c", "a"])
    assert selection.current == "c"
    selection.set(["a"], "z")
    assert selection.current == "a"
    selection.set([])
    assert selection.current is None


def test_a_selection_tells_of_changes_and_of_changes_alone():
    selection, seen = Selection(), []
    selection.changed.connect(lambda: seen.append((selection.keys, selection.current)))
    selection.set(["a", "a", "b"])
    selection.set(["a", "b"])
    selection.keep(["b", "x"])
    selection.keep(["b"])
    assert seen == [(("a", "b"), "a"), (("b",), "b")]


def test_a_run_opened_again_takes_the_place_of_the_old_one(make_entry):
    session = Session()
    first, second, again = make_entry("a"), make_entry("b"), make_entry("a", network_kw=1.0)
    session.add([first, second])
    session.add([again])
    assert [entry.key for entry in session.entries] == ["/runs/a.h5", "/runs/b.h5"]
    assert session.get("/runs/a.h5").numbers["network_kw"] == 1.0
    assert session.get("/runs/c.h5") is None and session.get(None) is None


def test_closing_tells_once_and_only_if_something_was_open(make_entry):
    session, count = Session(), []
    session.add([make_entry("a"), make_entry("b")])
    session.changed.connect(lambda: count.append(len(session)))
    session.close(["/runs/b.h5", "/runs/c.h5"])
    session.close(["/runs/c.h5"])
    session.add([])
    assert count == [1]


def test_recent_paths_are_absolute_newest_first_and_few(tmp_path):
    session = Session()
    session.remember(str(tmp_path / f"{i}.h5") for i in range(RECENT_LENGTH + 3))
    session.remember([str(tmp_path / "9.h5")])
    assert session.recent[0] == str(tmp_path / "9.h5")
    assert session.recent[1] == str(tmp_path / f"{RECENT_LENGTH + 2}.h5")
    assert len(session.recent) == len(set(session.recent)) == RECENT_LENGTH
