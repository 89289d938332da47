# SPDX-License-Identifier: Apache-2.0
"""Why a set of links cannot be wired: the blocks, what each OCS can carry between them, and what is short."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem

Ints = NDArray[np.int64]
_ALL_SETS = 14  # blocks up to which every set is looked at
_SOME_SETS = 60_000


def too_few_ends(links: Ints, ends: Ints) -> list[Problem]:
    """Return every block with more links than ends, and every pair with more links than its OCS have ends for."""
    problems = []
    degree, held = links.sum(axis=1), ends.sum(axis=1)
    for block in np.flatnonzero(degree > held):
        problems.append(
            Problem(
                "links",
                f"block {block} has {degree[block]} links, {degree[block] - held[block]} more than its ends",
                f"at most {held[block]}, its ends on all OCS",
            )
        )
    for a, b in np.argwhere(np.triu(links)):
        most = int(np.minimum(ends[a], ends[b]).sum())
        if links[a, b] > most and degree[a] <= held[a] and degree[b] <= held[b]:
            problems.append(
                Problem(
                    "links",
                    f"blocks {a} and {b} have {links[a, b]} links between them, {links[a, b] - most} too many",
                    f"at most {most}, as many as both have ends on the same OCS",
                )
            )
    return problems


def crowded_blocks(links: Ints, ends: Ints) -> Problem | None:
    """Return a set of blocks with more links among themselves than all OCS can carry between them, if one is found.

    An OCS on which the blocks of a set have e ends in all carries at most floor(e / 2) links among them, and no more
    than the ends of a block that all others of the set have together (J. Edmonds' bound on matchings, J. Res. NBS 69B,
    1965). Every set is looked at up to 14 blocks; beyond, pairs, triples and what is joined to each block.
    """
    n = len(links)
    worst, found = 0, None
    for blocks in _sets(links, n):
        within = int(links[np.ix_(blocks, blocks)].sum()) // 2
        held = ends[blocks]
        on_each = np.minimum(held.sum(axis=0) // 2, held.sum(axis=0) - held.max(axis=0))
        if within - int(on_each.sum()) > worst:
            worst, found = within - int(on_each.sum()), (blocks, within, on_each)
    if found is None:
        return None
    blocks, within, on_each = found
    return Problem(
        "links",
        f"blocks {_listed(blocks)} have {within} links among themselves and the OCS carry at most {on_each.sum()} "
        f"between them ({_per_ocs(on_each)}): {worst} too many",
        "fewer links among these blocks, or an even number of ends of each on every OCS",
    )


def not_all_placed(links: Ints, ends: Ints, count: Ints, proven: bool) -> Problem:
    """Describe what is left over of the best wiring found: the blocks, and on which OCS they have ends free."""
    left = links - count.sum(axis=0)
    a, b = np.argwhere(np.triu(left) > 0)[0]
    free = ends - count.sum(axis=2).T
    where = "; ".join(
        f"free ends of block {block} on OCS {_listed(np.flatnonzero(free[block] > 0))}" for block in (a, b)
    )
    n_left, total = int(left.sum()) // 2, int(links.sum()) // 2
    says = "no wiring carries more than" if proven else "the search found no wiring (which proves nothing) of more than"
    return Problem(
        "links",
        f"{says} {total - n_left} of the {total} links; left over is block {a} to block {b}: {where}",
        "fewer links, or an even number of ends of each block on every OCS",
    )


def _sets(links: Ints, n: int) -> Iterator[Ints]:
    sizes = range(3, n + 1) if n <= _ALL_SETS else (3,)
    looked = 0
    for size in sizes:
        for blocks in combinations(range(n), size):
            yield np.array(blocks)
            looked += 1
            if looked >= _SOME_SETS:
                break
    if n > _ALL_SETS:
        for block in range(n):
            yield np.flatnonzero((links[block] > 0) | (np.arange(n) == block))


def _listed(items: Ints) -> str:
    shown = ", ".join(map(str, items[:12]))
    return f"{shown}, ..." if len(items) > 12 else shown or "none"


def _per_ocs(on_each: Ints) -> str:
    if len(np.unique(on_each)) == 1:
        return f"{on_each[0]} on each of {len(on_each)} OCS"
    return ", ".join(f"{most} on OCS {o}" for o, most in enumerate(on_each[:12])) + (
        ", ..." if len(on_each) > 12 else ""
    )
