# SPDX-License-Identifier: Apache-2.0
"""Placing block-to-block links on optical circuit switches one at a time, moving few of those that are set.

A link too many at a block on switch x is pushed to switch y; where that makes one too many on y, another is pushed
back to x, and so on: the alternating chains of edge coloring (A. B. Kempe, 1879), with room for several links of one
color at a node. A chain also ends where a link that is to go anyway can be released. A link on a switch where it was
set before is worth keeping; each one more costs -1, each one fewer 1. Releasing costs nothing: those links go.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optinet.kernels._jit import kernel

FAILED = 1 << 30


class State(NamedTuple):
    """Links on every switch and what is known of them; changed in place.

    Parameters
    ----------
    links, before
        shape (n_ocs, n_blocks, n_blocks), symmetric: links between two blocks now, and before any change.
    used, room
        shape (n_ocs, n_blocks): ends of each block in use, and ends it has.
    spare
        shape (n_blocks, n_blocks), symmetric: links between two blocks that are to go.
    chain
        shape (longest chain, 4): from switch, to switch (-1 for a link that is released), block, block of the moves
        made last.
    """

    links: np.ndarray
    before: np.ndarray
    used: np.ndarray
    room: np.ndarray
    spare: np.ndarray
    chain: np.ndarray


@kernel
def add(state, o, a, b, by):
    """Change the links between a and b on switch o; return the cost of it."""
    kept = min(state.links[o, a, b], state.before[o, a, b])
    state.links[o, a, b] += by
    state.links[o, b, a] += by
    state.used[o, a] += by
    state.used[o, b] += by
    return kept - min(state.links[o, a, b], state.before[o, a, b])


@kernel
def move(state, i, back):
    """Make the i-th move of the chain, or take it `back`; return its cost."""
    x, y, a, b = state.chain[i]
    by = -1 if back else 1
    cost = add(state, x, a, b, -by)
    if y >= 0:
        return cost + add(state, y, a, b, by)
    state.spare[a, b] -= by
    state.spare[b, a] -= by
    return 0


@kernel
def undo(state, start, length):
    """Take the moves of the chain from `start` to `length` back."""
    for i in range(length - 1, start - 1, -1):
        move(state, i, True)


@kernel
def release(state, o, block, length):
    """Release a link at `block` on switch o if one is to go; return the chain length, one more or as it was."""
    other = _releasable(state, o, block)
    if other < 0 or length >= len(state.chain):
        return length
    state.chain[length, 0], state.chain[length, 1] = o, -1
    state.chain[length, 2], state.chain[length, 3] = block, other
    move(state, length, False)
    return length + 1


@kernel
def _releasable(state, o, block):
    """Return the partner of a link at `block` on switch o that is to go, one that is short of ends there first."""
    found = -1
    for w in range(state.links.shape[1]):
        if state.spare[block, w] > 0 and state.links[o, block, w] > 0:
            if state.used[o, w] >= state.room[o, w]:
                return w
            found = w
    return found


@kernel
def _can_take(state, o, block):
    return state.used[o, block] < state.room[o, block] or (
        state.room[o, block] > 0 and _releasable(state, o, block) >= 0
    )


@kernel
def push(state, block, x, y, length, shift):
    """Relieve `block`, which has one link too many on switch x and room on y; return (cost, chain length).

    The moves are appended to the chain from `length` on; if there is no way, they are taken back and the cost is
    FAILED.
    """
    n = state.links.shape[1]
    start, cost, v = length, 0, block
    while length < len(state.chain):
        best, best_key = -1, 0.0
        for i in range(n):
            w = (i + shift) % n
            if state.links[x, v, w] == 0 or _moved(state, v, w, start, length):
                continue
            key = 0.0 if _can_take(state, y, w) else 1.5
            if state.links[x, v, w] <= state.before[x, v, w]:
                key += 1.0
            if state.links[y, v, w] < state.before[y, v, w]:
                key -= 1.0
            if best < 0 or key < best_key:
                best, best_key = w, key
        if best < 0:
            break
        state.chain[length, 0], state.chain[length, 1] = x, y
        state.chain[length, 2], state.chain[length, 3] = v, best
        cost += move(state, length, False)
        length += 1
        if state.used[y, best] > state.room[y, best]:
            length = release(state, y, best, length)
        if state.used[y, best] <= state.room[y, best]:
            return cost, length
        v = best
        x, y = y, x
    undo(state, start, length)
    return FAILED, start


@kernel
def _moved(state, a, b, start, length):
    for i in range(start, length):
        p, q = state.chain[i, 2], state.chain[i, 3]
        if (p == a and q == b) or (p == b and q == a):
            return True
    return False


@kernel
def place(state, u, v, shift):
    """Place a link between u and v where no other link has to move, releasing those to go; return whether it was."""
    n_ocs = len(state.links)
    best, best_key = -1, 0.0
    for i in range(n_ocs):
        o = (i + shift) % n_ocs
        if not (_can_take(state, o, u) and _can_take(state, o, v)):
            continue
        key = 0.0
        for block in (u, v):
            if state.used[o, block] >= state.room[o, block]:
                key += 1.0
        if state.links[o, u, v] < state.before[o, u, v]:
            key -= 2.5
        if best < 0 or key < best_key:
            best, best_key = o, key
    if best < 0:
        return False
    for block in (u, v):
        if state.used[best, block] >= state.room[best, block]:
            release(state, best, block, 0)
    add(state, best, u, v, 1)
    return True


@kernel
def insert(state, u, v, shift, tries):
    """Place a link between u and v, moving others along the cheapest chain found; return whether it was placed."""
    n_ocs = len(state.links)
    best_cost, best_x, best_length = FAILED, -1, 0
    best = np.empty_like(state.chain)
    tried = 0
    for i in range(n_ocs):
        x = (i + shift) % n_ocs
        if state.room[x, v] == 0 or not _can_take(state, x, u):
            continue
        for j in range(n_ocs):
            y = (j + shift) % n_ocs
            if y == x or not _can_take(state, y, v):
                continue
            tried += 1
            if tried > tries or best_cost <= 0:
                break
            cost, length = _insert_at(state, u, v, x, y, shift + tried)
            if cost < best_cost:
                best_cost, best_x, best_length = cost, x, length
                best[:length] = state.chain[:length]
            if cost < FAILED:
                add(state, x, u, v, -1)
                undo(state, 0, length)
    if best_cost >= FAILED:
        return False
    for i in range(best_length):
        state.chain[i] = best[i]
        move(state, i, False)
    add(state, best_x, u, v, 1)
    return True


@kernel
def _insert_at(state, u, v, x, y, shift):
    """Place a link on switch x and push another of v to y; return (cost, chain length), and leave nothing if FAILED."""
    length = 0
    if state.used[x, u] >= state.room[x, u]:
        length = release(state, x, u, length)
    if state.used[y, v] >= state.room[y, v]:
        length = release(state, y, v, length)
    cost = add(state, x, u, v, 1)
    extra = 0
    if state.used[x, v] > state.room[x, v]:
        extra, length = push(state, v, x, y, length, shift)
    fits = True
    for block in (u, v):
        for o in (x, y):
            fits = fits and state.used[o, block] <= state.room[o, block]
    if extra >= FAILED or not fits:
        add(state, x, u, v, -1)
        undo(state, 0, length)
        return FAILED, 0
    return cost + extra, length


@kernel
def bring_home(state, passes):
    """Move links back to switches where they were set before as long as that keeps more than it displaces."""
    n_ocs, n, _ = state.links.shape
    for _ in range(passes):
        improved = False
        for o in range(n_ocs):
            for a in range(n):
                for b in range(a + 1, n):
                    if state.links[o, a, b] >= state.before[o, a, b]:
                        continue
                    for away in range(n_ocs):
                        if state.links[away, a, b] > state.before[away, a, b] and _come_home(state, away, o, a, b):
                            improved = True
                            break
        if not improved:
            break


@kernel
def _come_home(state, x, y, a, b):
    cost = add(state, x, a, b, -1) + add(state, y, a, b, 1)
    length = 0
    for block in (a, b):
        if state.used[y, block] > state.room[y, block]:
            extra, length = push(state, block, y, x, length, a + b)
            cost += extra
            if extra >= FAILED:
                break
    # a chain may have ended at the other block, on the end that its own chain then needed
    fits = True
    for block in (a, b):
        fits = fits and state.used[x, block] <= state.room[x, block] and state.used[y, block] <= state.room[y, block]
    if fits and cost < 0:
        return True
    undo(state, 0, length)
    add(state, y, a, b, -1)
    add(state, x, a, b, 1)
    return False


@kernel
def place_all(state, missing, order, shift, tries):
    """Place links one after another: first where nothing moves, then along chains; return those without a place.

    Parameters
    ----------
    state
        The links set before, all of which are counted; those that are spare are gone afterwards.
    missing
        shape (n_missing, 2): blocks of the links to place.
    order
        shape (n_missing,): the order to try them in.
    shift
        Where searches begin, to make different attempts differ.
    tries
        Most chains looked at for one link.
    """
    left = np.empty(len(missing), dtype=np.int64)
    n_left = 0
    for i in order:
        if not place(state, missing[i, 0], missing[i, 1], shift + i):
            left[n_left] = i
            n_left += 1
    n_failed = 0
    for k in range(n_left):
        i = left[k]
        u, v = missing[i, 0], missing[i, 1]
        if not (place(state, u, v, shift + i) or insert(state, u, v, shift + i, tries)):
            left[n_failed] = i
            n_failed += 1
    n_ocs, n, _ = state.links.shape
    for a in range(n):
        for b in range(a + 1, n):
            for o in range(n_ocs):
                while state.spare[a, b] > 0 and state.links[o, a, b] > 0:
                    add(state, o, a, b, -1)
                    state.spare[a, b] -= 1
                    state.spare[b, a] -= 1
    return left[:n_failed].copy()
