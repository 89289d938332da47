# SPDX-License-Identifier: Apache-2.0
r"""What may fail, how often it is down, and what it takes down with it.

A *risk* is one thing that is up or down by itself: a module, a laser module that feeds several engines, a switch, a
rack, a power domain. It takes down links, nodes and fiber ends of the optical plant. Risks fail independently; those
that take several things down at once are what makes failures of links and nodes depend on each other. A *cause* is a
set of risks alike: same part, same place, same rates. A part with F failures in 1e9 hours that is down for R hours each
time is down for the fraction

.. math:: q = \frac{F R}{10^9 + F R}

of the time (mean time between failures 1e9 / F of a part that is up, then R to repair it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


def _none() -> Ints:
    return np.zeros((2, 0), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Cause:
    """Risks alike.

    Parameters
    ----------
    kind
        What fails, such as "module", "switch" or "rack".
    part
        Component, or name of the group.
    where
        Link class, tier of switches, "hosts", "chips" or "plant".
    count
        How many risks.
    fit
        Failures of one of them in 1e9 hours, > 0.
    repair_hours
        How long it is down each time, > 0.
    links, nodes, ends
        shape (2, n): which risk takes down which link, node or fiber end of the plant.
    """

    kind: str
    part: str
    where: str
    count: int
    fit: float
    repair_hours: float
    links: Ints = field(default_factory=_none)
    nodes: Ints = field(default_factory=_none)
    ends: Ints = field(default_factory=_none)

    @property
    def down_fraction(self) -> float:
        """Fraction of the time that one of them is down."""
        down = self.fit * self.repair_hours
        return down / (1e9 + down)

    @property
    def extent(self) -> float:
        """Mean number of links, nodes and ends that one takes down."""
        return (self.links.shape[1] + self.nodes.shape[1] + self.ends.shape[1]) / max(self.count, 1)


@dataclass(frozen=True, eq=False)
class Damage:
    """What is down in some states, one row each.

    Parameters
    ----------
    links
        shape (n_states, n_links): links down by themselves or through a fiber end; those of a node that is down are
        not told again.
    nodes
        shape (n_states, n_nodes).
    ends
        shape (n_states, n_ends): fiber ends of the plant; no columns without one.
    """

    links: Flags
    nodes: Flags
    ends: Flags

    def __len__(self) -> int:
        return len(self.nodes)

    def besides(self, links: Flags, nodes: Flags, ends: Flags) -> Damage:
        """Return the damage with these down in every state as well; shapes (n_links,), (n_nodes,) and (n_ends,)."""
        return Damage(self.links | links, self.nodes | nodes, self.ends | ends)

    def arcs_up(self, fabric: Fabric, state: int) -> Flags:
        """Return the mask of a state that solvers take; shape (n_arcs,)."""
        down = self.nodes[state]
        return ~(np.repeat(self.links[state], 2) | down[fabric.arc_tail] | down[fabric.arc_head])


class Risks:
    """All risks of a fabric, cause by cause.

    Parameters
    ----------
    fabric
        What they take down.
    causes
        Those without risks, or whose risks take nothing down, are left out.
    """

    def __init__(self, fabric: Fabric, causes: Iterable[Cause]) -> None:
        self.fabric = fabric
        kept = [cause for cause in causes if cause.count and cause.extent]
        self.causes: tuple[Cause, ...] = tuple(sorted(kept, key=lambda cause: cause.extent))
        self.first = np.concatenate(([0], np.cumsum([cause.count for cause in self.causes]))).astype(np.int64)
        n_ends = fabric.plant.n_ends if fabric.plant else 0
        self._links = self._incidence("links", fabric.n_links)
        self._nodes = self._incidence("nodes", fabric.n_nodes)
        self._ends = self._incidence("ends", n_ends)

    def __len__(self) -> int:
        return int(self.first[-1])

    @property
    def down_fraction(self) -> Floats:
        """Fraction of the time that each risk is down; shape (n_risks,)."""
        each = [cause.down_fraction for cause in self.causes]
        return np.repeat(np.array(each, dtype=np.float64), np.diff(self.first))

    def damage(self, failed: Sequence[Ints]) -> Damage:
        """Return what is down in states that are told by their failed risks."""
        sizes = [len(risks) for risks in failed]
        row = np.repeat(np.arange(len(failed)), sizes)
        column = np.concatenate(failed) if failed else np.zeros(0, dtype=np.int64)
        chosen = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(len(failed), len(self)))
        links, nodes, ends = ((chosen @ each).toarray() > 0 for each in (self._links, self._nodes, self._ends))
        if (plant := self.fabric.plant) is not None:
            links[:, plant.circuit_link] |= (ends | nodes[:, plant.end_node])[:, plant.circuit_ends].any(axis=2)
        return Damage(links, nodes, ends)

    def _incidence(self, what: str, size: int) -> sparse.csr_array:
        shift = [np.array([[first], [0]]) for first in self.first[:-1]]
        pairs = [getattr(cause, what) + by for cause, by in zip(self.causes, shift, strict=True)]
        risk, thing = np.concatenate([_none(), *pairs], axis=1)
        return sparse.csr_array((np.ones(len(risk)), (risk, thing)), shape=(len(self), size))
