# SPDX-License-Identifier: Apache-2.0
"""Where power is drawn: in the boxes of a tier of switches, at the hosts or chips, or in the optical plant.

Lines of a bill or of a power report name a link class where a part is at the ends of its links. Half of these ends may
be in hosts and half in switches; a part's power is split over them as its pieces are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import link_ends, spare_end_nodes
from optinet.models.values import Quantity

if TYPE_CHECKING:
    from optinet.models.physical_path import PhysicalPath

HOSTS, CHIPS, PLANT = "hosts", "chips", "plant"
_ENDPOINTS = {NodeKind.HOST: HOSTS, NodeKind.CHIP: CHIPS}


class Located(Protocol):
    """A line that says what draws power, and where."""

    @property
    def component(self) -> str:
        """Component id."""
        ...

    @property
    def where(self) -> str:
        """A place, or the name of a link class."""
        ...

    @property
    def power_w(self) -> Quantity:
        """What it draws."""
        ...


def power_by_place_w(lines: Iterable[Located], paths: tuple[PhysicalPath, ...], fabric: Fabric) -> dict[str, Quantity]:
    """Return the power drawn at every place: "tier 1" and so on, "hosts", "chips", "plant".

    Parameters
    ----------
    lines
        Parts at a place, or at the ends of a link class.
    paths, fabric
        Tell which component is at which end, and which node an end is at.
    """
    of_class = {path.link_class: path for path in paths}
    places = np.array([place_of(fabric, node) for node in _one_of_each(fabric)])
    total: dict[str, Quantity] = {}
    for line in lines:
        path = of_class.get(line.where)
        shares = _shares(path, line.component, fabric, places) if path else {line.where: 1.0}
        for place, share in shares.items():
            total[place] = total.get(place, 0.0) + line.power_w * share
    return total


def place_of(fabric: Fabric, node: int) -> str:
    """Return the place of a node."""
    kind = NodeKind(fabric.node_kind[node])
    return _ENDPOINTS.get(kind, f"tier {fabric.node_tier[node]}")


def _one_of_each(fabric: Fabric) -> NDArray[np.int64]:
    """Return one node of every place, in the order of `_place_index`."""
    return np.unique(_place_key(fabric), return_index=True)[1]


def _place_key(fabric: Fabric) -> NDArray[np.int64]:
    is_switch = fabric.node_kind == NodeKind.SWITCH
    return np.where(is_switch, 1 + fabric.node_tier, fabric.node_kind - len(NodeKind))


def _shares(path: PhysicalPath, component: str, fabric: Fabric, places: NDArray[np.str_]) -> dict[str, float]:
    """Return the share of a link class's parts of one kind at every place.

    What is at neither end by its own name, such as the SerDes that drive the ends, is at all ends in switches.
    """
    index = np.unique(_place_key(fabric), return_inverse=True)[1].ravel()
    nodes = link_ends(fabric, path.class_index)
    ends = [(path.end_a, path.units_per_end_a, nodes[:, 0]), (path.end_b, path.units_per_end_b, nodes[:, 1])]
    if path.spare_ends:
        ends.append((path.end_b, path.units_per_end_b, spare_end_nodes(fabric)))
    drives = component not in (path.end_a, path.end_b)
    pieces: dict[str, float] = defaultdict(float)
    for end, units, at in ends:
        if drives or end == component:
            for place, count in zip(places, np.bincount(index[at], minlength=len(places)), strict=True):
                if count and not (drives and place in (HOSTS, CHIPS)):
                    pieces[str(place)] += units * float(count)
    whole = sum(pieces.values())
    return {place: count / whole for place, count in pieces.items()}
