# SPDX-License-Identifier: Apache-2.0
"""The viewer's side of `gui.checker`: questions about scenarios, answered by a process beside the window."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import QObject, QProcess, QTimer, pyqtSignal

from gui.state.scenario.check import Check
from gui.state.scenario.fields import Field, Section
from optinet.errors import Problem

# engineering estimate: far more than the largest fabric that fits takes to build, and than kernels of wiring take to be
# compiled the first time, 6 s of a processor, where others use it as well
PATIENCE_MS = 60_000


class CheckClient(QObject):
    """Asks for the fields of a scenario and for what is wrong with it; an answer that has been overtaken is dropped.

    `failed` says why there is no answer: the process was ended, or it took too long. It is started anew when needed.
    """

    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._closed = False
        self._text = b""
        self._id = 0
        self._wanted: dict[str, tuple[int, Callable[[dict[str, Any]], object]]] = {}
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._give_up)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is to come."""
        return bool(self._wanted)

    def ask_sections(self, values: Mapping[str, Any], on_answer: Callable[[tuple[Section, ...]], object]) -> None:
        """Ask for the fields that a scenario of these values has."""
        self._ask("sections", {"values": values}, lambda answer: on_answer(_sections(answer)))

    def ask_check(self, text: str, workers: int, on_answer: Callable[[Check], object], name: str = "") -> None:
        """Ask what is wrong with the text of a scenario or study, and how long it would take.

        A question about a file, by its name, and one about a text without a name do not overtake each other.
        """
        self._ask(
            f"check {name}", {"text": text, "workers": workers, "name": name}, lambda answer: on_answer(_check(answer))
        )

    def shutdown(self) -> None:
        """End the process for good: what is asked from now on is left unanswered."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        self._patience.stop()
        self._wanted.clear()
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect()
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _ask(self, what: str, request: Mapping[str, Any], on_answer: Callable[[dict[str, Any]], object]) -> None:
        if self._closed:  # by a timer that was still due when the window closed
            return
        self._id += 1
        self._wanted[what] = (self._id, on_answer)
        line = json.dumps({"id": self._id, "what": what.split()[0], **request}) + "\n"
        self._running().write(line.encode())
        self._patience.start()

    def _running(self) -> QProcess:
        if self._process is None:
            self._text = b""
            process = QProcess(self)
            process.setProgram(sys.executable)
            process.setArguments(["-m", "gui.checker"])
            process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
            process.readyReadStandardOutput.connect(self._read)
            process.finished.connect(lambda *_: self._gone("the process that checks scenarios has ended"))
            process.start()
            self._process = process
        return self._process

    def _read(self) -> None:
        if self._process is None:
            return
        self._text += bytes(self._process.readAllStandardOutput().data())
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            answer = json.loads(line)
            for what, (number, on_answer) in tuple(self._wanted.items()):
                if number == answer["id"]:
                    del self._wanted[what]
                    on_answer(answer)
        if not self._wanted:
            self._patience.stop()

    def _give_up(self) -> None:
        self._gone(f"checking takes longer than {PATIENCE_MS // 1000} s and was stopped")

    def _gone(self, why: str) -> None:
        self._end()
        self.failed.emit(why)


def _sections(answer: Mapping[str, Any]) -> tuple[Section, ...]:
    if "error" in answer:
        return ()

    def field(data: Mapping[str, Any]) -> Field:
        return Field(**{**data, "path": tuple(data["path"]), "choices": tuple(data["choices"])})

    return tuple(
        Section(**{**data, "fields": tuple(map(field, data["fields"])), "kinds": tuple(data["kinds"])})
        for data in answer["sections"]
    )


def _check(answer: Mapping[str, Any]) -> Check:
    if "error" in answer:
        return Check((Problem("", answer["error"]),))
    data = answer["check"]
    return Check(**{**data, "problems": tuple(Problem(**problem) for problem in data["problems"])})
