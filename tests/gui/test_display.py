# SPDX-License-Identifier: Apache-2.0
"""A machine on which Qt can show no window is told what is missing."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

import gui
from gui.display import PACKAGES, reason

SCRIPT = Path(gui.__file__).parents[1] / ".ci" / "system-packages"
# what Qt says before it aborts
XCB = 'Could not load the Qt platform plugin "xcb" in "" even though it was found.'
GIVEN_UP = (
    "no Qt platform plugin could be initialized. Reinstalling may help.\n\nAvailable platform plugins are: a, b.\n"
)
CURSOR = "From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin."


@pytest.fixture(autouse=True)
def nothing_loads(monkeypatch):
    def load(_path):
        raise OSError("libxcb-cursor.so.0: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setenv("DISPLAY", ":87")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["could not connect to display :87", CURSOR, XCB, GIVEN_UP], "none answers at DISPLAY=:87."),
        (["Failed to create wl_display (No such file)", XCB, GIVEN_UP], "none answers at DISPLAY=:87."),
        (
            [CURSOR, XCB, GIVEN_UP],
            "libxcb-cursor.so.0: cannot open shared object file\nOn Debian and Ubuntu:  sudo apt-get",
        ),
        (['Could not find the Qt platform plugin "xbc" in ""', GIVEN_UP], "knows no platform 'xbc': it has a, b."),
        (["Could not initialize egl display", GIVEN_UP], "no window: Could not initialize egl display\n"),
        (["a mistake of Qt"], "a mistake of Qt\n"),
    ],
)
def test_what_qt_says_becomes_what_to_do(said, told):
    assert told in reason(said)


@pytest.mark.skipif(not SCRIPT.exists(), reason="a clone has it alone")
def test_the_packages_to_install_are_those_that_the_project_installs():
    needed = re.search(r"needed=\((.*?)\)", SCRIPT.read_text(encoding="utf-8"), re.DOTALL)[1].split()
    assert set(PACKAGES.split()) == set(needed) - {"xvfb", "xauth"}
