# SPDX-License-Identifier: Apache-2.0
"""A time budget that long work asks after, piece by piece.

It counts what the work itself computes, not what others on the machine take: beside a busy neighbor the same bounds
are found, only later.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

_PIECE = 4_000_000  # steps of a kernel, about a tenth of a second: no budget is overrun by much more


class OutOfTimeError(Exception):
    """The budget is used up; whoever has bounds by then returns them."""


class Deadline:
    """The end of a time budget.

    Parameters
    ----------
    budget_s
        Seconds of computing by this thread from now; infinite when left out.
    """

    def __init__(self, budget_s: float = float("inf")) -> None:
        self._end = time.thread_time() + budget_s

    @property
    def left_s(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._end - time.thread_time())

    def check(self) -> None:
        """Raise `OutOfTimeError` if the budget is used up."""
        if time.thread_time() >= self._end:
            raise OutOfTimeError

    def pieces(self, count: int, work: float) -> Iterator[tuple[int, int]]:
        """Yield ranges that cover `count` items of `work` steps each, and raise `OutOfTimeError` between them."""
        step = max(1, int(_PIECE / max(1.0, work)))
        for first in range(0, count, step):
            self.check()
            yield first, min(first + step, count)
