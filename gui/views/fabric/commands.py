# SPDX-License-Identifier: Apache-2.0
"""Commands of the fabric view: where it is looked at from, what is folded and marked, and its colors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gui.commands import Command
from gui.state.fabric.layout import FLOOR, FORCE, STRUCTURE
from gui.state.fabric.quantities import QUANTITIES
from gui.state.fabric.view import MAPS, FabricViewState

ZOOM_STEP, ORBIT_STEP_DEG = 1.25, 7.5
LAYOUTS = (
    (STRUCTURE, "As it is built", "Tiers and pods, cubes, planes, blocks or groups, from the structure of the fabric"),
    (
        FLOOR,
        "Racks in rows",
        "The racks that the run counts, those of hosts in front, links in trays above; other nodes by leaf or cube",
    ),
    (FORCE, "Near is near", "Nodes near in the graph stand near each other, whatever the structure"),
)


def camera_commands(state: FabricViewState) -> list[Command]:
    """Return the commands that move the camera."""

    def has_scene() -> bool:
        return state.scene is not None

    def command(name: str, title: str, does: Callable[[], object], key: str, text: str, toolbar: str = "") -> Command:
        return Command(f"view.{name}", title, does, key, "View", has_scene, help=text, toolbar=toolbar)

    turns = (
        ("turn_left", "Turn left", "Left", 1, 0),
        ("turn_right", "Turn right", "Right", -1, 0),
        ("raise", "Look from higher", "Up", 0, 1),
        ("lower", "Look from lower", "Down", 0, -1),
    )
    return [
        command("fit", "Fit", state.fit, "F", "Show the whole fabric as large as possible", "Fit"),
        command("reset", "Reset view", state.reset, "R", "Look from the first direction again", "Reset"),
        command("top", "Top view", state.top, "T", "Look straight down", "Top"),
        Command(
            "view.ortho",
            "No perspective",
            lambda: state.set_perspective(not state.camera.perspective),
            "O",
            "View",
            has_scene,
            lambda: not state.camera.perspective,
            help="Draw near and far things at one scale",
        ),
        command("zoom_in", "Zoom in", lambda: state.zoom(ZOOM_STEP), "Ctrl++", "Magnify about the middle of the view"),
        command("zoom_out", "Zoom out", lambda: state.zoom(1 / ZOOM_STEP), "Ctrl+-", "Shrink about the middle"),
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
    ]


def drawing_commands(state: FabricViewState, set_layout: Callable[[str], object]) -> list[Command]:
    """Return the commands that choose what is drawn: layout, folds and marks."""

    def has_scene() -> bool:
        return state.scene is not None

    def can_fold() -> bool:
        return state.scene is not None and bool(state.scene.folds.names)

    return [
        *(
            Command(
                f"layout.{style}",
                title,
                partial(set_layout, style),
                "",
                "View/Layout",
                has_scene,
                lambda s=style: state.scene is not None and state.scene.style == s,
                help=text,
            )
            for style, title, text in LAYOUTS
        ),
        Command(
            "view.fold_all",
            "Fold all",
            partial(state.fold_all, True),
            "Ctrl+Shift+-",
            "View",
            can_fold,
            help="Draw every pod, cube, plane, block or rack as one node; double-click folds and unfolds one",
        ),
        Command(
            "view.unfold_all",
            "Unfold all",
            partial(state.fold_all, False),
            "Ctrl+Shift++",
            "View",
            lambda: bool(state.folded),
            help="Draw every node",
        ),
        Command(
            "view.host_links",
            "Show host links",
            lambda: state.set_link_filter(host_links=not state.link_filter.host_links),
            "H",
            "View",
            lambda: state.scene is not None and bool(state.scene.is_host_link.any()),
            lambda: state.link_filter.host_links,
            help="Draw the links of hosts, which often hide the links between switches",
            toolbar="Host links",
        ),
        Command(
            "view.limit",
            "Show what limits",
            lambda: state.set_limit_shown(not state.limit_shown),
            "X",
            "View",
            has_scene,
            lambda: state.limit_shown,
            help="Mark the links that limit the throughput: those of the proven bound, else the fullest",
        ),
        Command(
            "view.failed",
            "Show failed links",
            lambda: state.set_failed_shown(not state.failed_shown),
            "",
            "View",
            has_scene,
            lambda: state.failed_shown,
            help="Mark links that are down with a dashed line",
        ),
        Command(
            "view.names",
            "Show names",
            lambda: state.set_names_shown(not state.names_shown),
            "N",
            "View",
            has_scene,
            lambda: state.names_shown,
            help="Name pods, cubes, planes, blocks or racks, and switches and chips where few are in view",
        ),
        Command(
            "view.clear_marks",
            "Clear marks",
            partial(_clear, state),
            "Esc",
            "View",
            lambda: bool(state.chosen or state.found or state.trace),
            help="Forget the clicked nodes, the traced paths and what was searched for",
        ),
    ]


def color_commands(state: FabricViewState, ask_range: Callable[[], object]) -> list[Command]:
    """Return the commands that choose what colors mean."""
    has_numbers = partial(_has_numbers, state)
    return [
        *(
            Command(
                f"color.by_{quantity.id}",
                quantity.title,
                partial(state.set_quantity, quantity),
                "",
                "View/Color by",
                lambda q=quantity: state.scene is None or state.scene.has(q),
                lambda q=quantity: state.quantity == q,
                help=f"Color links by {quantity.title.lower()}" + (f", {quantity.unit}" if quantity.unit else ""),
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
            "color.range",
            "Set color range…",
            ask_range,
            "",
            "View",
            has_numbers,
            help="Type the ends of the color range; it is then locked",
        ),
        Command(
            "color.log",
            "Logarithmic colors",
            lambda: state.set_scale_log(not state.scale_log),
            "",
            "View",
            has_numbers,
            lambda: state.scale_log,
            help="Divide the color range evenly in the logarithm of the values",
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


def _has_numbers(state: FabricViewState) -> bool:
    return state.scene is not None and not state.scene.categories(state.quantity)


def _clear(state: FabricViewState) -> None:
    state.set_chosen(())
    state.set_found((), center=False)
