# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from gui.commands import Command, CommandRegistry


@pytest.fixture
def done():
    return []


@pytest.fixture
def registry(done):
    registry = CommandRegistry()
    registry.add(
        Command("view.fit", "Fit", lambda: done.append("fit"), "F", "View", help="show the whole fabric"),
        Command("file.open", "Open runs", lambda: done.append("open"), "Ctrl+O", "File", help="fit for files"),
        Command("file.close", "Close", lambda: done.append("close"), menu="File", enabled_when=lambda: False),
    )
    return registry


def test_a_command_runs_if_it_is_enabled(registry, done):
    assert registry.run("file.open") is True
    assert registry.run("file.close") is False
    assert done == ["open"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["view.fit", "file.open", "file.close"]),
        ("fit", ["view.fit", "file.open"]),
        ("runs open", ["file.open"]),
        ("FILE CL", ["file.close"]),
        ("nothing", []),
    ],
)
def test_the_search_finds_words_in_menu_title_and_help_titles_first(registry, text, found):
    assert [command.id for command in registry.search(text)] == found


def test_an_id_or_a_shortcut_belongs_to_one_command(registry):
    with pytest.raises(ValueError, match="is taken"):
        registry.add(Command("view.fit", "Other", lambda: None))
    with pytest.raises(ValueError, match="belongs to"):
        registry.add(Command("x", "X", lambda: None, "Ctrl+O"))
