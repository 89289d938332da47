# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from gui.state.runs.keys import Keys, among
from gui.state.runs.selection import Selection
from gui.state.runs.session import RECENT_LENGTH, Session

A, B, C, D = (f"/runs/{name}.h5" for name in "abcd")


@pytest.fixture
def session(make_entry):
    session = Session()
    session.add(map(make_entry, "abcd"))
    return session


def test_the_current_run_is_always_one_of_the_selected(session):
    selection = Selection(session)
    selection.set([A, B, C])
    assert selection.current == A
    selection.set([B, C], C)
    assert selection.current == C
    selection.set([C, A])
    assert selection.current == C and selection.keys == [C, A] and list(selection.current_keys) == [C]
    selection.set([A], D)
    assert selection.current == A and A in selection and D not in selection
    selection.set(["/runs/of nobody.h5"])
    assert selection.current is None and not selection.keys and not selection.current_keys


def test_a_selection_tells_of_changes_and_of_changes_alone(session):
    selection, seen = Selection(session), []
    selection.changed.connect(lambda: seen.append((tuple(selection.keys), selection.current)))
    selection.set([B, B, D])
    selection.set([B, D])
    session.close([A])  # moves the rows of the selected, and nothing that is seen
    assert selection.keys == (B, D) and selection.rows.tolist() == [0, 2]
    session.close([B, C])
    session.close([D])
    assert seen == [((B, D), B), ((D,), D), ((), None)]


def test_some_runs_are_found_among_others_by_row_and_by_key(session):
    all_keys = session.keys
    some = Keys(session.frame, all_keys.rows[[3, 1]])
    assert some == (D, B) and some[1:] == (B,) and some[0] == D and some != (D, A) and some != (D,)
    assert among(all_keys, some).tolist() == among(all_keys, [B, D]).tolist() == [False, True, False, True]
    session.close([A])
    assert among(session.keys, some).tolist() == [True, False, True]  # by key, for rows are others now


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
