# SPDX-License-Identifier: Apache-2.0
"""The opened runs and the list of what was opened lately."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gui.state.event import Event
from gui.state.runs import RunEntry

RECENT_LENGTH = 12


class Session:
    """The runs that are open, in the order they were opened; `changed` fires after every change."""

    def __init__(self) -> None:
        self.changed = Event()
        self.recent: list[str] = []
        self._entries: dict[str, RunEntry] = {}

    @property
    def entries(self) -> tuple[RunEntry, ...]:
        """All opened runs."""
        return tuple(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str | None) -> RunEntry | None:
        """Return the run with this key; None if it is not open."""
        return self._entries.get(key) if key is not None else None

    def add(self, entries: Iterable[RunEntry]) -> None:
        """Open runs; one that is open already is replaced where it stands."""
        new = {entry.key: entry for entry in entries}
        if new:
            self._entries.update(new)
            self.changed.emit()

    def close(self, keys: Iterable[str]) -> None:
        """Close runs."""
        gone = self._entries.keys() & set(keys)
        if gone:
            self._entries = {key: entry for key, entry in self._entries.items() if key not in gone}
            self.changed.emit()

    def remember(self, paths: Iterable[str]) -> None:
        """Put opened files and folders at the head of the recent list."""
        for path in paths:
            absolute = str(Path(path).resolve())
            self.recent = [absolute, *(old for old in self.recent if old != absolute)][:RECENT_LENGTH]
        self.changed.emit()
