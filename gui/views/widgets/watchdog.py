# SPDX-License-Identifier: Apache-2.0
"""How long the GUI thread is busy at a stretch: what a user feels as a window that hangs."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer


class Watchdog(QObject):
    """Records the longest time between two turns of the event loop.

    A beat without delay runs once in every turn; the time from one to the next is that of all callbacks and paint
    events between them, so no callback took longer. With `time.thread_time` other programs on the machine do not count.

    Parameters
    ----------
    clock
        Seconds, as `time.perf_counter` or `time.thread_time`.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._last: float | None = None
        self.turns_s: list[float] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._beat)

    @property
    def longest_s(self) -> float:
        """The longest turn since `start`."""
        return max(self.turns_s, default=0.0)

    def start(self) -> None:
        """Forget what was and watch."""
        self.turns_s.clear()
        self._last = self._clock()
        self._timer.start()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._last = None

    def _beat(self) -> None:
        now = self._clock()
        if self._last is not None:
            self.turns_s.append(now - self._last)
        self._last = self._clock()
