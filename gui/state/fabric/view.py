# SPDX-License-Identifier: Apache-2.0
"""What the fabric view shows: which scene, colored by what, and what is marked in it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from gui.state.event import Event
from gui.state.fabric.colormap import N_COLORS, ColorScale
from gui.state.fabric.drawing import Drawing
from gui.state.fabric.failed_parts import links_down, links_part
from gui.state.fabric.failure import Part
from gui.state.fabric.folding_view import adapted
from gui.state.fabric.links_shown import LinkFilter
from gui.state.fabric.paths import Trace
from gui.state.fabric.picking import Picked
from gui.state.fabric.quantities import UTILIZATION, Quantity
from gui.state.fabric.scene import FOLD_FROM, Scene
from gui.state.fabric.viewpoint import Viewpoint

MAPS = ("viridis", "cividis", "batlow")
SHARED = (
    *("quantity", "map_name", "scale_log", "scale_stretched", "scale_locked"),
    *("link_filter", "limit_shown", "failed_shown", "names_shown", "parts_of"),
)


class FabricViewState(Viewpoint):
    """State of the fabric view; `changed` fires when anything but the camera changes, `moved` when the camera does.

    `drawing` holds what is drawn of the scene, `values` the value of each segment, `segments` the segments to draw,
    which stand for the `n_links_shown` links that `link_filter` lets through; any first part of them is a fair sample.
    `drawn_points` tells of each node or folded group whether it is drawn, None where all are; `shuffles` are the points
    of the shuffles that are. `chosen` are the nodes clicked, `found` those searched for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed = Event()
        self.chosen_changed = Event()
        self.pointed_changed = Event()
        self.scene: Scene | None = None
        self.folded: frozenset[int] = frozenset()
        self.quantity: Quantity = UTILIZATION
        self.scale = ColorScale()
        self.scale_locked = self.scale_stretched = self.scale_log = False
        self.common_scale: ColorScale | None = None
        self.map_name = MAPS[0]
        self.link_filter = LinkFilter()
        self.drawn_links: NDArray[np.bool_] | None = None  # of each link; None where all are
        self.drawn_points: NDArray[np.bool_] | None = None
        self.shuffles = np.zeros(0, dtype=np.int64)
        self.limit_shown, self.failed_shown, self.names_shown = False, True, False
        self.segments: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.n_links_shown = 0
        self.values: NDArray[np.float64] = np.zeros(0)
        self._every_value = self.values
        self.chosen: tuple[int, ...] = ()
        self.found: tuple[int, ...] = ()
        self.trace: Trace | None = None
        self.path_shown: int | None = None
        self.parts_of: Mapping[str, tuple[Part, ...]] = {}
        self.pointed: tuple[Part, ...] = ()
        self.dark_links, self.new_links = np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64)
        self.message = ""
        self._pinned: set[int] = set()
        self._down: tuple[object, NDArray[np.int64]] = (None, np.zeros(0, dtype=np.int64))

    def frozen(self) -> FabricViewState:
        """Return a copy that stays as this is now, for writing it into a file on another thread."""
        twin = copy.copy(self)
        twin.changed, twin.moved, twin.chosen_changed, twin.pointed_changed = Event(), Event(), Event(), Event()
        return twin

    # -- what is shown

    def show(self, scene: Scene | None, message: str = "") -> None:
        """Draw another scene, or none and a message; the view of the same fabric stays where it is."""
        before, self.scene, self.message, self.hovered = self.scene, scene, message, None
        self.layout = scene.layout if scene is not None else None
        alike = before is not None and scene is not None and _alike(before, scene)
        if not alike:
            self.folded = scene.opening_folds if scene is not None else frozenset()
            self._pinned.clear()
            self.found = ()
        if before is None or scene is None or before.key != scene.key:  # another layout of one run keeps these
            self.chosen = ()
            self.set_pointed(())
        self.trace = self.path_shown = None
        self.dark_links, self.new_links = np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64)
        if scene is not None and not scene.has(self.quantity):
            self.quantity = UTILIZATION
        self._draw()
        if scene is not None and not alike:
            self.reset()
        self.changed.emit()

    def show_loads(self, scene: Scene) -> None:
        """Show other loads of the fabric that is shown; nothing moves, and paths are to be traced anew."""
        self.scene, self.hovered = scene, None
        self.trace = self.path_shown = None
        self._revalue()
        self.changed.emit()
        self.chosen_changed.emit()

    def set_folded(self, folded: frozenset[int]) -> None:
        """Fold exactly these groups."""
        if self.scene is not None and folded != self.folded:
            self.folded, self.hovered = folded, None
            self._draw()
            self.changed.emit()

    def toggle_fold(self, picked: Picked) -> bool:
        """Unfold a folded group, or fold the group of a node; return whether there was one."""
        if self.scene is None or self.drawing is None or picked.kind != "node":
            return False
        node, group = self.drawing.point_node[picked.index], int(self.drawing.point_group[picked.index])
        if node >= 0:
            group = int(self.scene.folds.group[node])
        if group < 0:
            return False
        self._pinned.add(group)
        self.set_folded(self.folded ^ {group})
        return True

    def fold_all(self, fold: bool) -> None:
        """Fold every group, or none."""
        if self.scene is not None:
            self.fold_only(self.scene.folds.everything if fold else frozenset())

    def fold_only(self, groups: frozenset[int]) -> None:
        """Fold these groups and unfold all others, whatever is near or far."""
        if self.scene is not None:
            everything = self.scene.folds.everything
            self._pinned = set(everything)
            self.set_folded(groups & everything)

    @property
    def folds_chosen(self) -> bool:
        """Whether the user has folded or unfolded something."""
        return bool(self._pinned)

    def adapt_folds(self) -> bool:
        """In a large fabric unfold the groups that are near and fold those that are far; return whether any was."""
        if self.scene is None or self.scene.n_nodes < FOLD_FROM:
            return False
        folded = adapted(self.scene, self.folded, frozenset(self._pinned), self.camera, self._size)
        changed = folded != self.folded
        self.set_folded(folded)
        return changed

    # -- colors

    def set_quantity(self, quantity: Quantity) -> None:
        """Color by another quantity; a locked range and a bound belong to the old one and are let go of."""
        self.quantity, self.scale_locked = quantity, False
        self.link_filter = dataclasses.replace(self.link_filter, bound=None)
        self.refresh()

    def set_scale_locked(self, locked: bool) -> None:
        """Keep the color range for the runs shown from now on, or let it follow each run."""
        self.scale_locked = locked
        self.refresh()

    def set_scale_stretched(self, stretched: bool) -> None:
        """End the color range at the largest value even where that is below 100 % of capacity."""
        self.scale_stretched, self.scale_locked = stretched, False
        self.refresh()

    def set_scale_log(self, log: bool) -> None:
        """Divide the color range evenly in the logarithm of the values."""
        self.scale_log, self.scale_locked = log, False
        self.refresh()

    def set_range(self, low: float, high: float) -> None:
        """Give the color range and lock it."""
        log = self.scale_log and low > 0
        self.scale, self.scale_log, self.scale_locked = ColorScale(low, high, log), log, True
        self.refresh()

    def set_map(self, name: str) -> None:
        """Use another color map."""
        self.map_name = name
        self.changed.emit()

    def adopt(self, other: FabricViewState) -> None:
        """Show in the same colors and with the same marks as another view; the caller emits `changed`."""
        for name in SHARED:
            setattr(self, name, getattr(other, name))
        if self.scale_locked:
            self.scale = other.scale
        self._revalue()

    def set_common_scale(self, scale: ColorScale | None) -> None:
        """Use the color range of several views together, or None for this one's own; the caller emits `changed`."""
        self.common_scale = scale
        if not self.scale_locked:
            self.scale = scale or self.own_scale

    @property
    def own_scale(self) -> ColorScale:
        """The range that suits the values of this view alone, whichever of its links are drawn."""
        full = 0.0 if self.scale_stretched else self.quantity.full
        return ColorScale.of(self._every_value, full, log=self.scale_log)

    # -- marks

    def set_link_filter(self, **changes: object) -> None:
        """Draw other links: `changes` are attributes of the `LinkFilter`."""
        self.link_filter = dataclasses.replace(self.link_filter, **changes)  # type: ignore[arg-type]
        self.hovered = None
        self.refresh()

    def isolate(self, group: str) -> None:
        """Draw the links of one group alone and what they join, as large as possible; all for an empty name."""
        if self.scene is None:
            return
        names = self.scene.folds.names
        if group in names:
            self._unfold((names.index(group),))
        self.set_link_filter(group=group)
        self.fit()

    @property
    def shown_xyz(self) -> NDArray[np.float64]:
        """Where the points are that are to be seen when everything fits; shape (n, 3)."""
        drawing, drawn = self.drawing, self.drawn_points
        if drawing is None or drawn is None:
            return super().shown_xyz
        ends = drawing.segment_ends[self.segments].ravel()
        return drawing.xyz[np.union1d(ends, np.flatnonzero(drawn))]

    def of_group(self, links: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some links that may be marked: all, unless one group is drawn alone."""
        return links if self.drawn_points is None or self.drawn_links is None else links[self.drawn_links[links]]

    def set_limit_shown(self, shown: bool) -> None:
        """Mark the links that limit the throughput."""
        self.limit_shown = shown
        self.changed.emit()

    def set_failed_shown(self, shown: bool) -> None:
        """Mark the links that are down."""
        self.failed_shown = shown
        self.changed.emit()

    def set_names_shown(self, shown: bool) -> None:
        """Write the names of groups, and those of switches and chips where few are in view."""
        self.names_shown = shown
        self.changed.emit()

    @property
    def failed(self) -> NDArray[np.int64]:
        """The links that are down: those built without capacity, and those of the failed parts."""
        of = (self.scene, self.parts)
        if self.scene is None:
            self._down = of, np.zeros(0, dtype=np.int64)
        elif self._down[0] != of:  # asked for several times a frame
            down = self.scene.without_capacity.copy()
            down[links_down(self.scene, self.parts)] = True
            self._down = of, np.flatnonzero(down)
        return self._down[1]

    @property
    def parts(self) -> tuple[Part, ...]:
        """What has failed: the parts that are down in the run that is shown, until the user fails or restores some."""
        return self.parts_of.get(self.scene.key, self.scene.own_parts) if self.scene is not None else ()

    def set_parts(self, key: str, parts: tuple[Part, ...]) -> None:
        """Mark parts of a run as failed, and no others; loads are those of the run until it is solved anew."""
        self.parts_of = {**self.parts_of, key: parts}
        if self.scene is not None and self.scene.key == key:
            self.trace = self.path_shown = None
            self.changed.emit()
            self.chosen_changed.emit()

    def set_pointed(self, parts: tuple[Part, ...]) -> None:
        """Point at parts of the list of failed ones, which are marked over the picture."""
        if parts != self.pointed:
            self.pointed = parts
            self.pointed_changed.emit()

    def choose(self, picked: Picked | None) -> None:
        """Choose a clicked node; a second one completes a pair, a third begins anew, a click beside all clears."""
        if self.scene is None or self.drawing is None or (picked is not None and picked.kind != "node"):
            return
        node = int(self.drawing.point_node[picked.index]) if picked is not None else -1
        if node < 0:
            self.set_chosen(())
        elif len(self.chosen) == 1 and node != self.chosen[0]:
            self.set_chosen((self.chosen[0], node))
        else:
            self.set_chosen((node,))

    def set_chosen(self, nodes: tuple[int, ...]) -> None:
        """Choose nodes; what was traced between others is taken away."""
        if nodes != self.chosen:
            self.chosen, self.trace, self.path_shown = nodes, None, None
            self.changed.emit()
            self.chosen_changed.emit()

    def set_trace(self, trace: Trace | None, path: int | None = None) -> None:
        """Show the traced paths, or one of them alone."""
        self.trace, self.path_shown = trace, path
        self.changed.emit()

    def set_found(self, nodes: tuple[int, ...], *, center: bool = True) -> None:
        """Mark the nodes that a search has found; look at the first of them if it is out of view."""
        self.found = nodes
        if nodes and center and self.scene is not None:
            self._unfold((int(self.scene.folds.group[nodes[0]]),))
            xyz = self.scene.layout.xyz[nodes[0]]
            if not self.is_in_view(xyz):
                x, y, z = xyz.tolist()
                self.move(self.camera.looking_at((x, y, z)))
        self.changed.emit()

    def look_at_link(self, link: int) -> None:
        """Look at a link and point at it; groups that hide its ends are unfolded."""
        if self.scene is None:
            return
        ends = self.scene.link_ends[link]
        self._unfold(self.scene.folds.group[ends].tolist())
        x, y, z = (float(v) for v in self.scene.layout.xyz[ends].mean(axis=0))
        self.move(self.camera.looking_at((x, y, z)))
        self.set_pointed((links_part(self.scene, np.array([link])),))

    def _unfold(self, groups: Iterable[int]) -> None:
        """Unfold those of some groups that are folded; they stay so, whatever is near or far."""
        hiding = self.folded & frozenset(groups)
        self._pinned |= hiding
        self.set_folded(self.folded - hiding)  # does nothing where none is

    def set_circuits(self, dark: NDArray[np.int64], new: NDArray[np.int64]) -> None:
        """Show links whose circuits are down, and pairs of nodes that circuits join which the run does not have."""
        self.dark_links, self.new_links = dark, new
        self.changed.emit()

    # -- words

    def color_bins(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the color of each value: 0 for a missing one, then the categories, or from what stands out least."""
        if self.scene is not None and self.scene.categories(self.quantity):
            return np.where(np.isfinite(values), np.nan_to_num(values) + 1, 0).astype(np.int64)
        bins = self.scale.bins(values)
        if self.quantity.low_stands_out:
            bins = N_COLORS - 1 - bins
        return np.where(np.isnan(values), 0, bins + 1)

    def describe(self, picked: Picked | None) -> tuple[str, ...]:
        """Return what is picked, one line each, the name first."""
        if self.scene is None or self.drawing is None or picked is None:
            return ()
        if picked.kind == "segment":
            links = self.drawing.links_of(picked.index)
            return self.scene.describe_links(links if self.drawn_links is None else links[self.drawn_links[links]])
        node = int(self.drawing.point_node[picked.index])
        if node >= 0:
            return self.scene.describe_node(node)
        return self.scene.describe_group(int(self.drawing.point_group[picked.index]))

    def refresh(self) -> None:
        """Work out values and color range anew."""
        self._revalue()
        self.changed.emit()

    def _draw(self) -> None:
        scene = self.scene
        if scene is None:
            self.drawing = None
        else:
            self.drawing = scene.opening if self.folded == scene.opening_folds else scene.drawing(self.folded)
        self._revalue()

    def _revalue(self) -> None:
        """Choose the segments to draw, and work out the value of each, and the color range."""
        scene, drawing = self.scene, self.drawing
        if scene is None or drawing is None:
            self.segments, self.n_links_shown = np.zeros(0, dtype=np.int64), 0
            self.values = self._every_value = np.zeros(0)
            self.drawn_links = self.drawn_points = None
            self.shuffles = np.zeros(0, dtype=np.int64)
        else:
            values, lowest = scene.link_values[self.quantity.id], self.quantity.low_stands_out
            self.values = self._every_value = drawing.most(values, lowest=lowest)
            self.segments, self.drawn_links = drawing.sample_order, self.link_filter.passes(scene, self.quantity)
            if self.drawn_links is not None:
                self.values = drawing.most(np.where(self.drawn_links, values, np.nan), lowest=lowest)
                is_drawn = drawing.most(self.drawn_links.astype(np.float64)) > 0
                self.segments = self.segments[is_drawn[self.segments]]
            self.n_links_shown = drawing.n_links(self.segments, self.drawn_links)
            self._keep_group(scene, drawing)
            self.shuffles = drawing.shuffles
            if self.drawn_links is not None:
                self.shuffles = np.intersect1d(self.shuffles, drawing.segment_ends[self.segments])
        if not self.scale_locked:
            self.scale = self.common_scale or self.own_scale

    def _keep_group(self, scene: Scene, drawing: Drawing) -> None:
        """Of a group that is drawn alone keep its nodes, and the segments that lead to it with what is at their ends.

        Stubs of its links that stand elsewhere, at the far ends of wraps, are left out.
        """
        inside = scene.folds.inside(self.link_filter.group)
        self.drawn_points = None
        if inside is None:
            return
        own = np.zeros(len(drawing.xyz), dtype=bool)
        own[drawing.node_point[inside]] = True
        ends = drawing.segment_ends[self.segments]
        elsewhere = np.isin(ends, drawing.free_ends).any(axis=1) & ~own[ends].any(axis=1)
        self.segments = self.segments[~elsewhere]
        own[ends[~elsewhere]] = True
        self.drawn_points = own[: drawing.n_marks]


def _alike(one: Scene, other: Scene) -> bool:
    return np.array_equal(one.layout.xyz, other.layout.xyz)
