# SPDX-License-Identifier: Apache-2.0
"""A binary min-heap in two parallel arrays, a key and an item each."""

from __future__ import annotations

from optinet.kernels._jit import part


@part
def heap_push(keys, items, size, key, item):
    """Add an entry to a heap of `size` entries; the caller counts one more."""
    at = size
    while at > 0:
        parent = (at - 1) // 2
        if keys[parent] <= key:
            break
        keys[at] = keys[parent]
        items[at] = items[parent]
        at = parent
    keys[at] = key
    items[at] = item


@part
def heap_replace_top(keys, items, size, key, item):
    """Put an entry in the place of the smallest of a heap of `size` entries and restore the order."""
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at] = keys[child]
        items[at] = items[child]
        at = child
    keys[at] = key
    items[at] = item
