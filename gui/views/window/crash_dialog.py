# SPDX-License-Identifier: Apache-2.0
"""What the user sees when the viewer itself made a mistake: text to copy, and the window stays."""

from __future__ import annotations

import platform
import traceback
from importlib.metadata import version
from types import TracebackType

from PyQt6.QtCore import QT_VERSION_STR, QSize, Qt
from PyQt6.QtGui import QFontDatabase, QGuiApplication
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from gui.views.widgets.screen import resize_within_screen

GOES_ON = "The viewer made a mistake. It goes on; what you see may be incomplete."


def report_text(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Return versions and traceback as text."""
    versions = (
        f"optinet {version('optinet')}, Python {platform.python_version()}, Qt {QT_VERSION_STR}, {platform.platform()}"
    )
    return f"{versions}\n\n{''.join(traceback.format_exception(kind, error, trace))}"


class CrashDialog(QDialog):
    """Shows a report that can be copied."""

    def __init__(self, report: str, parent: QWidget | None = None, headline: str = GOES_ON) -> None:
        super().__init__(parent)
        self.report = report
        self.setWindowTitle("Something went wrong")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, QSize(720, 420))
        text = QPlainTextEdit(report, readOnly=True)
        text.setAccessibleName("Report")
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy report", QDialogButtonBox.ButtonRole.ActionRole)
        assert copy is not None
        copy.clicked.connect(self.copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(headline, wordWrap=True))
        layout.addWidget(text)
        layout.addWidget(buttons)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.report)
