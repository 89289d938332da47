# SPDX-License-Identifier: Apache-2.0
"""The command registry: every action of the viewer is one entry here.

Menus, toolbar, shortcuts, the command palette and the list of shortcuts are all made from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Command:
    """One action.

    Parameters
    ----------
    id
        A fixed dotted name.
    title
        What menus and the palette show.
    callback
        Does it.
    shortcut
        Key sequence in Qt's portable notation; empty for none.
    menu
        Titles of the menu and submenu, separated by ``/``; empty for a command that only the palette offers.
    enabled_when
        Whether the command makes sense now.
    checked_when
        For a command that switches something on and off: whether it is on now.
    help
        One sentence for status bar, tooltip and palette.
    toolbar
        Short title in the toolbar; empty for a command that is not there.
    """

    id: str
    title: str
    callback: Callable[[], object]
    shortcut: str = ""
    menu: str = ""
    enabled_when: Callable[[], bool] = _always
    checked_when: Callable[[], bool] | None = None
    help: str = ""
    toolbar: str = ""


class CommandRegistry:
    """All commands in the order they were added, which is their order in menus."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._usual: dict[str, str] = {}  # shortcuts before the user changed any

    def add(self, *commands: Command) -> None:
        """Add commands.

        Raises
        ------
        ValueError
            If an id or a shortcut is taken; this is a mistake in the program.
        """
        for command in commands:
            if command.id in self._commands:
                msg = f"the command id '{command.id}' is taken"
                raise ValueError(msg)
            taken = next((c.id for c in self if c.shortcut and c.shortcut == command.shortcut), None)
            if taken:
                msg = f"the shortcut {command.shortcut} of '{command.id}' belongs to '{taken}'"
                raise ValueError(msg)
            self._commands[command.id] = command
            self._usual[command.id] = command.shortcut

    def __iter__(self) -> Iterator[Command]:
        return iter(tuple(self._commands.values()))

    def __getitem__(self, command_id: str) -> Command:
        return self._commands[command_id]

    def usual_shortcut(self, command_id: str) -> str:
        """Return the shortcut a command has until the user gives it another."""
        return self._usual[command_id]

    def assign_shortcuts(self, changed: Mapping[str, str]) -> None:
        """Give every command its usual shortcut, or the one that it has in `changed`; an empty one takes it away.

        Commands that are not there, such as those of another version, are passed over. Where two have the same keys,
        the changed one keeps them.
        """
        taken = {keys for name, keys in changed.items() if keys and name in self._commands}
        for name, command in self._commands.items():
            usual = self._usual[name] if self._usual[name] not in taken else ""
            self._commands[name] = dataclasses.replace(command, shortcut=changed.get(name, usual))

    def run(self, command_id: str) -> bool:
        """Run a command if it is enabled; return whether it was."""
        command = self._commands[command_id]
        if not command.enabled_when():
            return False
        command.callback()
        return True

    def search(self, text: str) -> list[Command]:
        """Return the commands whose menu, title or help hold all words of `text`, titles that start with it first."""
        words = text.lower().split()
        found = []
        for order, command in enumerate(self):
            title = command.title.lower()
            everything = f"{command.menu} {title} {command.help}".lower()
            if all(word in everything for word in words):
                in_title = all(word in title for word in words)
                found.append((not title.startswith(text.lower().strip()), not in_title, order, command))
        return [command for *_, command in sorted(found, key=lambda item: item[:3])]
