# SPDX-License-Identifier: Apache-2.0
"""Algorithms that follow the axes of a grid: tori, slices of pods, and all-to-all grids of chips.

*Bucket*: reduce-scatter along one axis after the other, each on what the axis before has left, then all-gather in
reverse. The buffer is cut into as many parts as there are axes; part i begins with axis i, so that at any time every
axis carries one part, in both directions of its rings (M. Barnett et al., "Global combine on mesh architectures with
wormhole routing", IPPS 1993; P. Sack, W. Gropp, "Collective algorithms for multiported torus networks", ACM TOPC 1,
2015). *Bucket, one axis at a time* is the same with one part. On grids whose axes are all-to-all (HyperX), an axis is
done in one step of direct exchanges.

Parts change axes together. On axes that differ in length or in rate, equal parts would keep some axes waiting: there a
linear program shares the buffer among all orders of the axes so that the stages are over soonest, and what goes along a
short axis is spread over as many steps as the longest needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.rings import ring_step
from optinet.collectives.schedule import Ints, Phase, Transfers, joined, transfers
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.routing.core_graph import sum_by
from optinet.slices import slice_nodes
from optinet.structure import HyperX, Pod, Torus

_NO_SHARE = 1e-9  # of the buffer: what a solver leaves of nothing


@lru_cache(maxsize=8)
def coordinates(fabric: Fabric) -> Ints | None:
    """Return the position of every endpoint: its slice, then its place along each axis; None without a grid.

    Returns
    -------
    shape (n_endpoints, 1 + n_axes); the slice of a chip in none is -1.
    """
    structure = fabric.structure
    if isinstance(structure, Torus) or (isinstance(structure, HyperX) and not structure.hosts_per_switch):
        place = np.array(np.unravel_index(np.arange(fabric.n_endpoints), structure.dims)).T
        return np.column_stack((np.zeros(len(place), dtype=np.int64), place))
    if isinstance(structure, Pod):
        position = np.full((fabric.n_endpoints, 4), -1)
        for index, part in enumerate(structure.slices):
            nodes = slice_nodes(fabric, index)
            place = np.array(np.unravel_index(np.arange(len(nodes)), part.chips)).T
            position[nodes] = np.column_stack((np.full(len(nodes), index), place))
        return position
    return None


def grids(call: Collective) -> Ints:
    """Return the ranks of every group as a grid; shape (n_groups, k1, k2, ...), axes of size 1 left out.

    Raises
    ------
    DemandError
        If the fabric has no axes or a group is no grid along them.
    """
    position = coordinates(call.fabric)
    if position is None:
        raise DemandError(Problem("algorithm", "bucket follows the axes of a torus and this fabric has none"))
    found: list[Ints] = []
    shape: tuple[int, ...] = ()
    for index, group in enumerate(call.groups):
        place = position[group]
        values = [np.unique(column) for column in place.T]
        dims = tuple(len(each) for each in values)
        if dims[0] > 1 or place[0, 0] < 0 or int(np.prod(dims)) != call.p:
            raise DemandError(
                Problem(
                    "groups",
                    f"group {index} of {call.p} ranks fills no grid of chips",
                    "parts of a torus along its axes",
                )
            )
        if index and dims != shape:
            raise DemandError(
                Problem("groups", f"groups 0 and {index} are grids of other shapes", "grids of one shape")
            )
        shape = dims
        found.append(group[np.lexsort(place.T[::-1])])
    return np.array(found).reshape(len(found), *[k for k in shape if k > 1])


def bucket(call: Collective) -> Iterator[Phase]:
    """As many parts as axes at once, or more on axes that differ; see the module."""
    ranks = grids(call)
    yield from _rotated(call, ranks, _parts(call, ranks))


def bucket_sequential(call: Collective) -> Iterator[Phase]:
    """One axis after the other."""
    ranks = grids(call)
    yield from _rotated(call, ranks, [(tuple(range(1, ranks.ndim)), 1.0)] if ranks.ndim > 1 else [])


Part = tuple[tuple[int, ...], float]
"""The order in which a part of the buffer goes through the axes, and its share of it."""


def _parts(call: Collective, ranks: Ints) -> list[Part]:
    """Return the parts whose stages are over soonest together."""
    axes, direct = tuple(range(1, ranks.ndim)), isinstance(call.fabric.structure, HyperX)
    along = [_axis_gbps(call.fabric, ranks, axis, direct=direct) for axis in axes]
    speed = np.array(along) if all(along) else np.ones(len(axes))
    if not axes or (len({ranks.shape[axis] for axis in axes}) == 1 and np.ptp(speed) == 0):
        return [(axes[i:] + axes[:i], 1.0 / len(axes)) for i in range(len(axes))]
    orders = list(permutations(axes))
    from scipy.optimize import linprog  # slow to load

    # the least sum of stage times, none of which is shorter than what any axis has to carry in it
    busy = np.zeros((len(axes), len(axes), len(orders)))
    for part, order in enumerate(orders):
        left = 1.0
        for stage, axis in enumerate(order):
            k = ranks.shape[axis]
            busy[stage, axis - 1, part] = left * (1 if direct else k - 1) / k / speed[axis - 1]
            left /= k
    stage_of = np.repeat(np.eye(len(axes)), len(axes), axis=0)
    found = linprog(
        np.concatenate((np.zeros(len(orders)), np.full(len(axes), 1.0 / busy.max()))),
        A_ub=np.hstack((busy.reshape(-1, len(orders)) / busy.max(), -stage_of)),
        b_ub=np.zeros(len(stage_of)),
        A_eq=[[1.0] * len(orders) + [0.0] * len(axes)],
        b_eq=[1.0],
        method="highs-ds",
    )
    shares = np.asarray(found.x)[: len(orders)].tolist()
    return [(order, share) for order, share in zip(orders, shares, strict=True) if share > _NO_SHARE]


def _axis_gbps(fabric: Fabric, ranks: Ints, axis: int, *, direct: bool) -> float:
    """Return the rate at which a rank sends along an axis, both ways together; 0 where neighbors have no link.

    A ring goes both ways over links of their own. Where its ends have no link, what goes from one to the other comes
    back over all links of the line, and two ranks have the same links for both ways.
    """
    node, n = fabric.endpoints[np.moveaxis(ranks, axis, -1)], np.int64(fabric.n_nodes)
    wanted, of = np.unique(node * n + np.roll(node, -1, -1), return_inverse=True)
    at = np.minimum(np.searchsorted(wanted, arc := fabric.arc_tail * n + fabric.arc_head), len(wanted) - 1)
    joins = wanted[at] == arc
    gbps = sum_by(at[joins], fabric.arc_capacity_gbps[joins], len(wanted))[of.reshape(node.shape)]
    goes_round = node.shape[-1] > 2 and not direct and bool((gbps[..., -1] > 0).all())
    return float(gbps[..., :-1].min()) * (2 if goes_round else 1)


def _rotated(call: Collective, ranks: Ints, parts: list[Part]) -> Iterator[Phase]:
    """Reduce-scatter along the axes in the order of each part, and all-gather in reverse."""
    stages = len(parts[0][0]) if parts else 0
    scattering = [_stage(call, ranks, parts, stage) for stage in range(stages)]
    if call.operation in ("all_reduce", "reduce_scatter"):
        for stage, step in enumerate(scattering, 1):
            yield Phase(f"reduce-scatter, axis {stage} of each part", *step, together=True)
    if call.operation != "reduce_scatter":
        for stage, step in reversed(list(enumerate(scattering, 1))):
            yield Phase(f"all-gather, axis {stage} of each part", *step, together=True)


def _stage(call: Collective, ranks: Ints, parts: list[Part], stage: int) -> tuple[int, Transfers]:
    """Return how many steps every part goes along the axis whose turn it is, and one of them.

    What goes along short axes is spread over the steps of the longest: a rank passes on what it has received a step
    before at the latest, since these steps are no shorter than those of a ring of its own.
    """
    direct = isinstance(call.fabric.structure, HyperX)
    taken = [ranks.shape[order[stage]] for order, _ in parts]
    n_steps = 1 if direct else max(taken) - 1
    steps: list[Transfers] = []
    for number, ((order, share), k) in enumerate(zip(parts, taken, strict=True)):
        chunk = call.size_gbit * share / np.prod([ranks.shape[axis] for axis in order[: stage + 1]])
        if direct:
            steps.append(_direct(ranks, order[stage], chunk, number))
        else:
            steps.append(_ring(ranks, order[stage], chunk * (k - 1) / n_steps, number))
    return n_steps, joined(steps)


def _ring(ranks: Ints, axis: int, gbit: float, part: int) -> Transfers:
    """Return one step of rings in both directions of an axis."""
    return joined([ring_step(ranks, gbit / 2, 2 * part + i, axis, way) for i, way in enumerate((1, -1))])


def _direct(ranks: Ints, axis: int, chunk: float, part: int) -> Transfers:
    """Return the one step in which the ranks along an axis send each other their parts."""
    return joined([transfers(ranks, np.roll(ranks, -step, axis), chunk, part) for step in range(1, ranks.shape[axis])])
