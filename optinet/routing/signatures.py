# SPDX-License-Identifier: Apache-2.0
"""How the paths of a routing are composed: hops by link class and by what they lead to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind


@dataclass(frozen=True, eq=False)
class HopKinds:
    """The kinds of arcs a path is counted in: link class and what the arc leads to.

    Parameters
    ----------
    arc_kind
        shape (n_arcs,): the kind of each arc.
    link_class
        shape (n_kinds,): index of the link class.
    head_tier, head_kind
        shape (n_kinds,): tier and `NodeKind` of the node the arcs of this kind lead to.
    """

    arc_kind: NDArray[np.int64]
    link_class: NDArray[np.int64]
    head_tier: NDArray[np.int64]
    head_kind: NDArray[np.int64]

    @classmethod
    def of(cls, fabric: Fabric) -> HopKinds:
        """Return the hop kinds of a fabric, in order of link class, tier and node kind."""
        tiers = int(fabric.node_tier.max(initial=0)) + 1
        tier, kind = fabric.node_tier[fabric.arc_head], fabric.node_kind[fabric.arc_head]
        key = (np.repeat(fabric.link_class, 2) * tiers + tier) * len(NodeKind) + kind
        kinds, arc_kind = np.unique(key, return_inverse=True)
        class_and_tier, head_kind = np.divmod(kinds, len(NodeKind))
        link_class, head_tier = np.divmod(class_and_tier, tiers)
        return cls(np.ascontiguousarray(arc_kind), link_class, head_tier, head_kind)


@dataclass(frozen=True, eq=False)
class PathSignatures:
    """How the traffic's paths are composed: a distribution over hop counts by kind.

    Paths alike in the number of hops of every kind share one signature. The distribution is over the traffic: endpoint
    pairs weighted by demand, paths of a pair weighted by the routing.

    Parameters
    ----------
    hops
        shape (n_signatures, n_kinds): hops of each kind.
    length_m
        shape (n_signatures,): mean length of the paths of each signature.
    weight
        shape (n_signatures,), > 0, sums to 1 (empty for an empty demand).
    kinds
        What the columns of `hops` mean.
    method
        "exact", or how the paths were sampled.
    """

    hops: NDArray[np.int64]
    length_m: NDArray[np.float64]
    weight: NDArray[np.float64]
    kinds: HopKinds
    method: str

    @property
    def total_hops(self) -> NDArray[np.int64]:
        """Arcs on the paths of each signature; shape (n_signatures,)."""
        return self.hops.sum(axis=1)

    @property
    def mean_hops(self) -> float:
        """Mean number of arcs over the traffic."""
        return float(self.weight @ self.total_hops) if len(self.weight) else 0.0
