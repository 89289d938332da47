# SPDX-License-Identifier: Apache-2.0
"""What keeps Qt from showing a window on this machine, told in a line or two where Qt alone would dump core."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

NO_DISPLAY = """\
The viewer needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY is set.
Over ssh use 'ssh -X', or a virtual screen: xvfb-run optinet-viewer ...
"""
NO_ANSWER = """\
The viewer needs a screen, and none answers at {named}.
Name a screen that you may use; over ssh use 'ssh -X', or a virtual screen: xvfb-run optinet-viewer ...
"""
NO_PLATFORM = "Qt knows no platform '{name}': it has {available}. It is named by --platform or QT_QPA_PLATFORM.\n"
NO_WINDOW = "Qt can show no window: {said}\n"
PACKAGES = (
    "libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 "
    "libxcb-xkb1"
)
LIBRARY_MISSING = f"""\
The viewer cannot load Qt: {{error}}
On Debian and Ubuntu:  sudo apt-get install {PACKAGES}
"""
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
_PLATFORM_FAILED = "no Qt platform plugin could be initialized"


def without_screen() -> str:
    """Say what is wrong if there is nothing at all to show a window on, else nothing."""
    named = map(os.environ.get, (*_SCREENS, "QT_QPA_PLATFORM"))
    return NO_DISPLAY if sys.platform == "linux" and not any(named) else ""


@contextlib.contextmanager
def told_failures() -> Iterator[None]:
    """While Qt looks for a screen, end the program with a line of text and code 2 where Qt would abort it."""
    from PyQt6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    said: list[str] = []

    def take(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        said.append(text or "")
        if kind == QtMsgType.QtFatalMsg:  # Qt aborts when this returns
            sys.stderr.write(reason(said))
            sys.stderr.flush()
            os._exit(2)

    before = qInstallMessageHandler(take)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
    for line in said:
        sys.stderr.write(f"{line}\n")


def reason(said: Sequence[str]) -> str:
    """Return why Qt can show no window, from what it said before it gave up."""
    text = "\n".join(said)
    if _PLATFORM_FAILED not in text:
        return f"{text}\n"
    if unknown := re.search(r'Could not find the Qt platform plugin "(.*?)"', text):
        available = re.search(r"Available platform plugins are: (.*)\.", text)
        return NO_PLATFORM.format(name=unknown[1], available=available[1] if available else "none")
    if re.search("could not connect to display|Failed to create wl_display", text):
        named = [f"{name}={os.environ[name]}" for name in _SCREENS if os.environ.get(name)]
        return NO_ANSWER.format(named=" nor ".join(named) or "WAYLAND_DISPLAY, which is not set")
    failed = re.findall(r'Could not load the Qt platform plugin "(.*?)"', text)
    if missing := next(filter(None, map(_missing_library, failed)), ""):
        return LIBRARY_MISSING.format(error=missing)
    return NO_WINDOW.format(said=" ".join(line for line in said if _PLATFORM_FAILED not in line))


def _missing_library(platform: str) -> str:
    """Say which system library a platform of Qt cannot be loaded without, if there is such a one."""
    from PyQt6.QtCore import QLibraryInfo

    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath), "platforms")
    for plugin in plugins.glob(f"libq{platform}.so"):
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            return str(error)
    return ""
