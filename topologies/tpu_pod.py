# SPDX-License-Identifier: Apache-2.0
"""A pod of cubes of chips whose faces are joined through optical circuit switches, as in TPU v4.

Reference: N. Jouppi et al., "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with Hardware
Support for Embeddings", ISCA 2023, arXiv 2304.01433. Inside a cube of b x b x b chips links are electrical. Each of
the 3 b^2 (axis, face position) pairs has one OCS that holds the + and the - face fiber of every cube at that
position; a circuit joins the + face of one cube to the - face of another or the same. Fibers are bidirectional, one
OCS port each, or duplex, two.

A pod that is one slice (`cubes`) has its chips in row-major order over the slice. A pod of several slices or with
spare cubes (`slices`, `pod_cubes`) has them cube by cube, so that slices come and go on the same nodes. TPU v4 has 64
cubes, v5p 140, Ironwood 144.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.plant import OpticalPlant
from optinet.slices import plan_slices, set_slices
from optinet.structure import Pod, Torus
from topologies.parameters import Count, Gbps, Meters, Parameters
from topologies.torus import checked_twist, chip_names

LINK_CLASSES = ("cube-electrical", "cube-ocs")
Ints = NDArray[np.int64]
Triple = Annotated[tuple[Count, ...], Field(min_length=3, max_length=3)]


class SliceParameters(BaseModel):
    """One slice of a pod."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    chips: Triple = Field(description="chips along each axis, multiples of the cube side")
    twisted: bool = Field(default=False, description="twist the wraps of a k x k x nk or k x 2k x 2k slice")
    cubes: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(
        default=None, description="its cubes, row-major over the slice; by default the first that are free"
    )


class TpuPodParameters(Parameters):
    """Parameters of `tpu_pod`; `cubes` or `slices` must be given."""

    cubes: Triple | None = Field(
        default=None, description="cubes along each of three axes, for a pod of one slice; this or slices is required"
    )
    slices: Annotated[tuple[SliceParameters, ...], Field(min_length=1)] | None = Field(
        default=None, description="the slices set on the pod: chips along each axis, twisted or not, and which cubes"
    )
    pod_cubes: Count | None = Field(
        default=None, description="cubes in the pod, spare ones included; by default those that the slices take"
    )
    cube_side: Count = Field(default=4, description="chips along the side of a cube")
    twisted: bool = Field(default=False, description="twist the wraps of the one slice that `cubes` gives")
    duplex: bool = Field(default=False, description="two OCS ports for each link end, one per direction")
    link_gbps: Gbps = Field(default=400.0, description="capacity of every chip-to-chip link per direction, Gb/s")
    electrical_length_m: Meters = Field(
        default=1.0, description="link inside a cube, m (engineering estimate: one rack)"
    )
    ocs_leg_length_m: Meters = Field(
        default=50.0, description="fiber from a cube to its OCS, m; a link through an OCS has two legs"
    )

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if (self.cubes is None) == (self.slices is None):
            msg = f"{'neither' if self.cubes is None else 'both'} of cubes and slices given; allowed: one of them"
            raise ValueError(msg)
        if self.twisted and self.slices is not None:
            msg = "twisted is given beside slices; allowed: twisted in each slice that is to be"
            raise ValueError(msg)
        return self


def tpu_pod(p: TpuPodParameters) -> Fabric:
    """TPU-style 3-D tori of cubes stitched by optical circuit switches: one slice, or several and spare cubes."""
    if p.cubes is not None and p.pod_cubes is None:
        return _one_slice(p, p.cubes)
    side = p.cube_side
    wanted = [(one.chips, one.twisted, one.cubes) for one in p.slices or ()]
    if p.cubes is not None:
        wanted = [(tuple(side * n for n in p.cubes), p.twisted, None)]
    taken = sum(int(np.prod(chips)) // side**3 for chips, _, _ in wanted)
    named = [cube + 1 for _, _, cubes in wanted for cube in cubes or ()]
    n_cubes = max([taken, *named]) if p.pod_cubes is None else p.pod_cubes
    return set_slices(_without_circuits(p, n_cubes), plan_slices(wanted, n_cubes, side)).fabric


def _one_slice(p: TpuPodParameters, cubes: tuple[int, ...]) -> Fabric:
    side = p.cube_side
    dims = (cubes[0] * side, cubes[1] * side, cubes[2] * side)
    structure = Torus(dims, checked_twist(dims, p.twisted), (side,) * 3)
    n_nodes = int(np.prod(dims))
    if n_nodes < 2:
        raise TopologyError(Problem("tpu_pod", "one chip alone has no links", "a pod of at least two chips"))
    links = structure.links()
    position = np.array(np.unravel_index(np.arange(n_nodes), dims))
    cube_of = np.ravel_multi_index(tuple(position // side), cubes)
    # link `axis * n + node` leaves the node in the positive direction: it is optical at the cube's last layer
    optical = np.concatenate([position[axis] % side == side - 1 for axis in structure.link_axes])
    circuits = np.flatnonzero(optical)
    axis = np.repeat(structure.link_axes, n_nodes)[circuits]
    plant, plus, minus = _plugged(p, np.argsort(cube_of, kind="stable"))
    ends = np.column_stack((plus[axis, links[circuits, 0]], minus[axis, links[circuits, 1]]))
    return Fabric.from_links(
        np.full(n_nodes, NodeKind.CHIP),
        links,
        capacity_gbps=p.link_gbps,
        length_m=np.where(optical, 2 * p.ocs_leg_length_m, p.electrical_length_m),
        link_class=optical.astype(np.int64),
        link_class_names=LINK_CLASSES,
        node_group=cube_of,
        node_names=chip_names(dims),
        structure=structure,
        plant=plant.with_circuits(ends, circuits),
    )


def _without_circuits(p: TpuPodParameters, n_cubes: int) -> Fabric:
    """Return the chips and electrical links of cubes whose faces are plugged into the OCS and joined to nothing."""
    side = p.cube_side
    chips = np.arange(n_cubes * side**3).reshape(n_cubes, side, side, side)
    inside = []
    for axis in (1, 2, 3):
        layers = np.moveaxis(chips, axis, 0)
        inside.append(np.column_stack((layers[:-1].ravel(), layers[1:].ravel())))
    places = [",".join(map(str, position)) for position in np.ndindex(side, side, side)]
    return Fabric.from_links(
        np.full(chips.size, NodeKind.CHIP),
        np.concatenate(inside),
        capacity_gbps=p.link_gbps,
        length_m=p.electrical_length_m,
        link_class_names=LINK_CLASSES,
        node_group=np.arange(chips.size) // side**3,
        node_names=[f"cube{cube}({place})" for cube in range(n_cubes) for place in places],
        structure=Pod(n_cubes, side, ()),
        plant=_plugged(p, chips.ravel())[0],
    )


def _plugged(p: TpuPodParameters, by_cube: Ints) -> tuple[OpticalPlant, Ints, Ints]:
    """Return the plant without circuits, and the ends of + and - faces by axis and node, -1 inside a cube.

    `by_cube` are the nodes cube by cube, row-major within each. End ``(ocs * n_cubes + cube) * 2`` is on the + face
    and the next one on the - face; their ports follow in the same order on each OCS.
    """
    side = p.cube_side
    of_cube = by_cube.reshape(-1, side, side, side)
    n_cubes, n_ocs = len(of_cube), 3 * side**2
    # node of each (axis, face position, cube, face)
    faces = [np.moveaxis(of_cube, axis, 0)[[-1, 0]].reshape(2, n_cubes, side**2).T for axis in (1, 2, 3)]
    node = np.array(faces).reshape(3, -1)
    end = np.arange(node.size).reshape(node.shape)
    plus, minus = np.full((2, 3, by_cube.size), -1)
    for axis in range(3):
        plus[axis, node[axis, ::2]], minus[axis, node[axis, 1::2]] = end[axis, ::2], end[axis, 1::2]
    ports_per_end = 2 if p.duplex else 1
    plant = OpticalPlant(
        n_ocs=n_ocs,
        end_ocs=np.repeat(np.arange(n_ocs), 2 * n_cubes),
        end_port=np.tile(np.arange(2 * n_cubes), n_ocs) * ports_per_end,
        end_node=node.ravel(),
        end_gbps=np.full(node.size, p.link_gbps),
        end_leg_m=np.full(node.size, p.ocs_leg_length_m),
        circuit_ends=np.empty((0, 2), dtype=np.int64),
        circuit_link=np.empty(0, dtype=np.int64),
        ports_per_end=ports_per_end,
    )
    return plant, plus, minus
