# SPDX-License-Identifier: Apache-2.0
"""Hamiltonian cycles by extending and rotating a path (L. Posa, Discrete Mathematics 14, 1976)."""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def rotated_path(links, first, draws):
    """Return a path over all sites that closes, or what was reached, its length, and how many draws it took.

    `links` holds the links between every two sites, `first` is where the path begins, and each of `draws`, from 0 to
    less than 1, decides one step: the end goes on to a site not passed yet, or if there is none the path from a
    neighbor of the end on is turned round. The length is -1 where the draws or the turns have come to an end.
    """
    n = len(links)
    path, at = np.empty(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    neighbors, degree = np.empty((n, n), dtype=np.int64), np.zeros(n, dtype=np.int64)
    for i in range(n):
        for j in range(n):
            if links[i, j] > 0:
                neighbors[i, degree[i]] = j
                degree[i] += 1
    near = np.empty(n, dtype=np.int64)
    path[0], length = first, 1
    at[first] = 0
    for used in range(len(draws)):
        end = path[length - 1]
        closing = links[end, path[0]]
        if length == n and closing > 0 and (n > 2 or closing > 1):
            return path, length, used
        n_new, n_turns = 0, 0
        for i in range(degree[end]):
            j = neighbors[end, i]
            if at[j] < 0:
                near[n_new] = j
                n_new += 1
        if n_new:
            j = near[int(draws[used] * n_new)]
            path[length] = j
            at[j] = length
            length += 1
            continue
        for i in range(degree[end]):
            j = neighbors[end, i]
            if at[j] < length - 2:
                near[n_turns] = j
                n_turns += 1
        if not n_turns:
            return path, -1, used
        # the link to that neighbor comes in, the one behind it goes out
        low, high = at[near[int(draws[used] * n_turns)]] + 1, length - 1
        while low < high:
            path[low], path[high] = path[high], path[low]
            at[path[low]], at[path[high]] = low, high
            low += 1
            high -= 1
    return path, -1, len(draws)
