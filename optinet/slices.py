# SPDX-License-Identifier: Apache-2.0
"""Slices of a pod of cubes: which cubes they take, the circuits they need, and changing from one plan to another.

Reference: N. Jouppi et al., "TPU v4", ISCA 2023, arXiv 2304.01433. A slice is a torus of any cubes, wherever they
stand; every OCS joins the + face of one cube to the - face of the next, by the same pattern on all OCS of an axis. The
circuits of a plan are therefore given, and so are the moves from one plan to another. Slices smaller than a cube use
no OCS and are not modeled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.rewiring import Rewiring, plant_of, reconfigure
from optinet.structure import Pod, PodSlice, Torus, twist_of

Ints = NDArray[np.int64]
SliceRequest = PodSlice | Sequence[int]
"""A slice as placed, or its chips along each axis alone."""


def plan_slices(
    wanted: Sequence[tuple[Sequence[int], bool, Sequence[int] | None]], n_cubes: int, cube_side: int
) -> tuple[PodSlice, ...]:
    """Give every slice its cubes: those it names, or the first that are free.

    Parameters
    ----------
    wanted
        Chips along each axis, whether the wraps are twisted, and the cubes in row-major order or None, of every slice.
    n_cubes, cube_side
        Cubes in the pod, and chips along the side of each.

    Raises
    ------
    TopologyError
        Naming every slice whose shape is no multiple of a cube or has no twist, whose cubes are not those of the pod,
        are too few or taken, and the slice for which none are left.
    """
    problems: list[Problem] = []
    named = [cube for _, _, cubes in wanted for cube in cubes or ()]
    free = [cube for cube in range(n_cubes) if cube not in set(named)]
    slices = []
    for index, (chips, twisted, cubes) in enumerate(wanted):
        where = f"slices[{index}]"
        shape = " x ".join(map(str, chips))
        if len(chips) != 3 or any(n < 1 or n % cube_side for n in chips):
            problems.append(Problem(f"{where}.chips", shape, _fitting(chips, cube_side)))
            continue
        size = int(np.prod(chips)) // cube_side**3
        if twisted and twist_of(tuple(chips)) is None:
            allowed = "k x k x nk or k x 2k x 2k, k and n >= 2, in any order"
            problems.append(Problem(f"{where}.chips", f"a {shape} torus cannot be twisted", allowed))
        if cubes is None:
            if len(free) < size:
                found = f"{shape} chips take {size} cubes and {len(free)} are left"
                problems.append(Problem(where, found, f"slices of at most {n_cubes} cubes in all"))
            cubes, free = free[:size], free[size:]
        elif len(cubes) != size:
            problems.append(Problem(f"{where}.cubes", f"{len(cubes)} cubes for {shape} chips", f"{size} cubes"))
        slices.append(PodSlice((chips[0], chips[1], chips[2]), tuple(cubes), twisted))
    outside = sorted({cube for cube in named if not 0 <= cube < n_cubes})
    twice = sorted({cube for cube in named if named.count(cube) > 1})
    if outside:
        problems.append(Problem("slices", f"cube {outside[0]} is not in the pod", f"0 to {n_cubes - 1}"))
    if twice:
        problems.append(Problem("slices", f"cube {twice[0]} is taken twice", "every cube in one slice at most"))
    if problems:
        raise TopologyError(problems)
    return tuple(slices)


def _fitting(chips: Sequence[int], cube_side: int) -> str:
    """Return which shapes there are, and the smallest that holds what was asked for."""
    rounded = " x ".join(str(max(-(-n // cube_side), 1) * cube_side) for n in chips)
    text = f"three multiples of the cube side {cube_side}"
    return f"{text}, such as {rounded}" if len(chips) == 3 else text


def pod_of(fabric: Fabric) -> Pod:
    """Return what is known of a pod; a torus of cubes is a pod of one slice. `TopologyError` if there is none."""
    structure = fabric.structure
    if isinstance(structure, Pod):
        return structure
    if isinstance(structure, Torus) and fabric.plant is not None:
        side = structure.cell[0]
        n_cubes = int(np.prod(structure.dims)) // side**3
        chips = (structure.dims[0], structure.dims[1], structure.dims[2])
        return Pod(n_cubes, side, (PodSlice(chips, tuple(range(n_cubes)), structure.is_twisted),))
    raise TopologyError(Problem("fabric", "is no pod of cubes", "one built by tpu_pod"))


def face_pairs(pod: Pod) -> Ints:
    """Return axis, cube of the + face and cube of the - face of everything the slices join; shape (n_pairs, 3)."""
    pairs = []
    for part in pod.slices:
        after = part.next_cube(pod.cube_side)
        for axis in range(3):
            pairs.append(np.column_stack((np.full(len(part.cubes), axis), part.cubes, after[axis])))
    joined = np.concatenate(pairs) if pairs else np.empty((0, 3), dtype=np.int64)
    # a cube of one chip has no link to itself
    return joined[joined[:, 1] != joined[:, 2]] if pod.cube_side == 1 else joined


@public
def set_slices(fabric: Fabric, slices: Sequence[SliceRequest]) -> Rewiring:
    """Set other slices on a pod.

    Parameters
    ----------
    fabric
        A pod built by `tpu_pod`.
    slices
        The slices wanted: chips along each axis, or `PodSlice` to say which cubes and whether it is twisted. One
        without cubes takes those of a slice as it is now, or a part of one that keeps most circuits, or the first that
        are free. Circuits of other slices are taken down.

    Returns
    -------
    Rewiring
        Its moves are the circuits that must be set anew: those of faces that had another partner.

    Raises
    ------
    TopologyError
        If the fabric is no pod, or the slices do not fit; see `plan_slices`.
    """
    pod, plant = pod_of(fabric), plant_of(fabric)
    asked = [one if isinstance(one, PodSlice) else PodSlice(_triple(one), ()) for one in slices]
    after = dataclasses.replace(pod, slices=plan_slices(_placed(pod, asked), pod.cubes, pod.cube_side))
    positions = pod.cube_side**2
    end_at = np.full((plant.n_ocs, 2 * pod.cubes), -1, dtype=np.int64)
    end_at[plant.end_ocs, plant.end_port // plant.ports_per_end] = np.arange(plant.n_ends)
    pairs = np.repeat(face_pairs(after), positions, axis=0)
    axis, plus, minus = pairs.T
    ocs = axis * positions + np.tile(np.arange(positions), len(pairs) // positions)
    ends = np.column_stack((end_at[ocs, 2 * plus], end_at[ocs, 2 * minus + 1]))
    return reconfigure(fabric, ends, structure=after)


def _triple(chips: Sequence[int]) -> tuple[int, int, int]:
    if len(chips) != 3:
        raise TopologyError(Problem("slices", f"{len(chips)} axes", "chips along each of three axes"))
    return int(chips[0]), int(chips[1]), int(chips[2])


def _placed(pod: Pod, asked: Sequence[PodSlice]) -> list[tuple[Sequence[int], bool, Sequence[int] | None]]:
    """Give slices without cubes those on which they keep most circuits of the slices set now, largest slices first."""
    taken = {cube for one in asked for cube in one.cubes}
    chosen: list[Sequence[int] | None] = [one.cubes or None for one in asked]
    for index in sorted(range(len(asked)), key=lambda i: -int(np.prod(asked[i].chips))):
        one = asked[index]
        if one.cubes or any(n < 1 or n % pod.cube_side for n in one.chips):
            continue
        parts = [part for whole in pod.slices for part in _parts_of(whole, one, pod.cube_side)]
        free = [(kept, cubes) for kept, cubes in parts if taken.isdisjoint(cubes)]
        best = max(free, key=lambda part: part[0], default=(0, None))
        if best[0]:
            chosen[index] = best[1]
            taken.update(best[1] or ())
    return [(one.chips, one.twisted, cubes) for one, cubes in zip(asked, chosen, strict=True)]


def _parts_of(whole: PodSlice, wanted: PodSlice, side: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the boxes of a slice that have the shape wanted: how many face pairs stay as they are, and the cubes."""
    grid, box = ([n // side for n in one.chips] for one in (whole, wanted))
    cubes = np.array(whole.cubes).reshape(grid)
    now = np.full((3, int(cubes.max()) + 1), -1)
    now[:, cubes.ravel()] = whole.next_cube(side)
    for corner in np.ndindex(*(max(0, n - m + 1) for n, m in zip(grid, box, strict=True))):
        part = cubes[tuple(slice(at, at + m) for at, m in zip(corner, box, strict=True))].ravel()
        there = dataclasses.replace(wanted, cubes=tuple(part.tolist()))
        yield int(np.count_nonzero(now[:, part] == there.next_cube(side))), there.cubes


@public
def swap_cube(fabric: Fabric, cube: int, spare: int | None = None) -> Rewiring:
    """Put a spare cube in the place of one that failed.

    Parameters
    ----------
    fabric
        A pod with spare cubes.
    cube, spare
        The cube that failed; the spare that takes its place, the first by default.

    Returns
    -------
    Rewiring
        Six circuits at each face position move, fewer where the cube was its own neighbor.

    Raises
    ------
    TopologyError
        If the cube is in no slice, or there is no such spare.
    """
    pod = pod_of(fabric)
    spares = pod.spare_cubes
    problems = []
    if not any(cube in part.cubes for part in pod.slices):
        problems.append(Problem("cube", f"cube {cube} is in no slice", "a cube of a slice"))
    if not spares:
        problems.append(Problem("spare", "the pod has no spare cube", "a pod with more cubes than its slices take"))
    elif spare is not None and spare not in spares:
        problems.append(Problem("spare", f"cube {spare} is not spare", ", ".join(map(str, spares))))
    if problems:
        raise TopologyError(problems)
    chosen = spares[0] if spare is None else spare
    return set_slices(
        fabric,
        [
            dataclasses.replace(part, cubes=tuple(chosen if one == cube else one for one in part.cubes))
            for part in pod.slices
        ],
    )


@public
def slice_fabric(fabric: Fabric, index: int = 0) -> Fabric:
    """Return one slice of a pod alone, as a torus that every solver knows by its symmetry.

    Parameters
    ----------
    fabric
        A pod.
    index
        Which of its slices.

    Returns
    -------
    Fabric
        Chips in row-major order over the slice, with the pod's link classes, rates and lengths, without a plant.

    Raises
    ------
    TopologyError
        If the pod has no such slice, or a failure has taken links of it.
    """
    pod = pod_of(fabric)
    if not 0 <= index < len(pod.slices):
        raise TopologyError(Problem("index", f"slice {index}", f"0 to {len(pod.slices) - 1}"))
    torus = pod.slices[index].torus(pod.cube_side)
    nodes = slice_nodes(fabric, index)
    rank = np.full(fabric.n_nodes, -1, dtype=np.int64)
    rank[nodes] = np.arange(len(nodes))
    attributes = _links_of(fabric, rank, torus)
    return Fabric.from_links(
        np.full(len(nodes), NodeKind.CHIP),
        torus.links(),
        link_class_names=fabric.link_class_names,
        node_group=fabric.node_group[nodes],
        node_names=[fabric.node_names[node] for node in nodes],
        structure=torus,
        **attributes,
    )


def slice_nodes(fabric: Fabric, index: int = 0) -> Ints:
    """Return the nodes of a slice's chips, row-major over the slice; shape (chips,)."""
    pod = pod_of(fabric)
    part, side = pod.slices[index], pod.cube_side
    of_cube = np.argsort(fabric.node_group, kind="stable").reshape(pod.cubes, side, side, side)
    grid = tuple(n // side for n in part.chips)
    blocks = of_cube[np.array(part.cubes)].reshape(*grid, side, side, side)
    return blocks.transpose(0, 3, 1, 4, 2, 5).ravel()


def _links_of(fabric: Fabric, rank: Ints, torus: Torus) -> dict[str, Any]:
    """Return capacity, length, cost and class of every link of a slice's torus: those of the pod's link there."""
    n = int(np.prod(torus.dims))
    ends = rank[np.column_stack((fabric.arc_tail, fabric.arc_head))[::2]]
    inside = np.flatnonzero((ends >= 0).all(axis=1))
    pod_key, torus_key = (np.sort(pairs, axis=1) @ (n, 1) for pairs in (ends[inside], torus.links()))
    if not np.array_equal(np.sort(pod_key), np.sort(torus_key)):
        found = f"has {len(inside)} of the {len(torus_key)} links of the slice"
        raise TopologyError(Problem("fabric", found, "a slice that has not lost any"))
    # parallel links between two chips of an axis of size 2 are paired off in order: optical and electrical ones differ
    link = inside[np.argsort(pod_key, kind="stable")][np.argsort(np.argsort(torus_key, kind="stable"))]
    return {
        "capacity_gbps": fabric.arc_capacity_gbps[2 * link],
        "length_m": fabric.link_length_m[link],
        "cost": fabric.link_cost[link],
        "link_class": fabric.link_class[link],
    }
