# SPDX-License-Identifier: Apache-2.0
"""Dimension-order routing on tori: every pair walks its minimal vectors, axis by axis.

``next_node[2 axis + s, v]`` and ``next_arc[2 axis + s, v]`` are the neighbor of v and the arc to it along an axis, s
= 0 in the positive and 1 in the negative direction. ``vector`` lists minimal displacement vectors, those of
displacement d in rows ``offsets[d]`` to ``offsets[d + 1]``. The displacement from s to t is the node at t - s.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def dor_pairs(
    source,
    gbps,
    displacement,
    offsets,
    vector,
    next_node,
    next_arc,
    up,
    load,
    arc_code,
    arc_length,
    code,
    length,
):
    """Add the traffic of the given pairs to `load`, and each vector's path code and length to `code` and `length`.

    ``code`` and ``length`` have one entry for every (pair, vector), in order, or none to skip them. Returns the first
    pair that meets an arc that is down, or -1.
    """
    n_axes = vector.shape[1]
    entry = 0
    for i in range(len(source)):
        first, last = offsets[displacement[i]], offsets[displacement[i] + 1]
        each = gbps[i] / (last - first)
        for k in range(first, last):
            v = source[i]
            for axis in range(n_axes):
                steps = vector[k, axis]
                way = 2 * axis + (1 if steps < 0 else 0)
                for _ in range(abs(steps)):
                    arc = next_arc[way, v]
                    if not up[arc]:
                        return i
                    load[arc] += each
                    if len(code) > 0:
                        code[entry] += arc_code[arc]
                        length[entry] += arc_length[arc]
                    v = next_node[way, v]
            entry += 1
    return -1


@kernel
def count_vectors(displacement, offsets):
    """Return how many (pair, vector) entries `dor_pairs` makes."""
    total = np.int64(0)
    for d in displacement:
        total += offsets[d + 1] - offsets[d]
    return total


@kernel
def dor_walks(source, row, vector, next_node, next_arc, up, arcs):
    """Write the arcs of one vector (row of `vector`) for each flow, flow after flow; return the first that fails or -1.

    ``arcs`` has room for the sum of the vectors' lengths. A flow fails if it meets an arc that is down.
    """
    size = 0
    for i in range(len(source)):
        v = source[i]
        for axis in range(vector.shape[1]):
            steps = vector[row[i], axis]
            way = 2 * axis + (1 if steps < 0 else 0)
            for _ in range(abs(steps)):
                arc = next_arc[way, v]
                if not up[arc]:
                    return i
                arcs[size] = arc
                size += 1
                v = next_node[way, v]
    return -1
