# SPDX-License-Identifier: Apache-2.0
"""What tells about the program: the user guide and the versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QSize, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QTextBlock, QTextCursor, QTextDocument, QTextLength
from PyQt6.QtWidgets import QDialog, QLabel, QTextBrowser, QWidget

from gui.views.widgets.dialogs import ContentDialog
from gui.views.widgets.screen import resize_within_screen

LIBRARIES = ("numpy", "numba", "scipy", "h5py", "networkx", "pydantic", "pyqtgraph", "matplotlib")


def guide_text() -> str:
    """Return the user guide, which a wheel has beside the viewer and a clone in docs/."""
    for path in (files("gui") / "user_guide.md", Path(__file__).parents[3] / "docs" / "user_guide.md"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return "# User guide\n\nThe user guide did not come with this installation."


def guide_dialog(parent: QWidget) -> QDialog:
    """Return a dialog with the user guide."""
    browser = QTextBrowser()
    browser.setOpenLinks(False)
    browser.setSearchPaths([str(Path(__file__).parents[3] / "docs")])
    browser.setMarkdown(guide_text())
    _fit(browser)
    browser.anchorClicked.connect(lambda url: _follow(browser, url))
    dialog = ContentDialog("User guide", browser, parent)
    resize_within_screen(dialog, QSize(900, 700))
    return dialog


def _fit(browser: QTextBrowser) -> None:
    """Break long lines of samples and shrink pictures, so that nothing has to be scrolled sideways."""
    document = browser.document()
    assert document is not None  # a text browser has one
    cursor, wide = QTextCursor(document), QTextLength(QTextLength.Type.PercentageLength, 100)
    for block in _blocks(document):
        if block.blockFormat().nonBreakableLines():
            lines = block.blockFormat()
            lines.setNonBreakableLines(False)
            cursor.setPosition(block.position())
            cursor.setBlockFormat(lines)
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().isImageFormat():
                picture = fragment.charFormat().toImageFormat()
                picture.setMaximumWidth(wide)
                cursor.setPosition(fragment.position())
                cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                cursor.setCharFormat(picture)
            fragments += 1


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def about_dialog(parent: QWidget) -> QDialog:
    """Return a dialog with what the program is and its versions."""
    text = QLabel(
        f"<h3>optinet {version('optinet')}</h3>"
        "<p>Simulator of optical interconnects and network topologies for AI clusters.<br>"
        "Apache-2.0; this viewer uses PyQt6, whose license is the GPL.</p>"
        f"<p>{'<br>'.join(versions())}</p>"
    )
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    text.setWordWrap(True)
    dialog = ContentDialog("About optinet", text, parent)
    resize_within_screen(dialog, QSize(520, dialog.sizeHint().height()))
    return dialog


def versions() -> list[str]:
    """Return what the program runs on, one line each."""
    found = [
        f"Python {platform.python_version()} on {platform.platform()}",
        f"Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}",
    ]
    for library in LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            found.append(f"{library} is missing")
    return found


def _follow(browser: QTextBrowser, url: QUrl) -> None:
    """Go to a heading of the guide, or open another page where pages are read."""
    if url.isRelative() and not url.path():
        browser.scrollToAnchor(url.fragment())
    elif url.scheme() in ("http", "https"):
        QDesktopServices.openUrl(url)
