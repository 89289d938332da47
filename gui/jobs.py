# SPDX-License-Identifier: Apache-2.0
"""Work off the GUI thread: one worker reads files and lays fabrics out; its answers arrive on the GUI thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

BATCH_S = 0.1


Submit = Callable[[str, Callable[[], Any], Callable[[Any], object]], object]  # what `Jobs.submit` is


class Jobs(QObject):
    """Runs jobs one after the other in a worker thread.

    Each answer has a turn of the event loop for itself, so that several that arrive together do not hold up the window.
    `failed` carries exceptions that a job did not turn into an answer of its own; `busy_changed` what is being done.
    """

    failed = pyqtSignal(object)
    busy_changed = pyqtSignal(str)
    _delivered = pyqtSignal(object, object)
    _ended = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="optinet-reader")
        self._waiting: dict[Future[None], str] = {}
        self._closing = False
        self._answers: deque[Callable[[], None]] = deque()
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._take_turn)
        # queued even when emitted on this thread, so that a job ends after its answer has been delivered
        self._delivered.connect(self._line_up, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._line_up_end, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a job runs or waits."""
        return bool(self._waiting)

    def submit(self, label: str, work: Callable[[], Any], on_done: Callable[[Any], object]) -> None:
        """Run `work` in the worker and `on_done` with its result on the GUI thread."""
        self._start(label, lambda: self._delivered.emit(on_done, work()))

    def stream(
        self,
        label: str,
        items: Callable[[], Iterator[Any]],
        on_batch: Callable[[list[Any]], object],
        on_end: Callable[[None], object],
    ) -> None:
        """Run an iterator in the worker and hand its items over in batches; then `on_end`.

        The first item comes at once, the others several times a second.
        """

        def drain() -> None:
            batch: list[Any] = []
            due = time.monotonic()
            for item in items():
                if self._closing:
                    return
                batch.append(item)
                if time.monotonic() >= due:
                    self._delivered.emit(on_batch, batch)
                    batch, due = [], time.monotonic() + BATCH_S
            if batch:
                self._delivered.emit(on_batch, batch)
            self._delivered.emit(on_end, None)

        self._start(label, drain)

    def shutdown(self) -> None:
        """Drop waiting jobs and wait for the running one to stop."""
        self._closing = True
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
        self._turn.stop()
        self._answers.clear()

    def _start(self, label: str, work: Callable[[], None]) -> None:
        if self._closing:
            return
        future = self._executor.submit(work)
        self._waiting[future] = label
        self._announce()
        future.add_done_callback(self._ended.emit)

    def _announce(self) -> None:
        self.busy_changed.emit(next(iter(self._waiting.values()), ""))

    def _line_up(self, receiver: Callable[[Any], object], value: Any) -> None:
        self._answers.append(partial(self._deliver, receiver, value))
        self._turn.start()

    def _line_up_end(self, future: Future[None]) -> None:
        self._answers.append(partial(self._end, future))
        self._turn.start()

    def _take_turn(self) -> None:
        answer = self._answers.popleft()
        if self._answers:
            self._turn.start()  # before it, for it may open a dialog and stay in there
        answer()

    def _deliver(self, receiver: Callable[[Any], object], value: Any) -> None:
        if not self._closing:
            receiver(value)

    def _end(self, future: Future[None]) -> None:
        self._waiting.pop(future, None)
        self._announce()
        error = None if future.cancelled() else future.exception()
        if error is not None and not self._closing:
            self.failed.emit(error)
