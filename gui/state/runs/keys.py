# SPDX-License-Identifier: Apache-2.0
"""Some of the opened runs, such as the selected ones, by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from gui.state.runs.frame import Frame


class Keys(Sequence[str]):
    """The keys of some runs in their order, each looked up when it is asked for.

    A hundred thousand texts that lie all over the memory take a tenth of a second to go through; their rows do not.

    Parameters
    ----------
    frame
        The opened runs.
    rows
        Rows of `frame`.
    """

    def __init__(self, frame: Frame, rows: NDArray[np.int64]) -> None:
        self.rows, self.numbering = rows, frame.rows
        self._keys = frame.keys

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        if isinstance(place, slice):
            return tuple(map(self._keys.__getitem__, self.rows[place].tolist()))
        return self._keys[self.rows[place]]

    def __iter__(self) -> Iterator[str]:
        return map(self._keys.__getitem__, self.rows.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Keys) and other.numbering is self.numbering:
            return np.array_equal(self.rows, other.rows)
        return isinstance(other, Sequence) and len(self) == len(other) and self[:] == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self[:])


def among(keys: Sequence[str], others: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether each of some runs is among others; shape (n_keys,)."""
    if isinstance(keys, Keys) and isinstance(others, Keys) and keys.numbering is others.numbering:
        found = np.zeros(max(keys.rows.max(initial=-1), others.rows.max(initial=-1)) + 1, dtype=bool)
        found[others.rows] = True
        return found[keys.rows]
    chosen = frozenset(others)
    if not chosen:
        return np.zeros(len(keys), dtype=bool)
    return np.fromiter(map(chosen.__contains__, keys), dtype=bool, count=len(keys))
