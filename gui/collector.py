# SPDX-License-Identifier: Apache-2.0
"""Collects Python's garbage on the GUI thread alone.

Python collects on whichever thread allocates next, the worker too. There it would destroy what belongs to Qt, and look
through the connections of signals, which Qt takes apart on the GUI thread meanwhile without Python's lock: both end the
program now and then.
"""

from __future__ import annotations

import gc
from typing import ClassVar

from PyQt6.QtCore import QAbstractEventDispatcher, QObject

OLDEST, SHARE = 2, 4  # generation of all objects, gone through once a quarter of them is new, as Python does


class Collector(QObject):
    """Takes the place of the automatic collection, if there is one, from `start` to `stop`; several may at a time."""

    _started: ClassVar[set[Collector]] = set()
    _was_enabled: ClassVar[bool] = True

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._old = self._new = 0

    def start(self) -> None:
        """Collect on this thread from now on, whenever it has nothing else to do."""
        if not self._started:
            Collector._was_enabled = gc.isenabled()
        gc.disable()
        self._old = len(gc.get_objects())
        loop = QAbstractEventDispatcher.instance()
        if loop is not None and self not in self._started:
            loop.aboutToBlock.connect(self.look)
        self._started.add(self)

    def stop(self) -> None:
        """Leave collecting to whoever did before, unless another window needs it here."""
        loop = QAbstractEventDispatcher.instance()
        if loop is not None and self in self._started:
            loop.aboutToBlock.disconnect(self.look)
        self._started.discard(self)
        if not self._started and Collector._was_enabled:
            gc.enable()

    def look(self) -> None:
        """Collect the oldest generation that is due, with the younger ones."""
        pairs = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (count, limit) in enumerate(pairs) if count > limit > 0]
        if due and due[-1] == OLDEST and self._new <= self._old // SHARE:
            due.pop()
        if not due:
            return
        if due[-1] == OLDEST:
            gc.collect()
            self._old, self._new = len(gc.get_objects()), 0
            return
        young = sum(len(gc.get_objects(generation)) for generation in range(OLDEST)) if due[-1] else 0
        found = gc.collect(due[-1])
        self._new += max(young - found, 0)
