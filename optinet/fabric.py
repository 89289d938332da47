# SPDX-License-Identifier: Apache-2.0
"""The fabric: the packet-level graph as immutable arrays.

Nodes are hosts (endpoints that never forward), chips (endpoints that forward) and switches (forward, no endpoint). A
link is full duplex: arcs ``2 i`` and ``2 i + 1`` are the two directions of link ``i``, each with its own capacity; a
one-way link has capacity 0 on the reverse arc, and no routing uses an arc of capacity 0. Failures are masks over arcs
(`arc_mask`), never changed copies. Ignored here: what a link is made of (`optinet.design`) and how circuits are set
(`optinet.plant`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.errors import Problem, TopologyError, nearest_name
from optinet.plant import OpticalPlant
from optinet.structure import Structure, structure_to_dict

if TYPE_CHECKING:
    import networkx as nx


_Scalar = TypeVar("_Scalar", bound=np.generic)


class NodeKind(IntEnum):
    """What a node is; only `CHIP` and `SWITCH` forward, only `HOST` and `CHIP` are endpoints."""

    HOST = 0
    CHIP = 1
    SWITCH = 2


@dataclass(frozen=True, eq=False)
class Fabric:
    """An immutable packet-level graph.

    Parameters
    ----------
    node_kind
        shape (n_nodes,): `NodeKind` values.
    node_tier
        shape (n_nodes,): 0 for hosts and chips, 1 for leaves, and up.
    node_group
        shape (n_nodes,): pod, block or cube the node belongs to; -1 for none.
    arc_tail, arc_head
        shape (n_arcs,): node indices; arcs ``2 i`` and ``2 i + 1`` are opposite.
    arc_capacity_gbps
        shape (n_arcs,): >= 0.
    link_length_m
        shape (n_links,): >= 0, fiber or cable length from end to end.
    link_cost
        shape (n_links,): > 0, the routing metric.
    link_class
        shape (n_links,): index into `link_class_names`.
    link_class_names
        Names of the link classes: links of one class are built alike.
    node_names
        The label of every node.
    structure, plant
        What the builder knows of the fabric, and its optical plant.

    Raises
    ------
    TopologyError
        If shapes differ, a capacity is negative or not finite, or a link joins a node to itself.
    """

    node_kind: NDArray[np.int64]
    node_tier: NDArray[np.int64]
    node_group: NDArray[np.int64]
    arc_tail: NDArray[np.int64]
    arc_head: NDArray[np.int64]
    arc_capacity_gbps: NDArray[np.float64]
    link_length_m: NDArray[np.float64]
    link_cost: NDArray[np.float64]
    link_class: NDArray[np.int64]
    link_class_names: tuple[str, ...]
    node_names: Sequence[Hashable]
    structure: Structure | None = None
    plant: OpticalPlant | None = field(default=None)

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise TopologyError(problems)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
                object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        kinds = np.bincount(self.node_kind, minlength=len(NodeKind))
        nodes = (_counted(kinds[kind], kind.name.lower()) for kind in NodeKind if kinds[kind])
        capacity_gbps = self.arc_capacity_gbps.reshape(-1, 2).max(axis=1)
        classes = ((name, self.link_class == index) for index, name in enumerate(self.link_class_names))
        links = (
            f"{of.sum():,} {name} of {_range(capacity_gbps[of])} Gb/s, {_range(self.link_length_m[of])} m"
            for name, of in classes
            if of.any()
        )
        kind = f" {type(self.structure).__name__}" if self.structure else ""
        plant = f"; {_counted(self.plant.n_ocs, 'OCS', 'OCS')}" if self.plant else ""
        return f"<Fabric{kind}: {', '.join(nodes)}; links: {'; '.join(links) or 'none'}{plant}>"

    @classmethod
    def from_links(
        cls,
        node_kind: ArrayLike,
        link_ends: ArrayLike,
        *,
        capacity_gbps: ArrayLike,
        reverse_capacity_gbps: ArrayLike | None = None,
        length_m: ArrayLike = 0.0,
        cost: ArrayLike = 1.0,
        link_class: ArrayLike = 0,
        link_class_names: Sequence[str] = ("link",),
        node_tier: ArrayLike = 0,
        node_group: ArrayLike = -1,
        node_names: Sequence[Hashable] | None = None,
        structure: Structure | None = None,
        plant: OpticalPlant | None = None,
    ) -> Fabric:
        """Build a fabric from full-duplex links.

        Parameters
        ----------
        node_kind
            shape (n_nodes,).
        link_ends
            shape (n_links, 2): tail and head of each link's forward arc.
        capacity_gbps, reverse_capacity_gbps
            Per direction, a scalar or shape (n_links,); the reverse direction has the same capacity unless given.
        length_m, cost, link_class
            Scalars or shape (n_links,).
        link_class_names, node_tier, node_group, node_names, structure, plant
            As in `Fabric`; names default to the node indices.

        Raises
        ------
        TopologyError
            If an array has neither one entry nor one for each, or as in `Fabric`.
        """
        kind = np.array(node_kind, dtype=np.int64)
        ends = np.array(link_ends, dtype=np.int64).reshape(-1, 2)
        n_nodes, n_links = len(kind), len(ends)
        forward = _filled("capacity_gbps", capacity_gbps, n_links, np.float64)
        reverse = (
            forward
            if reverse_capacity_gbps is None
            else _filled("reverse_capacity_gbps", reverse_capacity_gbps, n_links, np.float64)
        )
        return cls(
            node_kind=kind,
            node_tier=_filled("node_tier", node_tier, n_nodes, np.int64),
            node_group=_filled("node_group", node_group, n_nodes, np.int64),
            arc_tail=np.ascontiguousarray(ends.ravel()),
            arc_head=np.ascontiguousarray(ends[:, ::-1].ravel()),
            arc_capacity_gbps=np.column_stack((forward, reverse)).ravel(),
            link_length_m=_filled("length_m", length_m, n_links, np.float64),
            link_cost=_filled("cost", cost, n_links, np.float64),
            link_class=_filled("link_class", link_class, n_links, np.int64),
            link_class_names=tuple(link_class_names),
            node_names=tuple(range(n_nodes)) if node_names is None else tuple(node_names),
            structure=structure,
            plant=plant,
        )

    @classmethod
    def from_networkx(cls, graph: nx.Graph[Any]) -> Fabric:
        """Take a graph from networkx.

        Parameters
        ----------
        graph
            Any of the four graph classes. Node attribute ``kind`` is "host", "chip" or "switch"; where it is missing,
            it is "switch" if the graph has any host or chip, else every node is a "chip". Edge attributes are
            ``capacity_gbps`` (required), ``length_m`` (0), ``cost`` (1) and ``link_class`` ("link"). An undirected
            edge is a full-duplex link; a directed edge is a link whose reverse arc has capacity 0.

        Returns
        -------
        Fabric
            With the graph's own labels as `node_names`.

        Raises
        ------
        TopologyError
            Naming every node and edge that is not valid.
        """
        from optinet.interchange import fabric_from_networkx

        return fabric_from_networkx(graph)

    def to_networkx(self) -> nx.Graph[Any]:
        """Return the fabric as a networkx graph that `from_networkx` reads back; see `optinet.interchange`."""
        from optinet.interchange import fabric_to_networkx

        return fabric_to_networkx(self)

    @property
    def n_nodes(self) -> int:
        """Number of nodes of all kinds."""
        return len(self.node_kind)

    @property
    def n_links(self) -> int:
        """Number of full-duplex links."""
        return len(self.link_class)

    @property
    def n_arcs(self) -> int:
        """Number of directed arcs, twice the number of links."""
        return len(self.arc_tail)

    @property
    def n_endpoints(self) -> int:
        """Number of hosts and chips."""
        return len(self.endpoints)

    @cached_property
    def endpoints(self) -> NDArray[np.int64]:
        """Node indices of hosts and chips, in node order; shape (n_endpoints,)."""
        return _read_only(np.flatnonzero(self.node_kind != NodeKind.SWITCH))

    @cached_property
    def forwards(self) -> NDArray[np.bool_]:
        """Whether each node forwards traffic of others; shape (n_nodes,)."""
        return _read_only(self.node_kind != NodeKind.HOST)

    @cached_property
    def arc_length_m(self) -> NDArray[np.float64]:
        """Length of each arc; shape (n_arcs,)."""
        return _read_only(np.repeat(self.link_length_m, 2))

    @cached_property
    def arc_cost(self) -> NDArray[np.float64]:
        """Routing metric of each arc; shape (n_arcs,)."""
        return _read_only(np.repeat(self.link_cost, 2))

    def arc_mask(self, failed_links: ArrayLike = (), failed_nodes: ArrayLike = ()) -> NDArray[np.bool_]:
        """Return which arcs are up when the given links and nodes have failed; shape (n_arcs,).

        Parameters
        ----------
        failed_links, failed_nodes
            Indices. A failed node takes down every link it has.

        Raises
        ------
        TopologyError
            If an index is out of range or not a whole number.
        """
        links = _indices("failed_links", failed_links, self.n_links)
        nodes = _indices("failed_nodes", failed_nodes, self.n_nodes)
        up = np.ones(self.n_arcs, dtype=bool)
        up[2 * links] = up[2 * links + 1] = False
        dead = np.zeros(self.n_nodes, dtype=bool)
        dead[nodes] = True
        return up & ~dead[self.arc_tail] & ~dead[self.arc_head]

    @cached_property
    def graph_sha256(self) -> str:
        """Hash of everything a solution depends on: nodes, arcs, capacities, lengths, costs, classes and structure."""
        digest = hashlib.sha256(json.dumps([self.link_class_names, structure_to_dict(self.structure)]).encode())
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and name in self.__dataclass_fields__:
                digest.update(name.encode() + value.tobytes())
        return digest.hexdigest()

    @cached_property
    def content_sha256(self) -> str:
        """Hash of the whole fabric: the graph, the node names and the optical plant."""
        digest = hashlib.sha256(self.graph_sha256.encode())
        digest.update("\n".join(f"{type(name).__name__}:{name}" for name in self.node_names).encode())
        digest.update((self.plant.sha256 if self.plant else "").encode())
        return digest.hexdigest()


def _filled(where: str, value: ArrayLike, size: int, dtype: type) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(value, dtype=dtype)
    if array.shape not in ((), (1,), (size,)):
        raise TopologyError(Problem(where, f"shape {array.shape}", f"one number, or ({size},)"))
    return np.broadcast_to(array, size).copy()


def _read_only(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    array.setflags(write=False)
    return array


def _indices(where: str, values: ArrayLike, count: int) -> NDArray[np.int64]:
    index = np.asarray(values).ravel()
    if len(index) and index.dtype.kind not in "iu":  # yes or no for each would be taken for links 0 and 1
        raise TopologyError(Problem(where, f"entries of {index.dtype}", f"whole numbers from 0 to {count - 1}"))
    wrong = index[(index < 0) | (index >= count)]
    if len(wrong):
        raise TopologyError(Problem(where, f"index {wrong[0]}", f"0 to {count - 1}"))
    return index.astype(np.int64)


def _problems(fabric: Fabric) -> list[Problem]:
    n_nodes, n_links = len(fabric.node_kind), len(fabric.link_class)
    problems = []
    sizes = {
        "node_tier": n_nodes,
        "node_group": n_nodes,
        "node_names": n_nodes,
        "link_length_m": n_links,
        "link_cost": n_links,
    }
    sizes |= dict.fromkeys(("arc_tail", "arc_head", "arc_capacity_gbps"), 2 * n_links)
    for name, size in sizes.items():
        if len(getattr(fabric, name)) != size:
            problems.append(Problem(name, f"{len(getattr(fabric, name))} entries", f"{size}"))
    if problems:
        return problems
    ranges = {
        "node_kind": (fabric.node_kind, 0, len(NodeKind) - 1),
        "node_tier": (fabric.node_tier, 0, np.inf),
        "node_group": (fabric.node_group, -1, np.inf),
        "arc_tail": (fabric.arc_tail, 0, n_nodes - 1),
        "arc_head": (fabric.arc_head, 0, n_nodes - 1),
        "link_class": (fabric.link_class, 0, len(fabric.link_class_names) - 1),
        "arc_capacity_gbps": (fabric.arc_capacity_gbps, 0, np.inf),
        "link_length_m": (fabric.link_length_m, 0, np.inf),
        "link_cost": (fabric.link_cost, 1e-12, np.inf),
    }
    for name, (array, low, high) in ranges.items():
        bad = ~((array >= low) & (array <= high) & (array < np.inf))
        if bad.any():
            where = int(np.flatnonzero(bad)[0])
            problems.append(
                Problem(
                    f"{name}[{where}]",
                    f"{array[where]}",
                    f"{low} to {high}" if high < np.inf else f"finite, at least {low:g}",
                )
            )
    loops = np.flatnonzero(fabric.arc_tail == fabric.arc_head)
    if len(loops):
        problems.append(
            Problem(
                f"link {loops[0] // 2}",
                f"joins node {fabric.node_names[fabric.arc_tail[loops[0]]]!r} to itself",
                "two different nodes",
            )
        )
    if len(set(fabric.link_class_names)) != len(fabric.link_class_names):
        problems.append(Problem("link_class_names", "a name occurs twice", "distinct names"))
    return problems


def kind_of(name: str, where: str) -> NodeKind | Problem:
    """Return the node kind called `name`, or what is wrong with it."""
    allowed = [kind.name.lower() for kind in NodeKind]
    if name in allowed:
        return NodeKind[name.upper()]
    return Problem(where, f"unknown kind {name!r}", ", ".join(allowed), nearest_name(str(name), allowed))


def _counted(count: int, one: str, many: str = "") -> str:
    plural = many or (f"{one}es" if one.endswith("ch") else f"{one}s")
    return f"{count:,} {one if count == 1 else plural}"


def _range(values: NDArray[np.float64]) -> str:
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
