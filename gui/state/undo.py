# SPDX-License-Identifier: Apache-2.0
"""What the user has changed and can take back: scenarios, tags, notes and stars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gui.state.event import Event

DEPTH = 500  # edits kept


@dataclass(frozen=True)
class Edit:
    """One change.

    Parameters
    ----------
    title
        What was done, for the menu: "Change topology.leaves".
    undo, redo
        Take it back, and do it again.
    key
        Changes in a row that share a key, such as the letters typed into one field, are taken back together; empty
        for a change that stands alone.
    """

    title: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    key: str = ""


class UndoStack:
    """The edits in their order; `changed` fires after every change of what can be undone or redone."""

    def __init__(self) -> None:
        self.changed = Event()
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    @property
    def undo_title(self) -> str:
        """Title of the edit that `undo` would take back; empty if there is none."""
        return self._done[-1].title if self._done else ""

    @property
    def redo_title(self) -> str:
        """Title of the edit that `redo` would do again; empty if there is none."""
        return self._undone[-1].title if self._undone else ""

    def push(self, edit: Edit) -> None:
        """Remember an edit that has just been made."""
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last is not None and edit.key and edit.key == last.key:
            self._done[-1] = Edit(edit.title, last.undo, edit.redo, edit.key)
        else:
            self._done = [*self._done, edit][-DEPTH:]
        self.changed.emit()

    def do(self, edit: Edit) -> None:
        """Make an edit and remember it, unless it fails."""
        edit.redo()
        self.push(edit)

    def break_here(self) -> None:
        """Let the next edit stand alone even if it shares its key with the last one."""
        if self._done:
            last = self._done[-1]
            self._done[-1] = Edit(last.title, last.undo, last.redo)

    def undo(self) -> None:
        """Take the last edit back; one that cannot be taken back stays."""
        if self._done:
            self._done[-1].undo()
            self._undone.append(self._done.pop())
            self.break_here()
            self.changed.emit()

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._undone:
            self._undone[-1].redo()
            self._done.append(self._undone.pop())
            self.break_here()
            self.changed.emit()
