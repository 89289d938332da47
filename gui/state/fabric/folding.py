# SPDX-License-Identifier: Apache-2.0
"""Which nodes fold into one: pods and cores of a Clos, cubes of a pod, planes and racks, blocks, groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.fabric.layout import Nodes
from gui.state.fabric.layout.base import corners_of
from gui.state.fabric.layout.floor import Stands, stands_of
from optinet.fabric import NodeKind
from optinet.structure import Blocks, Clos, Dragonfly, Planes, Pod, Structure, Torus

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Folds:
    """Groups of nodes that can be drawn as one.

    Parameters
    ----------
    group
        shape (n_nodes,): group of each node, -1 for none.
    names
        Name of each group.
    word
        What most of the groups are, in the plural.
    """

    group: Ints
    names: tuple[str, ...]
    word: str

    @property
    def everything(self) -> frozenset[int]:
        """All groups."""
        return frozenset(range(len(self.names)))

    def inside(self, name: str) -> NDArray[np.bool_] | None:
        """Return whether each node is in the group of a name, shape (n_nodes,); None where there is no such group."""
        return np.asarray(self.group == self.names.index(name)) if name in self.names else None


def folds_of(structure: Structure | None, nodes: Nodes, link_ends: Ints) -> Folds:
    """Return the groups that suit a fabric; a group of one node is none."""
    if isinstance(structure, Planes) and structure.plane.hosts + structure.planes * sum(structure.plane.tiers) == len(
        nodes
    ):
        return _planes(structure, nodes)
    if isinstance(structure, Clos) and structure.pods > 1 and len(structure.tiers) > 2:
        return _pods(structure, nodes)
    if isinstance(structure, Pod | Torus):
        return _numbered(nodes.group, "cube", "cubes")
    if isinstance(structure, Blocks):
        return _numbered(nodes.group, "block", "blocks")
    if isinstance(structure, Dragonfly):
        return _numbered(nodes.group, "group", "groups")
    if len(np.unique(nodes.group[nodes.group >= 0])) > 1:
        return _numbered(nodes.group, "group", "groups")
    if np.any(nodes.kind == NodeKind.HOST) and len(link_ends):
        rack = stands_of(nodes, link_ends).of_node
        with_hosts = np.unique(rack[nodes.kind == NodeKind.HOST])
        return _numbered(np.where(np.isin(rack, with_hosts), rack, -1), "rack", "racks")
    return _numbered(nodes.group, "group", "groups")


def folds_of_stands(stands: Stands) -> Folds:
    """Return the groups of nodes that stand together on the floor; one alone is none."""
    size = np.bincount(stands.of_node, minlength=len(stands.names))
    kept = np.flatnonzero(size > 1)
    number = np.full(len(size), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return Folds(number[stands.of_node], tuple(stands.names[i] for i in kept.tolist()), "racks")


def boxes_of(folds: Folds, xyz: Floats, link_ends: Ints) -> tuple[Floats, Ints, Ints]:
    """Return the corners of the box about each group, shape (n_groups, 8, 3), and its numbers of nodes and links.

    Parameters
    ----------
    xyz
        shape (n_nodes or more, 3): where nodes stand.
    link_ends
        shape (n_links, 2).
    """
    n_groups = len(folds.names)
    order = np.argsort(folds.group, kind="stable")
    order = order[np.searchsorted(folds.group[order], 0) :]
    count = np.bincount(folds.group[order], minlength=n_groups)
    starts, at = np.cumsum(count) - count, xyz[order]
    low, high = (which.reduceat(at, starts) if n_groups else at for which in (np.minimum, np.maximum))
    ends = folds.group[link_ends]
    touched = np.where((ends[:, 0] == ends[:, 1])[:, None], [[True, False]], [[True, True]]) & (ends >= 0)
    return corners_of(np.stack((low, high), axis=1)), count, np.bincount(ends[touched], minlength=n_groups)


def _numbered(group: Ints, word: str, plural: str) -> Folds:
    present, which, size = np.unique(group, return_inverse=True, return_counts=True)
    which = which.ravel()
    kept = (present >= 0) & (size > 1)
    number = np.full(len(present), -1, dtype=np.int64)
    number[kept] = np.arange(kept.sum())
    return Folds(number[which], tuple(f"{word} {p}" for p in present[kept]), plural)


def _pods(structure: Clos, nodes: Nodes) -> Folds:
    """Pods, and the cores in groups that are joined to the same aggregation switches of every pod."""
    cores = structure.tiers[-1]
    groups = int(np.gcd(structure.tiers[-2] // structure.pods, cores))
    first = len(nodes) - cores
    group = nodes.group.copy()
    group[first:] = structure.pods + np.arange(cores) // (cores // groups)
    names = [f"pod {i}" for i in range(structure.pods)] + [f"cores {i}" for i in range(groups)]
    return Folds(group, tuple(names), "pods")


def _planes(structure: Planes, nodes: Nodes) -> Folds:
    """The switches of each plane, and the hosts below each leaf."""
    clos, planes = structure.plane, structure.planes
    group = nodes.group.copy()
    racks_of = np.arange(clos.hosts) // (clos.hosts // clos.tiers[0])
    group[: clos.hosts] = planes + racks_of
    per_plane = sum(clos.tiers)
    names = [f"plane {i}" for i in range(planes)] + [f"hosts {i}" for i in range(clos.tiers[0])]
    if per_plane == 1:  # a plane is one switch
        group[clos.hosts :] = -1
        group[: clos.hosts] -= planes
        names = names[planes:]
    return Folds(group, tuple(names), "planes" if per_plane > 1 else "hosts")
