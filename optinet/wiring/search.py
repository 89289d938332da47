# SPDX-License-Identifier: Apache-2.0
"""Wiring by search: few moves from what is set, and wirings that no theorem guarantees.

Fewest moves is NP-hard (it contains edge coloring: I. Holyer, SIAM J. Comput. 10, 1981). `fewest_moves` solves it as an
integer program, which proves its answer on small cases; `few_moves` places link by link with alternating chains and is
quick at any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.kernels.rewire import State, add, bring_home, place_all
from optinet.wiring.construct import construct

Ints = NDArray[np.int64]
TRIES = 256
"""Chains looked at for one link."""


def few_moves(links: Ints, ends: Ints, before: Ints, attempts: int = 4) -> tuple[Ints, int]:
    """Return links on every OCS, and how many wanted links found no place.

    Parameters
    ----------
    links
        shape (n_blocks, n_blocks), symmetric: links wanted between two blocks.
    ends
        shape (n_blocks, n_ocs): fiber ends of each block on each OCS.
    before
        shape (n_ocs, n_blocks, n_blocks), symmetric: links set now.
    attempts
        Orders of placing that are tried; the best counts.

    Returns
    -------
    tuple
        Links on each OCS, shape (n_ocs, n_blocks, n_blocks), and the number of links without a place.
    """
    best, best_key = before, (np.inf, np.inf)
    rng = np.random.default_rng(0)
    for attempt in range(attempts):
        count, failed = _attempt(links, ends, before, rng, attempt)
        key = (failed, int(links.sum() - np.minimum(count, before).sum()))
        if key < best_key:
            best, best_key = count, key
        if key == (0, int(np.maximum(links - before.sum(axis=0), 0).sum())):
            break  # not one move more than links that are new
    return best, int(best_key[0])


def _attempt(links: Ints, ends: Ints, before: Ints, rng: np.random.Generator, shift: int) -> tuple[Ints, int]:
    change = links - before.sum(axis=0)
    missing = multigraph(np.maximum(change, 0))
    state = State(
        links=before.copy(),
        before=before,
        used=before.sum(axis=2),
        room=np.ascontiguousarray(ends.T),
        spare=np.maximum(-change, 0),
        chain=np.empty((4 * len(links) + 8, 4), dtype=np.int64),
    )
    order = rng.permutation(len(missing)) if shift else np.arange(len(missing))
    left = place_all(state, missing, order, shift, TRIES)
    failed = [pair for pair in missing[left] if not _split_again(state, ends, pair)]
    bring_home(state, 8)
    return state.links, len(failed)


def _split_again(state: State, ends: Ints, pair: Ints) -> bool:
    """Place a link by wiring two OCS anew, which always works where both hold the same even number of each block."""
    free = state.used < state.room
    both = np.flatnonzero(free[:, pair[0]] & free[:, pair[1]])
    if len(both):  # links placed meanwhile have made room
        add(state, both[0], pair[0], pair[1], 1)
        return True
    for x in np.flatnonzero(free[:, pair[0]])[:4]:
        for y in np.flatnonzero(free[:, pair[1]])[:4]:
            two = np.array([x, y])
            pairs = np.concatenate((multigraph(state.links[two].sum(axis=0)), pair[None]))
            found = construct(pairs, ends[:, two])
            if found is None:
                continue
            parts = [tally(pairs[found[0] == i], len(ends)) for i in (0, 1)]
            kept = [[np.minimum(part, state.before[o]).sum() for o in two] for part in parts]
            if kept[0][0] + kept[1][1] < kept[0][1] + kept[1][0] and np.array_equal(ends[:, x], ends[:, y]):
                parts.reverse()
            for o, part in zip(two, parts, strict=True):
                state.links[o] = part
                state.used[o] = part.sum(axis=1)
            return True
    return False


@dataclass(frozen=True)
class Program:
    """What the integer program found.

    Parameters
    ----------
    count
        shape (n_ocs, n_blocks, n_blocks): links on every OCS; None if it ran out of time without any.
    placed
        Links placed.
    least_moves
        Proven lower bound on the circuits that must be set anew.
    optimal
        Whether the answer is proven best.
    """

    count: Ints | None
    placed: int
    least_moves: int
    optimal: bool


def fewest_moves(links: Ints, ends: Ints, before: Ints, *, all_links: bool, time_limit_s: float) -> Program:
    """Solve for the fewest circuits set anew, or for the most links that can be placed, by mixed-integer programming.

    Variables are, for each OCS and pair of blocks, the circuits kept (at most those set) and those set anew. Every
    block has at most its ends on every OCS; every pair gets its links (`all_links`) or at most its links.

    Parameters
    ----------
    links, ends, before
        As in `few_moves`.
    all_links
        Whether every link must be placed; otherwise as many as possible, and among those wirings the fewest moves.
    time_limit_s
        Limit of the solver; an answer then is not proven.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    n_blocks, n_ocs = ends.shape
    a, b = np.nonzero(np.triu(links))
    n_pairs = len(a)
    n = n_ocs * n_pairs
    if n == 0:
        return Program(np.zeros_like(before), 0, 0, optimal=True)
    wanted = links[a, b]
    # variables: kept[o, pair], then new[o, pair]
    pair = np.tile(np.arange(n_pairs), 2 * n_ocs)
    ocs = np.tile(np.repeat(np.arange(n_ocs), n_pairs), 2)
    column = np.arange(2 * n)
    rows = np.concatenate((ocs * n_blocks + a[pair], ocs * n_blocks + b[pair]))
    at_block = coo_array((np.ones(4 * n), (rows, np.tile(column, 2))), shape=(n_ocs * n_blocks, 2 * n)).tocsr()
    of_pair = coo_array((np.ones(2 * n), (pair, column)), shape=(n_pairs, 2 * n)).tocsr()
    room = np.minimum(ends[a], ends[b]).T
    upper = np.concatenate((np.minimum(before[:, a, b], wanted).ravel(), np.minimum(room, wanted).ravel()))
    # one more link placed outweighs every move saved
    gain_kept, gain_new = (1.0, 0.0) if all_links else (1.0 + 1.0 / (1 + wanted.sum()), 1.0)
    result = milp(
        -np.repeat([gain_kept, gain_new], n),
        integrality=np.ones(2 * n),
        bounds=Bounds(0, upper),
        constraints=[
            LinearConstraint(at_block, ub=ends.T.ravel()),
            LinearConstraint(of_pair, lb=wanted if all_links else 0, ub=wanted),
        ],
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        return Program(None, 0, 0, optimal=result.status == 2)
    value = np.rint(result.x).astype(np.int64)
    flat = value[:n] + value[n:]
    count = np.zeros_like(before)
    count[:, a, b] = count[:, b, a] = flat.reshape(n_ocs, n_pairs)
    placed = int(flat.sum())
    bound = int(np.ceil(wanted.sum() + result.mip_dual_bound - 1e-6)) if all_links else 0
    return Program(count, placed, max(0, bound), optimal=result.status == 0)


def multigraph(links: Ints) -> Ints:
    """Return the two blocks of every link of a symmetric matrix; shape (n_links, 2)."""
    a, b = np.nonzero(np.triu(links, 1))
    return np.repeat(np.column_stack((a, b)), links[a, b], axis=0)


def tally(pairs: Ints, n_blocks: int) -> Ints:
    """Return how many of the pairs join each two blocks; shape (n_blocks, n_blocks), symmetric."""
    links = np.zeros((n_blocks, n_blocks), dtype=np.int64)
    np.add.at(links, tuple(pairs.T), 1)
    return links + links.T
