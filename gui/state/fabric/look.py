# SPDX-License-Identifier: Apache-2.0
"""How a fabric is looked at: its colors, and what is drawn, folded, marked and failed, as plain values to keep."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gui.state.fabric.camera import Camera
from gui.state.fabric.colormap import ColorScale
from gui.state.fabric.failure import Part
from gui.state.fabric.links_shown import LinkFilter
from gui.state.fabric.quantities import QUANTITIES, UTILIZATION
from gui.state.fabric.scene import Scene
from gui.state.fabric.view import MAPS, FabricViewState


class FabricLook(BaseModel):
    """Everything that the fabric of the current run is looked at by; what is left out is as a run opens.

    Parameters
    ----------
    quantity, map_name
        What colors mean, and which they are.
    color_range
        Ends of the locked color range; none if it follows the run.
    log, stretched
        Of the color range.
    links
        Which links are drawn.
    limit_shown, failed_shown, names_shown
        What is marked.
    folded
        Numbers of the folded groups.
    chosen
        The clicked nodes, between which paths are traced.
    parts
        What has failed; none if that is what the run itself has.
    camera
        Where it is looked at from.
    """

    model_config = ConfigDict(frozen=True)

    quantity: str = UTILIZATION.id
    map_name: str = MAPS[0]
    color_range: tuple[float, float] | None = None
    log: bool = False
    stretched: bool = False
    links: LinkFilter = LinkFilter()
    limit_shown: bool = False
    failed_shown: bool = True
    names_shown: bool = False
    folded: tuple[int, ...] | None = None
    chosen: tuple[int, ...] = ()
    parts: tuple[Part, ...] | None = None
    camera: Camera | None = None


def look_of(state: FabricViewState) -> FabricLook:
    """Return how the fabric of a view is looked at."""
    scene = state.scene
    if scene is None:
        return FabricLook(map_name=state.map_name)
    return FabricLook(
        quantity=state.quantity.id,
        map_name=state.map_name,
        color_range=(state.scale.low, state.scale.high) if state.scale_locked else None,
        log=state.scale_log,
        stretched=state.scale_stretched,
        links=state.link_filter,
        limit_shown=state.limit_shown,
        failed_shown=state.failed_shown,
        names_shown=state.names_shown,
        folded=tuple(sorted(state.folded)) if state.folds_chosen else None,
        chosen=state.chosen,
        parts=state.parts if state.parts != scene.own_parts else None,
        camera=state.camera,
    )


def show_as(state: FabricViewState, look: FabricLook) -> None:
    """Look at the fabric of a view as `look_of` has it; what does not fit another file of the run is left out."""
    scene = state.scene
    if scene is None:
        return
    quantity = next((each for each in QUANTITIES if each.id == look.quantity), None)
    if quantity is not None and scene.has(quantity):
        state.quantity = quantity
    if look.map_name in MAPS:
        state.map_name = look.map_name
    state.scale_log, state.scale_stretched, state.link_filter = look.log, look.stretched, look.links
    state.scale_locked = look.color_range is not None
    if look.color_range is not None:
        low, high = look.color_range
        state.scale = ColorScale(low, high, look.log and low > 0)
    state.limit_shown, state.failed_shown, state.names_shown = look.limit_shown, look.failed_shown, look.names_shown
    if look.folded is not None:
        state.fold_only(frozenset(look.folded))
    state.refresh()  # once: it takes long where there are very many links
    if look.parts is not None and all(_fits(scene, part) for part in look.parts):
        state.set_parts(scene.key, look.parts)
    if all(0 <= node < scene.n_nodes for node in look.chosen):
        state.set_chosen(look.chosen)
    if look.camera is not None:
        state.move(look.camera)


def _fits(scene: Scene, part: Part) -> bool:
    """Whether a fabric has what a part is made of; an OCS that it does not have makes none of its links."""
    many = {"links": scene.n_links, "node": scene.n_nodes, "group": scene.n_nodes}
    return part.kind == "ocs" or all(0 <= member < many[part.kind] for member in part.members)
