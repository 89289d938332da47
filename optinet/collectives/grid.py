# SPDX-License-Identifier: Apache-2.0
"""Algorithms that follow the axes of a grid: tori, slices of pods, and all-to-all grids of chips.

*Bucket*: reduce-scatter along one axis after the other, each on what the axis before has left, then all-gather in
reverse. The buffer is cut into as many parts as there are axes; part i begins with axis i, so that at any time every
axis carries one part, in both directions of its rings (M. Barnett et al., "Global combine on mesh architectures with
wormhole routing", IPPS 1993; P. Sack, W. Gropp, "Collective algorithms for multiported torus networks", ACM TOPC 1,
2015). *Bucket, one axis at a time* is the same with one part. On grids whose axes are all-to-all (HyperX), an axis is
done in one step of direct exchanges.

Axes change together: a phase ends when the slowest part has ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.rings import ring_step
from optinet.collectives.schedule import Ints, Phase, Transfers, joined, transfers
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.slices import slice_nodes
from optinet.structure import HyperX, Pod, Torus


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
    """As many parts as axes at once, each beginning with another axis."""
    ranks = grids(call)
    axes = list(range(1, ranks.ndim))
    yield from _rotated(call, ranks, [axes[i:] + axes[:i] for i in range(len(axes))])


def bucket_sequential(call: Collective) -> Iterator[Phase]:
    """One axis after the other."""
    ranks = grids(call)
    yield from _rotated(call, ranks, [list(range(1, ranks.ndim))])


def _rotated(call: Collective, ranks: Ints, orders: list[list[int]]) -> Iterator[Phase]:
    """Reduce-scatter along the axes in the order of each part, and all-gather in reverse."""
    scattering = [_stage(call, ranks, orders, stage) for stage in range(len(orders[0]))] if orders else []
    if call.operation in ("all_reduce", "reduce_scatter"):
        for stage, phases in enumerate(scattering, 1):
            yield from (Phase(f"reduce-scatter, axis {stage} of each part", *phase) for phase in phases)
    if call.operation != "reduce_scatter":
        for stage, phases in reversed(list(enumerate(scattering, 1))):
            yield from (Phase(f"all-gather, axis {stage} of each part", *phase) for phase in phases)


def _stage(call: Collective, ranks: Ints, orders: list[list[int]], stage: int) -> list[tuple[int, Transfers]]:
    """Return the steps in which every part goes along the axis whose turn it is; parts on short axes end first."""
    direct = isinstance(call.fabric.structure, HyperX)
    parts: list[tuple[int, Transfers]] = []
    for part, order in enumerate(orders):
        left = call.size_gbit / len(orders) / np.prod([ranks.shape[axis] for axis in order[:stage]])
        k = ranks.shape[order[stage]]
        parts.append(
            _direct(ranks, order[stage], left / k, part) if direct else _ring(ranks, order[stage], left / k, part)
        )
    phases, done = [], 0
    for steps in sorted({steps for steps, _ in parts}):
        phases.append((steps - done, joined([step for n_steps, step in parts if n_steps >= steps])))
        done = steps
    return phases


def _ring(ranks: Ints, axis: int, chunk: float, part: int) -> tuple[int, Transfers]:
    """Return the number of steps and one step of rings in both directions of an axis."""
    ways = [ring_step(ranks, chunk / 2, 2 * part + i, axis, way) for i, way in enumerate((1, -1))]
    return ranks.shape[axis] - 1, joined(ways)


def _direct(ranks: Ints, axis: int, chunk: float, part: int) -> tuple[int, Transfers]:
    """Return the one step in which the ranks along an axis send each other their parts."""
    k = ranks.shape[axis]
    return 1, joined([transfers(ranks, np.roll(ranks, -step, axis), chunk, part) for step in range(1, k)])
