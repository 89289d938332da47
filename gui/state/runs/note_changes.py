# SPDX-License-Identifier: Apache-2.0
"""Changes of a run's notes: what tables and commands ask for, as functions from notes to notes."""

from __future__ import annotations

from collections.abc import Callable

from experiments.notes import Notes

Change = Callable[[Notes], Notes]


def starred(star: bool) -> Change:
    """Star a run, or take its star away."""
    return lambda notes: notes.changed(star=star)


def note_as(text: str) -> Change:
    """Replace the note."""
    return lambda notes: notes.changed(note=text)


def tagged(text: str) -> Change:
    """Add the tags of a text, which blanks or commas separate."""
    return lambda notes: notes.changed(add=_tags(text))


def untagged(text: str) -> Change:
    """Take tags away."""
    return lambda notes: notes.changed(remove=_tags(text))


def tags_as(before: str, after: str) -> Change:
    """Add and take away tags as somebody has edited their text; those of the scenario stay, for it does not change."""
    old, new = _tags(before), _tags(after)
    return lambda notes: notes.changed(add=new - old, remove=old - new)


def from_to(before: Notes, after: Notes) -> Change:
    """Change what differs between two states of the notes, and nothing that others have written meanwhile."""
    old, new = set(before.tags), set(after.tags)
    star = after.star if after.star != before.star else None
    note = after.note if after.note != before.note else None
    return lambda notes: notes.changed(add=new - old, remove=old - new, star=star, note=note)


def _tags(text: str) -> set[str]:
    return set(text.replace(",", " ").split())
