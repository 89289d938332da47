# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.state.undo import Edit, UndoStack


class Box:
    """A value that edits change."""

    def __init__(self):
        self.value, self.stack = 0, UndoStack()

    def set(self, value, key=""):
        before = self.value
        self.stack.do(Edit(f"set {value}", lambda: self.put(before), lambda: self.put(value), key))

    def put(self, value):
        self.value = value


def test_edits_are_taken_back_and_done_again_in_order():
    box = Box()
    box.set(1)
    box.set(2)
    assert box.stack.undo_title == "set 2"
    box.stack.undo()
    assert (box.value, box.stack.undo_title, box.stack.redo_title) == (1, "set 1", "set 2")
    box.stack.undo()
    box.stack.undo()  # nothing is left
    assert box.value == 0
    box.stack.redo()
    box.set(7)
    assert box.value == 7 and box.stack.redo_title == ""  # what was taken back is gone


def test_letters_of_one_field_are_taken_back_together_until_something_comes_between():
    box = Box()
    for value in (1, 12, 123):
        box.set(value, key="field")
    box.set(5, key="other")
    box.set(6, key="field")
    box.stack.undo()
    assert box.value == 5
    box.stack.undo()
    box.stack.undo()
    assert box.value == 0 and box.stack.undo_title == ""
    box.stack.redo()
    assert box.value == 123
    box.set(8, key="field")  # typing after an undo does not change what was done before it
    box.stack.undo()
    assert box.value == 123


def test_an_edit_that_fails_is_not_remembered_and_one_that_cannot_be_taken_back_stays():
    box = Box()

    def fail():
        raise OSError

    with pytest.raises(OSError):
        box.stack.do(Edit("bad", fail, fail))
    assert box.stack.undo_title == ""
    box.stack.push(Edit("stuck", fail, fail))
    with pytest.raises(OSError):
        box.stack.undo()
    assert box.stack.undo_title == "stuck"


@given(st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["undo", "redo"])), max_size=40))
def test_it_behaves_as_a_list_of_states_with_a_place_in_it(steps):
    box, states, at = Box(), [0], 0
    for step in steps:
        if step == "undo":
            box.stack.undo()
            at = max(0, at - 1)
        elif step == "redo":
            box.stack.redo()
            at = min(len(states) - 1, at + 1)
        else:
            box.set(step)
            states, at = [*states[: at + 1], step], at + 1
        assert box.value == states[at]
