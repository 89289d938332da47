# SPDX-License-Identifier: Apache-2.0
"""Commands that show one pod, cube, plane, block or rack alone."""

from __future__ import annotations

from functools import partial

from gui.commands import Command
from gui.views.tasks.panel import Window

MENU = "View/One group alone"


def group_commands(window: Window) -> list[Command]:
    """Return the commands that show a group alone, the next one, and all again."""
    state = window.fabric_state

    def names() -> tuple[str, ...]:
        return state.scene.folds.names if state.scene is not None else ()

    def shown() -> str:
        return state.link_filter.group if state.link_filter.group in names() else ""

    def pointed() -> str:
        """Return the group under the pointer, or of the node clicked last."""
        part = window.failures.group
        return part.title if part is not None and part.title in names() else ""

    def step(by: int) -> None:
        every, name = names(), shown()
        at = every.index(name) + by if name else (0 if by > 0 else -1)
        state.isolate(every[at % len(every)])

    def ask() -> None:
        question = "Pod, cube, plane, block or rack to show alone:"
        if name := window.dialogs.choose("One group alone", question, dict.fromkeys(names(), "")):
            state.isolate(name)

    return [
        Command(
            "view.isolate",
            "Show its group alone",
            lambda: state.isolate(pointed() if pointed() != shown() else ""),
            "I",
            MENU,
            lambda: bool(pointed()),
            help="Draw only the pod, cube, plane, block or rack under the pointer or clicked last, and what it is "
            "joined to; once more shows all",
        ),
        Command(
            "view.isolate_named",
            "Show one group alone…",
            ask,
            "",
            MENU,
            lambda: bool(names()),
            help="Choose a pod, cube, plane, block or rack by name and draw it and what it is joined to alone",
        ),
        *(
            Command(f"view.isolate_{name}", title, partial(step, by), key, MENU, lambda: bool(names()), help=text)
            for name, title, by, key, text in (
                ("next", "Next group alone", 1, "Ctrl+Alt+Down", "Draw the next pod, cube, plane, block or rack alone"),
                ("previous", "Previous group alone", -1, "Ctrl+Alt+Up", "Draw the one before alone"),
            )
        ),
        Command(
            "view.isolate_none",
            "Show all groups",
            partial(state.isolate, ""),
            "Shift+I",
            MENU,
            lambda: bool(state.link_filter.group),
            help="Draw the whole fabric again",
        ),
    ]
