# SPDX-License-Identifier: Apache-2.0
"""Arrays that grow."""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def doubled(arcs):
    """Return a copy with room for as many again; entry by entry, for Numba takes seconds to compile a slice's copy."""
    grown = np.empty(2 * len(arcs), dtype=np.int64)
    for i in range(len(arcs)):
        grown[i] = arcs[i]
    return grown
