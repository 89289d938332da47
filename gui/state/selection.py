# SPDX-License-Identifier: Apache-2.0
"""Which runs are selected: one object that the table, the charts and the fabric view share."""

from __future__ import annotations

from collections.abc import Container, Iterable

from gui.state.event import Event


class Selection:
    """The selected runs by key, and the current one, which the fabric view draws."""

    def __init__(self) -> None:
        self.changed = Event()
        self.keys: tuple[str, ...] = ()
        self.current: str | None = None

    def set(self, keys: Iterable[str], current: str | None = None) -> None:
        """Select these runs; the current one is `current` if it is among them, else it stays, else it is the first."""
        chosen = tuple(dict.fromkeys(keys))
        if current not in chosen:
            current = self.current if self.current in chosen else next(iter(chosen), None)
        if (chosen, current) != (self.keys, self.current):
            self.keys, self.current = chosen, current
            self.changed.emit()

    def keep(self, known: Container[str]) -> None:
        """Drop the runs that are not among the `known` ones, which are those still open."""
        self.set((key for key in self.keys if key in known), self.current)
