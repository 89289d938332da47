# SPDX-License-Identifier: Apache-2.0
"""Collects Python's garbage on the GUI thread alone.

Python collects on whichever thread allocates next, the worker too. There it would destroy what belongs to Qt, and look
through the connections of signals, which Qt takes apart on the GUI thread meanwhile without Python's lock: both end the
program now and then.
"""

from __future__ import annotations

import gc
import time
from typing import ClassVar

from PyQt6.QtCore import QObject, QTimer

LOOK_MS = 200  # engineering estimate: seldom enough to cost nothing, and garbage of this time fits any memory
OLDEST, SHARE = 2, 0.01  # generation of all objects; share of the time, an engineering estimate


class Collector(QObject):
    """Takes the place of the automatic collection from `start` to `stop`; several may do so at a time."""

    _started: ClassVar[set[Collector]] = set()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._next_whole_s = 0.0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Collect on this thread from now on."""
        gc.disable()
        self._started.add(self)
        self._timer.start()

    def stop(self) -> None:
        """Leave collecting to Python again, unless another window needs it here."""
        self._timer.stop()
        self._started.discard(self)
        if not self._started:
            gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due, with the younger ones, as Python would.

        All that there is takes long to go through, so that this may take `SHARE` of the time at most.
        """
        pairs = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (count, limit) in enumerate(pairs) if count > limit > 0]
        now = time.monotonic()
        if due and due[-1] == OLDEST and now < self._next_whole_s:
            due[-1] = OLDEST - 1
        if due:
            gc.collect(due[-1])
        if due and due[-1] == OLDEST:
            end = time.monotonic()
            self._next_whole_s = end + (end - now) / SHARE
