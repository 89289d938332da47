# SPDX-License-Identifier: Apache-2.0
"""Seeded choices that depend on what is chosen for, never on what was chosen before: splitmix64 as a hash.

Reference: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part


def _mixed(state, number):
    """Return a 64-bit hash of a state and a number, or of arrays of either."""
    z = np.uint64(state) + np.uint64(0x9E3779B97F4A7C15) * (np.uint64(number) + np.uint64(1))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


mixed = part(_mixed)


def _as_fraction(z):
    """Return a 64-bit hash as a float in [0, 1), or an array of them."""
    return (z >> np.uint64(11)) / 9007199254740992.0


as_fraction = part(_as_fraction)


def hash_rows(seed, rows):
    """Return a 64-bit hash of each row of numbers; `rows` has shape (n, m), the result (n,)."""
    keys = _mixed(np.full(len(rows), seed, dtype=np.uint64), 0)
    for column in np.transpose(rows):
        keys = _mixed(keys, column)
    return keys


def fractions_of(keys, number):
    """Return a float in [0, 1) for each key, independent between numbers; shape (n,)."""
    return _as_fraction(_mixed(keys, np.full(1, number)))


@kernel
def pick(draw, bucket, offsets, weight):
    """Return for each draw in [0, 1) an entry of its bucket, chosen in proportion to the entries' weights.

    ``offsets[b]`` to ``offsets[b + 1]`` are the entries of bucket b; `draw` and `bucket` have shape (n,).
    """
    chosen = np.empty(len(bucket), dtype=np.int64)
    for i in range(len(bucket)):
        first, last = offsets[bucket[i]], offsets[bucket[i] + 1]
        total = 0.0
        for entry in range(first, last):
            total += weight[entry]
        left = draw[i] * total
        for entry in range(first, last):
            if weight[entry] > 0.0:
                chosen[i] = entry
                left -= weight[entry]
                if left < 0.0:
                    break
    return chosen
