# SPDX-License-Identifier: Apache-2.0
"""Commands of the fabric view: where it is looked at from, and its colors."""

from __future__ import annotations

from functools import partial

from gui.commands import Command
from gui.state.fabric_view import MAPS, FabricViewState
from gui.state.scene import QUANTITIES

ZOOM_STEP, ORBIT_STEP_DEG = 1.25, 7.5


def camera_commands(state: FabricViewState) -> list[Command]:
    """Return the commands that move the camera or change what is drawn."""

    def has_scene() -> bool:
        return state.scene is not None

    turns = (
        ("turn_left", "Turn left", "Left", 1, 0),
        ("turn_right", "Turn right", "Right", -1, 0),
        ("raise", "Look from higher", "Up", 0, 1),
        ("lower", "Look from lower", "Down", 0, -1),
    )
    return [
        Command(
            "view.fit",
            "Fit",
            state.fit,
            "F",
            "View",
            has_scene,
            help="Show the whole fabric as large as possible",
            toolbar="Fit",
        ),
        Command(
            "view.reset",
            "Reset view",
            state.reset,
            "R",
            "View",
            has_scene,
            help="Look from the first direction again",
            toolbar="Reset",
        ),
        Command("view.top", "Top view", state.top, "T", "View", has_scene, help="Look straight down", toolbar="Top"),
        Command(
            "view.zoom_in",
            "Zoom in",
            lambda: state.zoom(ZOOM_STEP),
            "Ctrl++",
            "View",
            has_scene,
            help="Magnify about the middle of the view",
        ),
        Command(
            "view.zoom_out",
            "Zoom out",
            lambda: state.zoom(1 / ZOOM_STEP),
            "Ctrl+-",
            "View",
            has_scene,
            help="Shrink about the middle of the view",
        ),
        *(
            Command(
                f"view.{name}",
                title,
                partial(state.orbit, dx * ORBIT_STEP_DEG, dy * ORBIT_STEP_DEG),
                f"Alt+{key}",
                "View/Turn",
                has_scene,
                help=f"Turn the fabric by {ORBIT_STEP_DEG:g} degrees",
            )
            for name, title, key, dx, dy in turns
        ),
        Command(
            "view.host_links",
            "Show host links",
            lambda: state.set_host_links_shown(not state.host_links_shown),
            "H",
            "View",
            has_scene,
            lambda: state.host_links_shown,
            help="Draw the links of hosts, which often hide the links between switches",
            toolbar="Host links",
        ),
    ]


def color_commands(state: FabricViewState) -> list[Command]:
    """Return the commands that choose what colors mean."""
    return [
        *(
            Command(
                f"color.by_{quantity.id}",
                quantity.title,
                partial(state.set_quantity, quantity),
                "",
                "View/Color by",
                checked_when=lambda q=quantity: state.quantity == q,
                help=f"Color links by {quantity.title.lower()}, {quantity.unit}",
            )
            for quantity in QUANTITIES
        ),
        *(
            Command(
                f"color.map_{name}",
                name,
                partial(state.set_map, name),
                "",
                "View/Color map",
                checked_when=lambda n=name: state.map_name == n,
                help=f"Use the color map {name}",
            )
            for name in MAPS
        ),
        Command(
            "color.lock",
            "Lock color range",
            lambda: state.set_scale_locked(not state.scale_locked),
            "L",
            "View",
            checked_when=lambda: state.scale_locked,
            help="Keep the color range when another run is shown",
        ),
        Command(
            "color.stretch",
            "Stretch colors to the data",
            lambda: state.set_scale_stretched(not state.scale_stretched),
            "",
            "View",
            checked_when=lambda: state.scale_stretched,
            help="End the color range at the largest value even below 100 % of capacity",
        ),
    ]
