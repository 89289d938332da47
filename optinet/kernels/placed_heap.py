# SPDX-License-Identifier: Apache-2.0
"""A min-heap that knows where each item is, so that keys can change: arrays of keys, items and places of items.

``places[item]`` is -1 for what is not in the heap; items are small whole numbers, each in the heap once at most. An
entry has four children, so that few entries move upward, and the least of them is found without a branch: ``keys`` is
infinite from the end of the heap on, for at least three entries.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import part

SPARE = 3  # entries of `keys` that no heap may fill


@part
def sift_up(keys, items, places, at, key, item):
    """Put an entry at the free place `at`, or in the place of one with a larger key, and restore the order upward."""
    while at > 0:
        parent = (at - 1) >> 2
        if keys[parent] <= key:
            break
        keys[at] = keys[parent]
        items[at] = items[parent]
        places[items[at]] = at
        at = parent
    keys[at] = key
    items[at] = item
    places[item] = at


@part
def sift_down(keys, items, places, size, at, key, item):
    """Put an entry at place `at` of a heap of `size` entries, its key no less than the one there, and restore order."""
    while 4 * at + 1 < size:
        child = 4 * at + 1
        left, right = child + (keys[child + 1] < keys[child]), child + 2 + (keys[child + 3] < keys[child + 2])
        child = right if keys[right] < keys[left] else left
        if keys[child] >= key:
            break
        keys[at] = keys[child]
        items[at] = items[child]
        places[items[at]] = at
        at = child
    keys[at] = key
    items[at] = item
    places[item] = at


@part
def take_out(keys, items, places, size, item):
    """Take an item out of a heap of `size` entries."""
    at, last = np.int64(places[item]), size - 1
    key, other = keys[last], items[last]
    keys[last] = np.inf
    places[item] = -1
    if at < last:
        if at > 0 and key < keys[(at - 1) >> 2]:
            sift_up(keys, items, places, at, key, other)
        else:
            sift_down(keys, items, places, last, at, key, other)
