# SPDX-License-Identifier: Apache-2.0
"""Menus, toolbar and shortcuts from the command registry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu, QMenuBar, QToolBar

from gui.commands import Command, CommandRegistry


class Actions:
    """One QAction for each command of `registry`, in the menus and the toolbar of `window`."""

    def __init__(self, window: QMainWindow, registry: CommandRegistry) -> None:
        self._window = window
        self._registry = registry
        self._actions: dict[str, QAction] = {}
        self._menus: dict[str, QMenu] = {}
        self._due = QTimer(window, singleShot=True, interval=0)
        self._due.timeout.connect(self.refresh)
        self._group = ""  # the menu that the last button of the toolbar is from
        # menus and their bar are not left to Qt to make, as by `addMenu` of a title: Python would not hear of their
        # end, and would take what Qt makes later at their places in memory for them
        self._bar = QMenuBar(window)
        window.setMenuBar(self._bar)
        self.toolbar = QToolBar("Toolbar", window)
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setMovable(False)
        self.toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        window.addToolBar(self.toolbar)
        for command in registry:
            self._add(command)
        for menu in self._menus.values():
            _give_letters(menu)
        self.refresh()

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def menu(self, path: str) -> QMenu:
        """Return the menu at a path such as ``View/Color by``, made when first asked for."""
        if path not in self._menus:
            parent, _, title = path.rpartition("/")
            above = self.menu(parent) if parent else self._bar
            made = QMenu(title if parent else f"&{title}", above)  # Alt and its first letter
            above.addMenu(made)
            made.aboutToShow.connect(self.refresh)
            self._menus[path] = made
        return self._menus[path]

    def context_menu(self, ids: Iterable[str]) -> QMenu:
        """Return a menu of some commands, a line for each empty id; the caller shows and deletes it."""
        self.refresh()
        menu = QMenu(self._window)
        for command_id in ids:
            if command_id:
                menu.addAction(self._actions[command_id])
            else:
                menu.addSeparator()
        return menu

    def refresh_soon(self) -> None:
        """Bring them up to date once in this turn of the event loop, however much changes in it."""
        self._due.start()

    def refresh(self) -> None:
        """Bring enabled and checked states up to date."""
        self._due.stop()
        for command in self._registry:
            action = self._actions[command.id]
            action.setEnabled(command.enabled_when())
            if command.checked_when is not None:
                action.setChecked(command.checked_when())

    def take_shortcuts(self) -> None:
        """Take the shortcuts that the commands have now."""
        for action in self._actions.values():
            action.setShortcut(QKeySequence())  # first of all, lest two actions share one for a moment
        for command in self._registry:
            self._set_keys(command)

    def _add(self, command: Command) -> None:
        action = QAction(command.title, self._window)
        action.setIconText(command.title)  # without the letter that a menu underlines
        action.setStatusTip(command.help)
        action.setCheckable(command.checked_when is not None)
        action.triggered.connect(lambda _checked, command_id=command.id: self._run(command_id))
        self._actions[command.id] = action
        self._set_keys(command)
        if command.menu:
            self.menu(command.menu).addAction(action)
        else:
            self._window.addAction(action)  # for its shortcut
        if command.toolbar:
            action.setIconText(command.toolbar)
            if self._group not in ("", command.menu):
                self.toolbar.addSeparator()
            self._group = command.menu
            self.toolbar.addAction(action)

    def _set_keys(self, command: Command) -> None:
        action = self._actions[command.id]
        action.setShortcut(QKeySequence(command.shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{command.help or command.title} ({keys})" if keys else command.help or command.title)

    def _run(self, command_id: str) -> None:
        self._registry.run(command_id)
        self.refresh()


def _give_letters(menu: QMenu) -> None:
    """Underline a letter of each entry, to choose it by, that no other has."""
    actions = [action for action in menu.actions() if not action.isSeparator()]
    titles = [action.text().replace("&&", "\0").replace("&", "").replace("\0", "&") for action in actions]
    for letter, number in letters_of(titles).items():
        title = titles[number]
        at = next(at for at in _places(title) if title[at].lower() == letter)
        actions[number].setText("&".join(part.replace("&", "&&") for part in (title[:at], title[at:])))


def letters_of(titles: Sequence[str]) -> dict[str, int]:
    """Return letters, each with the number of the title that has it: one for every title while there are enough.

    A title takes the first letter of a word if it is free, else any; if none is, another title makes room where it can.
    """
    owner: dict[str, int] = {}

    def give(number: int, tried: set[str]) -> bool:
        letters = [titles[number][at].lower() for at in _places(titles[number])]
        for letter in sorted(letters, key=lambda letter: letter in owner):  # free ones first
            if letter in tried:
                continue
            tried.add(letter)
            if letter not in owner or give(owner[letter], tried):
                owner[letter] = number
                return True
        return False

    for number in range(len(titles)):
        give(number, set())
    return owner


def _places(title: str) -> list[int]:
    """Return where the letters of a title stand, those that begin a word first."""
    places = [at for at, letter in enumerate(title) if letter.isalnum()]
    return sorted(places, key=lambda at: at > 0 and title[at - 1] != " ")
