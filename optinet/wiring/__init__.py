# SPDX-License-Identifier: Apache-2.0
"""Wiring: an optical circuit switch for every link wanted between two blocks, with few moves from what is set now.

The links wanted are a multigraph of blocks; each OCS carries a part of it in which no block has more links than fiber
ends there. `wire` finds such a split by construction where theory guarantees it (`optinet.wiring.construct`), by search
otherwise (`optinet.wiring.search`), and says why where there is none (`optinet.wiring.certificate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
from optinet.errors import Problem, TopologyError
from optinet.shown import Shown
from optinet.wiring.certificate import crowded_blocks, not_all_placed, too_few_ends
from optinet.wiring.construct import construct
from optinet.wiring.search import few_moves, fewest_moves, multigraph, tally

Ints = NDArray[np.int64]

SMALL = 2000
"""OCS times joined pairs of blocks up to which the integer program is tried."""


@dataclass(frozen=True, eq=False)
class Wiring(Shown):
    """Links between blocks on every OCS, and what changed.

    Parameters
    ----------
    count
        shape (n_ocs, n_blocks, n_blocks), symmetric: links between two blocks on each OCS.
    before
        The same before the change; zeros for a first wiring.
    least_moves
        Proven lower bound on `n_moves`.
    method
        What found it: "petersen", "koenig" (both guaranteed), "search" or "milp".
    """

    count: Ints
    before: Ints
    least_moves: int
    method: str

    @property
    def n_links(self) -> int:
        """Links placed."""
        return int(self.count.sum()) // 2

    @property
    def n_kept(self) -> int:
        """Circuits that stay as they are."""
        return int(np.minimum(self.count, self.before).sum()) // 2

    @property
    def n_moves(self) -> int:
        """Circuits set anew: those wanted that are not set now on the same OCS between the same blocks."""
        return self.n_links - self.n_kept

    @property
    def n_removed(self) -> int:
        """Circuits taken down."""
        return int(self.before.sum()) // 2 - self.n_kept

    @property
    def proven(self) -> bool:
        """Whether fewer moves are impossible."""
        return self.n_moves == self.least_moves

    @cached_property
    def circuits(self) -> Ints:
        """OCS and the two blocks of every circuit, in this order; shape (n_links, 3)."""
        o, a, b = np.nonzero(np.triu(self.count, 1))
        return np.repeat(np.column_stack((o, a, b)), self.count[o, a, b], axis=0)


@public
def wire(
    links: ArrayLike,
    ends: ArrayLike,
    now: ArrayLike | None = None,
    *,
    prove: bool | None = None,
    time_limit_s: float = 20.0,
) -> Wiring:
    """Choose an OCS for every link wanted between two blocks.

    Parameters
    ----------
    links
        shape (n_blocks, n_blocks), symmetric with a zero diagonal: links wanted between each two blocks.
    ends
        shape (n_blocks, n_ocs): fiber ends of each block on each OCS.
    now
        shape (n_circuits, 3): OCS and the two blocks of each circuit set now; as many as possible are kept. None for a
        first wiring.
    prove
        Whether to solve an integer program for the fewest moves. By default where it is small: OCS times joined pairs
        of blocks at most `SMALL`.
    time_limit_s
        Limit of that program; when it is reached, the answer is the best found, with the bound proven so far.

    Returns
    -------
    Wiring
        A wiring is always found where every block spreads its links over the OCS in the same proportions with an even
        number of ends on each (Petersen), or the links join two sides (Koenig); see `optinet.wiring.construct`.

    Raises
    ------
    TopologyError
        If the arguments are not such arrays, or no wiring exists or was found, with the OCS, the blocks and the
        shortfall; the message says which of the two.
    """
    links, ends, before = _checked(links, ends, now)
    problems = too_few_ends(links, ends)
    if problems:
        raise TopologyError(problems)
    pairs = multigraph(links)
    least = int(np.maximum(links - before.sum(axis=0), 0).sum()) // 2
    guaranteed = construct(pairs, ends) if len(pairs) else None
    if guaranteed is not None and not before.any():
        return Wiring(_stacked(pairs, guaranteed[0], ends), before, least, guaranteed[1])
    count, failed = few_moves(links, ends, before)
    if failed and guaranteed is not None:
        count, failed = _relabeled(_stacked(pairs, guaranteed[0], ends), before, ends), 0
    small = ends.shape[1] * np.count_nonzero(np.triu(links)) <= SMALL
    found = Wiring(count, before, least, "search")
    if failed:
        return _exhaustive(links, ends, before, count, small, time_limit_s)
    if found.n_moves > least and (small if prove is None else prove):
        program = fewest_moves(links, ends, before, all_links=True, time_limit_s=time_limit_s)
        least = max(least, program.least_moves)
        if program.count is not None and np.minimum(program.count, before).sum() // 2 > found.n_kept:
            return Wiring(program.count, before, least, "milp")
    return Wiring(count, before, least, "search")


def _exhaustive(links: Ints, ends: Ints, before: Ints, count: Ints, small: bool, time_limit_s: float) -> Wiring:
    """Look for a wiring that the search missed; `TopologyError` with a certificate if there is none."""
    crowded = crowded_blocks(links, ends)
    if crowded is not None:
        raise TopologyError(crowded)
    if not small:
        raise TopologyError(not_all_placed(links, ends, count, proven=False))
    program = fewest_moves(links, ends, before, all_links=False, time_limit_s=time_limit_s)
    best = count if program.count is None else program.count
    if 2 * program.placed < links.sum():
        raise TopologyError(not_all_placed(links, ends, best, proven=program.optimal))
    least = int(np.maximum(links - before.sum(axis=0), 0).sum()) // 2
    moves = int(links.sum() - np.minimum(best, before).sum()) // 2
    return Wiring(best, before, moves if program.optimal else least, "milp")


def _stacked(pairs: Ints, ocs: Ints, ends: Ints) -> Ints:
    return np.array([tally(pairs[ocs == o], len(ends)) for o in range(ends.shape[1])])


def _relabeled(count: Ints, before: Ints, ends: Ints) -> Ints:
    """Exchange the parts of OCS that hold the same ends so that most circuits stay."""
    from scipy.optimize import linear_sum_assignment

    _, alike = np.unique(ends, axis=1, return_inverse=True)
    result = count.copy()
    for kind in np.unique(alike):
        ocs = np.flatnonzero(alike.ravel() == kind)
        kept = np.minimum(count[ocs][:, None], before[ocs][None]).sum(axis=(2, 3))
        part, device = linear_sum_assignment(kept, maximize=True)
        result[ocs[device]] = count[ocs[part]]
    return result


def _checked(links: ArrayLike, ends: ArrayLike, now: ArrayLike | None) -> tuple[Ints, Ints, Ints]:
    wanted, held = _whole("links", links, 2), _whole("ends", ends, 2)
    circuits = _whole("now", np.empty((0, 3), dtype=np.int64) if now is None else now, 2)
    n_blocks, n_ocs = held.shape
    problems = []
    if wanted.shape != (n_blocks, n_blocks):
        problems.append(Problem("links", f"shape {wanted.shape}", f"({n_blocks}, {n_blocks}), one row per row of ends"))
    elif np.any(wanted != wanted.T):
        a, b = np.argwhere(wanted != wanted.T)[0]
        problems.append(
            Problem(f"links[{a}, {b}]", f"{wanted[a, b]}, but [{b}, {a}] is {wanted[b, a]}", "a symmetric matrix")
        )
    elif np.any(np.diag(wanted)):
        problems.append(Problem("links", "a block joined to itself", "a zero diagonal"))
    if circuits.shape[1] != 3:
        problems.append(Problem("now", f"rows of {circuits.shape[1]} entries", "an OCS and two blocks"))
    elif np.any(circuits >= (n_ocs, n_blocks, n_blocks)) or np.any(circuits[:, 1] == circuits[:, 2]):
        problems.append(Problem("now", "a circuit of no OCS, or of no two blocks", f"OCS 0 to {n_ocs - 1}, two blocks"))
    if problems:
        raise TopologyError(problems)
    before = np.zeros((n_ocs, n_blocks, n_blocks), dtype=np.int64)
    np.add.at(before, tuple(circuits.T), 1)
    before += before.transpose(0, 2, 1)
    over = np.argwhere(before.sum(axis=2) > held.T)
    if len(over):
        o, block = over[0]
        found = f"block {block} has {before[o, block].sum()} circuits on OCS {o}"
        raise TopologyError(Problem("now", found, f"at most its {held[block, o]} ends there"))
    return wanted, held, before


def _whole(where: str, values: ArrayLike, n_axes: int) -> Ints:
    array = np.asarray(values)
    if array.ndim != n_axes or array.dtype.kind not in "iub" or np.any(array < 0):
        raise TopologyError(
            Problem(where, f"{array.ndim} axes of {array.dtype}", "whole numbers of at least 0 in rows")
        )
    return np.ascontiguousarray(array, dtype=np.int64)
