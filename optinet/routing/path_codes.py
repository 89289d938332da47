# SPDX-License-Identifier: Apache-2.0
"""Path codes: how many hops of each kind a path has, packed into one integer, one bit field per kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.routing.core_graph import CoreGraph, Floats, sum_by
from optinet.routing.signatures import HopKinds, PathSignatures


@dataclass(frozen=True, eq=False)
class PathCodes:
    """Codes of the arcs of one fabric.

    Parameters
    ----------
    kinds
        The hop kinds counted.
    bits
        Width of each kind's field.
    arc_code
        shape (n_arcs,): one hop of the arc's kind.
    length_m
        shape (n_arcs,).
    """

    kinds: HopKinds
    bits: int
    arc_code: NDArray[np.int64]
    length_m: Floats

    @classmethod
    def of(cls, fabric: Fabric) -> PathCodes:
        """Return the codes of a fabric; `SolverError` if it has too many kinds of hops to count."""
        kinds = HopKinds.of(fabric)
        n_kinds = max(1, len(kinds.link_class))
        bits = min(16, 62 // n_kinds)
        if bits < 3:
            raise SolverError(
                Problem(
                    "fabric",
                    f"{n_kinds} combinations of link class and tier",
                    "at most 20, so that paths can be told apart by hops of each",
                )
            )
        return cls(kinds, bits, np.int64(1) << (bits * kinds.arc_kind), fabric.arc_length_m)

    def of_attachments(self, core: CoreGraph, way: Literal["up", "down"]) -> tuple[NDArray[np.int64], Floats]:
        """Return code and mean length of the hop between each group's hosts and the core graph; shapes (n_groups,)."""
        code = np.zeros(core.n_groups, dtype=np.int64)
        length = np.zeros(core.n_groups)
        for group in np.flatnonzero(core.joined):
            attachment = core.attachments[group]
            assert attachment is not None
            arcs = attachment.up if way == "up" else attachment.down
            code[group] = self.arc_code[arcs[0, 0]]
            length[group] = self.length_m[arcs].mean()
        return code, length

    def decode(self, code: NDArray[np.int64], mass: Floats, length: Floats, method: str) -> PathSignatures:
        """Return the distribution whose codes have these masses and mass-weighted lengths; equal codes are merged."""
        unique, index = np.unique(code, return_inverse=True)
        weight = sum_by(index, mass, len(unique))
        total_length = sum_by(index, length, len(unique))
        shifts = self.bits * np.arange(len(self.kinds.link_class))
        hops = (unique[:, None] >> shifts) & ((1 << self.bits) - 1)
        keep = weight > 0
        return PathSignatures(
            hops=hops[keep],
            length_m=total_length[keep] / weight[keep],
            weight=weight[keep] / weight.sum() if keep.any() else weight[keep],
            kinds=self.kinds,
            method=method,
        )
