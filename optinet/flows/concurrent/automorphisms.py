# SPDX-License-Identifier: Apache-2.0
"""Permutations of a fabric's nodes that its structure suggests as symmetries; whoever uses them checks them first.

They are given on the nodes of the reduced problem. A candidate moves forwarding nodes; nodes that stand for merged
hosts stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optinet.flows.concurrent.problem import FlowProblem, Ints
from optinet.structure import Blocks, Clos, Dragonfly, HyperX, Planes, Torus


def candidates(problem: FlowProblem) -> Iterator[Ints]:
    """Yield permutations of the problem's nodes; shape (n_nodes,), the image of each node."""
    n_forwarding = int(problem.core.forwards.sum())
    yield from _of_problem(problem, _of_switches(problem.core.fabric.structure, n_forwarding))


def rotations(problem: FlowProblem) -> Iterator[Ints]:
    """Yield more of the same kind: they suit demands laid out on a grid, and most fabrics and demands need none."""
    structure = problem.core.fabric.structure
    if isinstance(structure, Blocks):
        yield from _of_problem(problem, _of_runs(structure.blocks))
    elif isinstance(structure, Clos):
        yield from _of_problem(problem, _of_clos_runs(structure))


def _of_problem(problem: FlowProblem, permutations: Iterator[Ints]) -> Iterator[Ints]:
    n_forwarding = int(problem.core.forwards.sum())
    for switches in permutations:
        if len(switches) == n_forwarding:
            image = np.arange(problem.n_nodes)
            image[: len(switches)] = switches
            yield from _with_hosts(problem, image)


def _with_hosts(problem: FlowProblem, image: Ints) -> Iterator[Ints]:
    """Move the nodes of multi-homed hosts along with the switches they hang on, where that tells where they go."""
    core = problem.core
    n_forwarding, n_hosts = int(core.forwards.sum()), core.n_nodes - int(core.forwards.sum())
    if n_hosts == 0:
        yield image
        return
    leaves: dict[tuple[int, ...], list[int]] = {}
    above = [problem.head[slice(*problem.out_offsets[[v, v + 1]])] for v in range(n_forwarding, core.n_nodes)]
    for host, heads in enumerate(above):
        leaves.setdefault(tuple(heads.tolist()), []).append(host)
    for host, heads in enumerate(above):
        mates = leaves[tuple(heads.tolist())]
        target = leaves.get(tuple(np.sort(image[heads]).tolist()), [])
        if len(target) != len(mates):
            return
        to = n_forwarding + target[mates.index(host)]
        image[n_forwarding + host] = to
        image[core.n_nodes + host] = to + n_hosts
    yield image


def _of_switches(structure: object, n: int) -> Iterator[Ints]:
    if isinstance(structure, Torus):
        yield from _of_torus(structure)
    elif isinstance(structure, Clos):
        yield from _of_clos(structure)
    elif isinstance(structure, Planes):
        yield from _of_planes(structure, n)
    elif isinstance(structure, Blocks):
        yield from _of_grid((structure.blocks,))
    elif isinstance(structure, HyperX):
        yield from _of_grid(structure.dims)
    elif isinstance(structure, Dragonfly):
        yield np.roll(np.arange(n).reshape(structure.groups, -1), -1, axis=0).ravel()


def _of_torus(torus: Torus) -> Iterator[Ints]:
    """Translations by one, along each axis and all at once, and by the cell; the reflection; exchanges of axes."""
    n = int(np.prod(torus.dims))
    position = np.array(np.unravel_index(np.arange(n), torus.dims))
    yield _folded(torus, position + 1)
    for axis in torus.link_axes:
        step = torus.neighbor(axis)
        yield step
        if torus.cell[axis] > 1:
            image = np.arange(n)
            for _ in range(torus.cell[axis]):
                image = step[image]
            yield image
    yield _folded(torus, -position)
    axes = torus.link_axes
    for i, a in enumerate(axes):
        for b in axes[i + 1 :]:
            exchanged = position.copy()
            exchanged[[a, b]] = position[[b, a]]
            if torus.dims[a] == torus.dims[b]:
                yield _folded(torus, exchanged)


def _folded(torus: Torus, position: Ints) -> Ints:
    """Return the nodes at positions that may lie outside the torus."""
    dims = np.array(torus.dims)
    position = position.copy()
    for axis in range(len(dims)):
        wraps = position[axis] // dims[axis]
        # going once around the axis is going nowhere and shifting the others by the twist
        position += np.outer(torus.twist[axis], wraps)
        position[axis] -= dims[axis] * wraps
    return np.ravel_multi_index(tuple(position % dims[:, None]), torus.dims).astype(np.int64)


def _of_clos(clos: Clos) -> Iterator[Ints]:
    """Rotate leaves within pods, whole pods, aggregation switches with their cores, and cores of one group."""
    tiers, sizes = _tiers(clos), clos.tiers
    yield np.concatenate([np.roll(tiers[0], -1, axis=1).ravel(), *(tier.ravel() for tier in tiers[1:])])
    if clos.pods > 1:
        yield np.concatenate([np.roll(tier, -1, axis=0).ravel() for tier in tiers])
    if len(sizes) == 1:
        return
    if len(sizes) == 2:
        yield np.concatenate([tiers[0].ravel(), np.roll(tiers[1], -1, axis=1).ravel()])
        return
    groups = int(np.gcd(tiers[1].shape[1], sizes[2]))
    cores = tiers[2].reshape(groups, -1)
    aggs = tiers[1].reshape(clos.pods, -1)
    leaves = tiers[0].ravel()
    yield np.concatenate([leaves, aggs.ravel(), np.roll(cores, -1, axis=1).ravel()])
    yield np.concatenate([leaves, np.roll(aggs, -1, axis=1).ravel(), np.roll(cores, -1, axis=0).ravel()])


def _of_clos_runs(clos: Clos) -> Iterator[Ints]:
    """Rotate runs of leaves in all pods alike, and runs of pods."""
    tiers = _tiers(clos)
    above = [tier.ravel() for tier in tiers[1:]]
    for run in _of_runs(tiers[0].shape[1]):
        yield np.concatenate((tiers[0][:, run].ravel(), *above))
    for run in _of_runs(clos.pods):
        yield np.concatenate([(tier[run] if len(tier) > 1 else tier).ravel() for tier in tiers])


def _tiers(clos: Clos) -> list[Ints]:
    """Return the switches of each tier, one row for each pod; the highest tier is in one."""
    start = np.concatenate(([0], np.cumsum(clos.tiers)))
    below = len(clos.tiers) - 1
    return [
        np.arange(start[t], start[t + 1]).reshape(clos.pods if t < below else 1, -1) for t in range(len(clos.tiers))
    ]


def _of_planes(planes: Planes, n: int) -> Iterator[Ints]:
    """Rotate the planes, and do in every plane what may be done in one."""
    per_plane = n // planes.planes
    first = np.arange(planes.planes)[:, None] * per_plane
    yield np.roll(np.arange(n).reshape(planes.planes, -1), -1, axis=0).ravel()
    for one in _of_clos(planes.plane):
        yield (first + one).ravel()


def _of_runs(n: int) -> Iterator[Ints]:
    """Rotate runs of d by e, for all divisors e of d of n: the axes of a grid in row-major order are among them."""
    for d in (d for d in range(n, 1, -1) if n % d == 0):
        for e in (e for e in range(1, d) if d % e == 0):
            yield np.roll(np.arange(n).reshape(-1, d), -e, axis=1).ravel()


def _of_grid(dims: tuple[int, ...]) -> Iterator[Ints]:
    """Rotate each axis, and exchange its first two positions: these generate all permutations of an axis."""
    index = np.arange(int(np.prod(dims))).reshape(dims)
    for axis, k in enumerate(dims):
        if k > 1:
            yield np.roll(index, -1, axis=axis).ravel()
            exchange = np.arange(k)
            exchange[:2] = 1, 0
            yield np.take(index, exchange, axis=axis).ravel()
    for a in range(len(dims)):
        for b in range(a + 1, len(dims)):
            if dims[a] == dims[b]:
                yield np.swapaxes(index, a, b).ravel()
