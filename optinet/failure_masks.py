# SPDX-License-Identifier: Apache-2.0
"""What failed parts leave of a fabric, as masks that solvers and workloads take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FailureMasks:
    """Failed parts as masks over a fabric.

    Parameters
    ----------
    text
        What is down, in one line.
    arc_up, node_up
        shape (n_arcs,) and (n_nodes,): what works.
    end_up
        shape (n_ends,): which fiber ends of the plant work; none without a plant.
    served
        shape (n_endpoints,): which endpoints are served.
    """

    text: str
    arc_up: Flags
    node_up: Flags
    end_up: Flags
    served: Flags

    @property
    def link_up(self) -> Flags:
        """Which links work, shape (n_links,)."""
        return self.arc_up[::2]  # a link is down in both directions


def arcs_up(failed: FailureMasks | None) -> Flags | None:
    """Return which arcs are up, for a solver; None where all are, so that symmetry can be used."""
    return None if failed is None or failed.arc_up.all() else failed.arc_up
