# SPDX-License-Identifier: Apache-2.0
"""What the viewer has computed by processes beside it, computed in this one: none has to load the engine.

For tests of what the window makes of the answers; that the processes themselves work is tested where they are not
replaced.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QByteArray, QObject, QTimer, pyqtSignal

from experiments import cli
from gui import checker
from gui.check_client import CheckClient
from gui.child import Child


class Process(QObject):
    """Has done its work when it is started; `kill` only keeps the answer from being delivered, by its owner."""

    finished = pyqtSignal()

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self.answers = io.StringIO()
        self.finished.connect(self.deleteLater)

    def write(self, request: bytes) -> None:
        checker.serve(io.StringIO(request.decode()), self.answers)
        QTimer.singleShot(0, self.parent()._read)

    def readAllStandardOutput(self) -> QByteArray:  # noqa: N802
        answers, self.answers = self.answers, io.StringIO()
        return QByteArray(answers.getvalue().encode())

    def kill(self) -> None:
        pass

    def waitForFinished(self, _patience_ms: int) -> None:  # noqa: N802
        pass


def checker_here(client: CheckClient) -> Process:
    """Take the place of `gui.check_client.CheckClient._running`."""
    if client._process is None:
        client._process, client._text = Process(client), b""
    return client._process


def command_here(
    child: Child, arguments: Sequence[str], on_output: Callable[[str], object], on_failure: Callable[[str], object]
) -> None:
    """Take the place of `gui.child.Child.start`."""
    child.stop()
    process, errors, code = Process(child), io.StringIO(), None
    with contextlib.redirect_stdout(process.answers), contextlib.redirect_stderr(errors):
        try:
            cli.main(list(arguments))
        except SystemExit as ended:
            code = ended.code

    def deliver() -> None:
        if child._process is process:
            child._process = None
            process.deleteLater()
            if code == 0:
                on_output(process.answers.getvalue())
            else:
                on_failure(" ".join(errors.getvalue().splitlines()))

    child._process = process
    QTimer.singleShot(0, deliver)
