# SPDX-License-Identifier: Apache-2.0
"""Which runs are selected: one object that the table, the charts and the fabric view share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gui.state.event import Event
from gui.state.runs.keys import Keys
from gui.state.runs.session import Session


class Selection:
    """The selected runs, and the current one, which the fabric view draws.

    Parameters
    ----------
    session
        The opened runs; those that are closed are selected no more.
    """

    def __init__(self, session: Session) -> None:
        self.changed = Event()
        self.rows: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.current: str | None = None
        self._session = session
        session.lost.connect(self._lose)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._is_among(key, self.rows)

    @property
    def keys(self) -> Keys:
        """The selected runs by key."""
        return Keys(self._session.frame, self.rows)

    @property
    def current_keys(self) -> Keys:
        """The current run alone; nothing if there is none."""
        return Keys(self._session.frame, self._session.rows([self.current] if self.current is not None else []))

    def set(self, keys: Iterable[str], current: str | None = None) -> None:
        """Select these runs; the current one is `current` if it is among them, else it stays, else it is the first."""
        same = isinstance(keys, Keys) and keys.numbering is self._session.frame.rows
        self.set_rows(keys.rows if same else self._session.rows(dict.fromkeys(keys)), current)  # type: ignore[union-attr]

    def set_rows(self, rows: NDArray[np.int64], current: str | None = None) -> None:
        """Select the runs in these rows of the session's frame, as `set` does."""
        if not self._is_among(current, rows):
            stays = self._is_among(self.current, rows)
            current = self.current if stays else self._session.frame.keys[rows[0]] if len(rows) else None
        if current != self.current or not np.array_equal(rows, self.rows):
            self.rows, self.current = rows, current
            self.changed.emit()

    def _is_among(self, key: str | None, rows: NDArray[np.int64]) -> bool:
        return key is not None and key in self._session and bool((rows == self._session.row(key)).any())

    def _lose(self) -> None:
        """Drop the runs that have been closed; the others have other rows now."""
        kept = self._session.kept
        left = self.rows[kept[self.rows]]
        rows = (np.cumsum(kept) - 1)[left]
        if len(left) == len(self.rows):
            self.rows = rows
        else:
            self.rows = rows[:0]
            self.set_rows(rows)
