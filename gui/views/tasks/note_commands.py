# SPDX-License-Identifier: Apache-2.0
"""Commands for the notes of the selected runs: stars, tags and texts, which can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from gui.commands import Command
from gui.state.runs import library
from gui.state.runs.note_changes import note_as, starred, tagged, untagged
from gui.state.undo import Edit
from gui.views.tasks.panel import Window

_MENU = "Edit/Notes"


def note_commands(window: Window) -> list[Command]:
    """Return the commands that star, tag and annotate the selected runs."""
    selection, dialogs, opener = window.selection, window.dialogs, window.opener

    def has_selection() -> bool:
        return bool(selection.keys)

    def text_of_current(name: str) -> str:
        entry = window.session.get(selection.current)
        return entry.texts.get(name, "") if entry is not None else ""

    def star() -> None:
        opener.edit(selection.keys, starred(text_of_current("star") != "yes"))

    def tag() -> None:
        text = dialogs.ask_text("Add tags", "Tags for the selected runs, separated by blanks", "")
        if text:
            opener.edit(selection.keys, tagged(text))

    def untag() -> None:
        text = dialogs.ask_text("Remove tags", "Tags to take from the selected runs", text_of_current("tag"))
        if text:
            opener.edit(selection.keys, untagged(text))

    def note() -> None:
        text = dialogs.ask_text("Note", "Note of the selected runs", text_of_current("note"))
        if text is not None:
            opener.edit(selection.keys, note_as(text))

    commands = (
        ("star", "Star", star, "Ctrl+D", "Star the selected runs, or take their stars away"),
        ("tag", "Add tags…", tag, "Ctrl+T", "Tag the selected runs"),
        ("untag", "Remove tags…", untag, "", "Take tags from the selected runs"),
        ("text", "Write note…", note, "", "Write a note for the selected runs"),
    )
    return [
        Command(f"notes.{name}", title, do, keys, _MENU, has_selection, help=help_)
        for name, title, do, keys, help_ in commands
    ]


def remember_edits(window: Window, edits: Sequence[library.Edit]) -> None:
    """Let the user take changes of notes back."""
    before = {edit.key: edit.before for edit in reversed(edits)}
    done = [library.Edit(key, before[key], after) for key, after in {edit.key: edit.after for edit in edits}.items()]
    undone = [library.Edit(edit.key, edit.after, edit.before) for edit in done]
    title = f"Notes of {len(done)} runs" if len(done) > 1 else "Notes of a run"
    opener = window.opener
    window.undo.push(Edit(title, lambda: opener.repeat(undone), lambda: opener.repeat(done)))
