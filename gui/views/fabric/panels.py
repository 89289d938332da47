# SPDX-License-Identifier: Apache-2.0
"""How the fabric, its traced paths and its optical circuit switches join the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gui.commands import Command
from gui.state.fabric.view import FabricViewState
from gui.views.fabric.commands import camera_commands, color_commands, drawing_commands
from gui.views.fabric.failed_panel import open_menu
from gui.views.fabric.group_commands import group_commands
from gui.views.fabric.pane import FabricPane, Shared
from gui.views.fabric.paths import ONE_MORE, PathsPanel
from gui.views.fabric.range import RangeDialog
from gui.views.tasks.panel import Panel, Window
from gui.views.tasks.session_keeper import SessionKeeper

if TYPE_CHECKING:
    from gui.views.fabric.ocs import OcsPanel

MOUSE_HELP = (
    "Drag: turn, Shift+drag: move, wheel: zoom, double-click: fold, click two endpoints: paths, right-click: fail"
)


def fabric(keeper: SessionKeeper, window: Window) -> FabricPane:
    """Return the views of the fabrics of selected runs."""
    shared = Shared(window.session, window.selection, window.jobs, window.messages)
    pane = FabricPane(shared, window.fabric_state, window.theme)
    window.failures.linked = pane.linked
    pane.hovered_text.connect(partial(_tell, window, pane))
    pane.seen.connect(lambda seen: window.show_status(_advice(window.fabric_state) if seen else ""))
    window.fabric_state.chosen_changed.connect(lambda: _ask_for_second(window))
    pane.main.menu_wanted.connect(partial(open_menu, window))
    pane.traced.connect(lambda: window.panels["paths"].show())
    pane.scene_shown.connect(keeper.look_at)
    pane.show_selected()
    return pane


def _tell(window: Window, pane: FabricPane, text: str) -> None:
    """Say what is under the pointer, or what the mouse can do where the fabric is seen."""
    if text or pane.isVisible():
        window.show_status(text or _advice(window.fabric_state))


def _advice(state: FabricViewState) -> str:
    """Return what can be done with the mouse now."""
    if state.scene is None:
        return ""
    return ONE_MORE.format(state.scene.node_names[state.chosen[0]]) if len(state.chosen) == 1 else MOUSE_HELP


def _ask_for_second(window: Window) -> None:
    if len(window.fabric_state.chosen) == 1:
        window.show_status(_advice(window.fabric_state))


def fabric_commands(window: Window, panel: Panel) -> list[Command]:
    """Return the commands of the fabric view."""
    state = window.fabric_state

    def toggle_comparing() -> None:
        panel.show()
        panel.widget.set_comparing(not panel.widget.comparing)

    def search() -> None:
        panel.show()
        panel.widget.search.open()

    return [
        *camera_commands(state),
        Command(
            "view.search",
            "Search node…",
            search,
            "Ctrl+F",
            "Edit",
            lambda: state.scene is not None,
            help="Look for nodes by how their name begins or by a regular expression",
            toolbar="Search",
        ),
        Command(
            "view.side_by_side",
            "Side by side",
            toggle_comparing,
            "Ctrl+B",
            "View",
            lambda: panel.is_made and (panel.widget.comparing or panel.widget.can_compare()),
            lambda: panel.is_made and panel.widget.comparing,
            help="Show up to four selected runs beside each other, with one camera and one color range",
            toolbar="Side by side",
        ),
        *group_commands(window),
        *drawing_commands(state, lambda style: panel.widget.set_style(style)),
        *color_commands(state, lambda: RangeDialog(state, window.widget).open()),
    ]


def paths(window: Window) -> PathsPanel:
    """Return the panel of traced paths."""
    return PathsPanel(window.fabric_state, window.theme)


def paths_commands(window: Window, panel: Panel) -> list[Command]:
    """Return the commands of the panel of traced paths."""
    return [
        Command(
            "paths.copy",
            "Copy traced paths",
            lambda: panel.widget.copy(),
            "",
            "Edit/Copy",
            lambda: window.fabric_state.trace is not None,
            help="Put every traced path with its hops on the clipboard, as a table",
        )
    ]


def ocs(window: Window) -> OcsPanel:
    """Return the panel of the optical circuit switches."""
    from gui.views.fabric.ocs import OcsPanel

    return OcsPanel(window.fabric_state, window.session, window.jobs, window.theme)


def ocs_commands(window: Window, panel: Panel) -> list[Command]:
    """Return the commands of the panel of the optical circuit switches."""

    def has_plant() -> bool:
        scene = window.fabric_state.scene
        return scene is not None and scene.has_plant

    def has_playback() -> bool:
        return has_plant() and panel.is_made and panel.widget.playback is not None

    def shown(does: str, *values: object) -> None:
        panel.show()
        getattr(panel.widget, does)(*values)

    rows = (
        ("next", "Next OCS", "step_device", (1,), "Ctrl+]", has_plant, "Show the next optical circuit switch"),
        ("previous", "Previous OCS", "step_device", (-1,), "Ctrl+[", has_plant, "Show the one before"),
        (
            "play",
            "Play reconfiguration",
            "toggle_playing",
            (),
            "Ctrl+Alt+Space",
            has_playback,
            "Play or pause",
        ),
        ("step", "Next step", "step", (1,), "Ctrl+Alt+Right", has_playback, "One step on in the reconfiguration"),
        ("back", "Step back", "step", (-1,), "Ctrl+Alt+Left", has_playback, "One step back in the reconfiguration"),
        ("faster", "Play faster", "change_speed", (2.0,), "", has_playback, "Twice as many steps a second"),
        ("slower", "Play slower", "change_speed", (0.5,), "", has_playback, "Half as many steps a second"),
    )
    return [
        Command(f"ocs.{name}", title, partial(shown, does, *values), key, "View/Circuits", when, help=text)
        for name, title, does, values, key, when, text in rows
    ]
