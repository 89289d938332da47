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

    def links(self) -> NDArray[np.int64]:
        """Return the links in the order promised, tail and head of the positive direction; shape (n_links, 2)."""
        n_nodes = int(np.prod(self.dims))
        parts = [np.column_stack((np.arange(n_nodes), self.neighbor(axis))) for axis in self.link_axes]
        return np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)

    def cell_nodes(self) -> NDArray[np.int64]:
        """Return one node of each class under translation: the nodes of the cell at the origin."""
        grids = np.meshgrid(*(np.arange(c) for c in self.cell), indexing="ij")
        return np.ravel_multi_index(tuple(g.ravel() for g in grids), self.dims).astype(np.int64)


def twist_of(dims: tuple[int, ...]) -> tuple[tuple[int, ...], ...] | None:
    """Return ``twist[i][j]``, how far axis j shifts when axis i of a twisted torus wraps; None if it has no twist.

    k x k x nk (k, n >= 2): each short wrap shifts the long axis by k. k x 2k x 2k: the short wrap shifts both long
    axes by k. The axes may stand in any order.
    """
    if len(dims) != 3:
        return None
    twist = np.zeros((3, 3), dtype=np.int64)
    order = np.argsort(dims, kind="stable")
    short, middle, long = (dims[i] for i in order)
    if short == 1:  # an axis of size 1 has no wraps
        return None
    if middle == long == 2 * short:
        twist[order[0], order[1:]] = short
    elif short == middle < long and long % short == 0:
        twist[order[:2], order[2]] = short
    else:
        return None
    return tuple(tuple(int(shift) for shift in row) for row in twist)


@dataclass(frozen=True)
class PodSlice:
    """A torus of cubes of a pod, which circuits through its OCS join.

    Parameters
    ----------
    chips
        Chips along each axis, multiples of the cube side.
    cubes
        The pod's cubes it is made of, row-major over the slice; none in a slice that is asked for and not yet placed.
    twisted
        Whether its wraps are twisted (`twist_of`); the shifts are multiples of the cube side.
    """

    chips: tuple[int, int, int]
    cubes: tuple[int, ...] = ()
    twisted: bool = False

    def torus(self, cube_side: int) -> Torus:
        """Return the torus that its chips form."""
        none = ((0, 0, 0),) * 3
        return Torus(self.chips, (twist_of(self.chips) or none) if self.twisted else none, (cube_side,) * 3)

    def next_cube(self, cube_side: int) -> NDArray[np.int64]:
        """Return the cube that the + face of each of its cubes is joined to, on every axis; shape (3, n_cubes)."""
        cubes = Torus(
            tuple(n // cube_side for n in self.chips),
            tuple(tuple(shift // cube_side for shift in row) for row in self.torus(cube_side).twist),
            (1, 1, 1),
        )
        return np.array(self.cubes)[np.array([cubes.neighbor(axis) for axis in range(3)])]


@dataclass(frozen=True)
class Pod:
    """Chips in cubes, and cubes in slices; the chips of cube c are the nodes of group c, row-major within the cube.

    The pod has one OCS for each (axis, face position), number ``axis * cube_side**2 + position``. Cube c has its +
    face on the 2c-th and its - face on the (2c + 1)-th fiber end of each. Cubes in no slice are spare.

    Parameters
    ----------
    cubes, cube_side
        Cubes in all, and chips along the side of each.
    slices
        The slices that are set; no cube is in two.
    """

    cubes: int
    cube_side: int
    slices: tuple[PodSlice, ...]

    @property
    def spare_cubes(self) -> tuple[int, ...]:
        """Cubes in no slice."""
        used = {cube for part in self.slices for cube in part.cubes}
        return tuple(cube for cube in range(self.cubes) if cube not in used)


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


Structure: TypeAlias = Torus | Pod | Clos | Planes | Blocks | HyperX | Dragonfly

_KINDS: dict[str, type] = {kind.__name__: kind for kind in (Torus, Pod, Clos, Planes, Blocks, HyperX, Dragonfly)}


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
    if kind is Pod:
        fields["slices"] = tuple(
            PodSlice(**{name: _as_tuple(value) for name, value in part.items()}) for part in data["slices"]
        )
    structure: Structure = kind(**fields)
    return structure


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list | tuple) else value
