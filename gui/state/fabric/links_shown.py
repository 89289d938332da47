# SPDX-License-Identifier: Apache-2.0
"""Which links of a fabric are drawn, and which of these stand out most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number
from gui.state.fabric.paths import Hop, hops_of
from gui.state.fabric.quantities import UTILIZATION, Quantity
from gui.state.fabric.scene import Scene

Bools = NDArray[np.bool_]
LISTED = 100  # links
ROUNDING = 1e-9  # of the bound; values that close to it are drawn


@dataclass(frozen=True)
class LinkFilter:
    """What a link must be to be drawn.

    Parameters
    ----------
    host_links
        Whether the links of hosts are drawn.
    hidden_classes
        Names of the link classes that are not.
    bound
        Of the quantity that colors show: the lowest value drawn, or the highest where the low ones stand out; None for
        any. A link without a value has none of either.
    group
        Name of the only pod, cube, plane, block or rack whose links are drawn; empty for all. A fabric without a group
        of that name is drawn whole.
    """

    host_links: bool = True
    hidden_classes: frozenset[str] = frozenset()
    bound: float | None = None
    group: str = ""

    def passes(self, scene: Scene, quantity: Quantity) -> Bools | None:
        """Return whether each link of a scene is drawn, shape (n_links,); None where all are."""
        drawn = np.ones(scene.n_links, dtype=bool)
        if not self.host_links:
            drawn &= ~scene.is_host_link
        if self.hidden_classes:
            hidden = [name in self.hidden_classes for name in scene.class_names]
            drawn &= ~np.array(hidden, dtype=bool)[scene.link_class]
        inside = scene.folds.inside(self.group)
        if inside is not None:
            drawn &= inside[scene.link_ends].any(axis=1)
        if self.bound is not None:
            sign = -1.0 if quantity.low_stands_out else 1.0
            drawn &= sign * scene.link_values[quantity.id] >= sign * self.bound - ROUNDING * abs(self.bound)
        return None if drawn.all() else drawn

    def words(self, quantity: Quantity) -> str:
        """Return which links are drawn, for a caption; empty where all are."""
        left_out = [*([] if self.host_links else ["host links"]), *sorted(self.hidden_classes)]
        parts = [f"{self.group} alone"] if self.group else []
        parts += [f"without {', '.join(left_out)}"] if left_out else []
        if self.bound is not None:
            end = "up to" if quantity.low_stands_out else "from"
            parts.append(f"{end} {format_number(self.bound)} {quantity.unit}")
        return ", ".join(parts)


def ranked(scene: Scene, quantity: Quantity, drawn: Bools | None, most: int = LISTED) -> tuple[Hop, ...]:
    """Return the links drawn that stand out most, each in its fuller direction.

    They come by the quantity that colors show, the highest value first or the lowest where that stands out; by
    utilization where it has no order.
    """
    by = UTILIZATION if scene.categories(quantity) else quantity
    values = scene.link_values[by.id]
    among = np.flatnonzero(np.isfinite(values) if drawn is None else np.isfinite(values) & drawn)
    key = values[among] if by.low_stands_out else -values[among]
    # as many as are listed, and all that are as large as the last of them, in the order of their numbers
    if len(among) > most:
        near = key <= np.partition(key, most - 1)[most - 1]
        among, key = among[near], key[near]
    links = among[np.lexsort((among, key))[:most]]
    loads = scene.arc_load_gbps.reshape(-1, 2)[links]
    return hops_of(scene, (2 * links + (loads[:, 1] > loads[:, 0])).tolist())
