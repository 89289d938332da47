# SPDX-License-Identifier: Apache-2.0
"""Parts of a torus that are down, told so that states which a translation maps onto each other are told alike."""

from __future__ import annotations

import numpy as np

from optinet.reliability.risks import Ints
from optinet.routing.symmetry import moved_back
from optinet.structure import Torus

MOST_MOVED = 64
"""Things down in a state beyond which no translations are tried."""


def at_origin(torus: Torus, links: Ints, nodes: Ints) -> bytes:
    """Return the least description of what is down over all translations that take one of it to the first cell."""
    dims, cell = np.array(torus.dims), np.array(torus.cell)
    n = int(dims.prod())
    # a node is of kind 0, a link of kind 1 + its axis at the node it leaves in the positive direction
    kind = np.concatenate((np.zeros(len(nodes), dtype=np.int64), 1 + links // n))
    at = np.array(np.unravel_index(np.concatenate((nodes, links % n)), torus.dims))
    best = None
    for origin in np.unique(at // cell[:, None] * cell[:, None], axis=1).T:
        moved_at = moved_back(torus, at, origin[:, None])
        described = np.sort(kind * n + np.ravel_multi_index(tuple(moved_at), torus.dims)).tobytes()
        best = described if best is None else min(best, described)
    assert best is not None
    return best
