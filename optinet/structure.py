# SPDX-License-Identifier: Apache-2.0
"""What a builder knows of its fabric beyond the graph.

Routing, symmetry, closed forms and layouts read the structure and never parse node names. A fabric without a
structure is solved by the general methods. Structures are plain frozen data, so a run file can store them as text and
give them back.

The twisted tori are those of J. M. Camara et al., "Twisted Torus Topologies for Enhanced Interconnection Networks",
IEEE TPDS 21 (2010): a wrap along one axis also shifts the position on others, which makes a k x k x 2k or k x 2k x 2k
torus edge-transitive.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Torus:
    """Nodes on a grid whose axes wrap around; node ``i`` stands at ``numpy.unravel_index(i, dims)``.

    Links are ordered by axis, then node: link ``axis * n_nodes + node`` joins the node to its neighbor in the positive
    direction of the axis (axes of size 1 have none), so its even arc points in the positive direction.

    Parameters
    ----------
    dims
        Nodes along each axis, each >= 1.
    twist
        ``twist[i][j]``: how far axis ``j`` shifts when axis ``i`` wraps in the positive direction.
    cell
        The smallest block that translations map onto itself with all link classes; ones for a torus of equal links, the
        cube side for a pod built of cubes.
    """

    dims: tuple[int, ...]
    twist: tuple[tuple[int, ...], ...]
    cell: tuple[int, ...]

    @property
    def is_twisted(self) -> bool:
        """Whether any wrap shifts another axis."""
        return any(any(row) for row in self.twist)

    @property
    def link_axes(self) -> tuple[int, ...]:
        """The axes that carry links, in link order."""
        return tuple(axis for axis, k in enumerate(self.dims) if k > 1)

    def neighbor(self, axis: int) -> NDArray[np.int64]:
        """Return for every node its neighbor in the positive direction of `axis`; shape (n_nodes,)."""
        dims = np.array(self.dims)
        position = np.array(np.unravel_index(np.arange(dims.prod()), self.dims))
        wraps = position[axis] == dims[axis] - 1
        position[axis] += 1
        position += np.outer(self.twist[axis], wraps)
        return np.ravel_multi_index(tuple(position % dims[:, None]), self.dims).astype(np.int64)

    def cell_nodes(self) -> NDArray[np.int64]:
        """Return one node of each class under translation: the nodes of the cell at the origin."""
        grids = np.meshgrid(*(np.arange(c) for c in self.cell), indexing="ij")
        return np.ravel_multi_index(tuple(g.ravel() for g in grids), self.dims).astype(np.int64)


@dataclass(frozen=True)
class Clos:
    """Hosts under tiers of switches; nodes are ordered hosts, tier 1 (leaves), tier 2, ...

    Parameters
    ----------
    hosts
        Hosts in all; each leaf serves an equal, consecutive share.
    tiers
        Switches in each tier, from the hosts up.
    pods
        Groups the tiers below the top are divided into; 1 in a leaf-spine fabric.
    """

    hosts: int
    tiers: tuple[int, ...]
    pods: int = 1


@dataclass(frozen=True)
class Planes:
    """Parallel copies of one Clos that share hosts alone; nodes are ordered hosts, then plane by plane its tiers."""

    planes: int
    plane: Clos


@dataclass(frozen=True)
class Blocks:
    """Blocks of hosts joined block to block through optical circuit switches; nodes are ordered hosts, then blocks."""

    blocks: int
    hosts_per_block: int


@dataclass(frozen=True)
class HyperX:
    """Switches on a grid, each joined to all others along every axis; nodes are ordered hosts, then switches row-major.

    Parameters
    ----------
    dims
        Switches along each axis; all 2 in a hypercube, one axis in a full mesh.
    hosts_per_switch
        0 if the switches are the endpoints.
    """

    dims: tuple[int, ...]
    hosts_per_switch: int


@dataclass(frozen=True)
class Dragonfly:
    """Fully joined groups of switches; nodes are ordered hosts, then switches group by group.

    Parameters
    ----------
    groups, switches_per_group
        Size of the network.
    hosts_per_switch
        0 if the switches are the endpoints.
    """

    groups: int
    switches_per_group: int
    hosts_per_switch: int


Structure: TypeAlias = Torus | Clos | Planes | Blocks | HyperX | Dragonfly

_KINDS: dict[str, type] = {kind.__name__: kind for kind in (Torus, Clos, Planes, Blocks, HyperX, Dragonfly)}


def structure_to_dict(structure: Structure | None) -> dict[str, Any]:
    """Return a JSON-able description that `structure_from_dict` reads back; empty for None."""
    if structure is None:
        return {}
    return {"kind": type(structure).__name__, **dataclasses.asdict(structure)}


def structure_from_dict(data: dict[str, Any]) -> Structure | None:
    """Rebuild a structure from `structure_to_dict`; unknown kinds (of a newer optinet) give None."""
    kind = _KINDS.get(str(data.get("kind")))
    if kind is None:
        return None
    fields: dict[str, Any] = {name: _as_tuple(value) for name, value in data.items() if name != "kind"}
    if kind is Planes:
        fields["plane"] = Clos(**{name: _as_tuple(value) for name, value in data["plane"].items()})
    structure: Structure = kind(**fields)
    return structure


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list | tuple) else value
