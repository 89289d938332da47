# SPDX-License-Identifier: Apache-2.0
"""A binary min-heap that knows where each item is, so that keys can change: arrays of keys, items and places of items.

``places[item]`` is -1 for what is not in the heap; items are small whole numbers, each in the heap once at most.
"""

from __future__ import annotations

from optinet.kernels._jit import part


@part
def sift_up(keys, items, places, at, key, item):
    """Put an entry at the free place `at`, or in the place of one with a larger key, and restore the order upward."""
    while at > 0:
        parent = (at - 1) >> 1
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
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at] = keys[child]
        items[at] = items[child]
        places[items[at]] = at
        at = child
    keys[at] = key
    items[at] = item
    places[item] = at
