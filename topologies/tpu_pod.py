# SPDX-License-Identifier: Apache-2.0
"""A pod of cubes of chips whose faces are joined through optical circuit switches, as in TPU v4.

Reference: N. Jouppi et al., "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with Hardware
Support for Embeddings", ISCA 2023, arXiv 2304.01433. Inside a cube of b x b x b chips links are electrical. Each of
the 3 b^2 (axis, face position) pairs has one OCS that holds the + and the - face fiber of every cube at that
position; a circuit joins the + face of one cube to the - face of another or the same. Fibers are bidirectional, one
OCS port each.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.plant import OpticalPlant
from optinet.structure import Torus
from topologies.parameters import Count, Gbps, Meters, Parameters
from topologies.torus import chip_names, torus_links, twist_of


class TpuPodParameters(Parameters):
    """Parameters of `tpu_pod`."""

    cubes: Annotated[tuple[Count, ...], Field(min_length=3, max_length=3)] = Field(
        description="cubes along each of three axes"
    )
    cube_side: Count = Field(default=4, description="chips along the side of a cube")
    twisted: bool = Field(default=False, description="twist the wraps of a k x k x nk or k x 2k x 2k slice")
    link_gbps: Gbps = Field(default=400.0, description="capacity of every chip-to-chip link per direction, Gb/s")
    electrical_length_m: Meters = Field(
        default=1.0, description="link inside a cube, m (engineering estimate: one rack)"
    )
    ocs_leg_length_m: Meters = Field(
        default=50.0, description="fiber from a cube to its OCS, m; a link through an OCS has two legs"
    )


def tpu_pod(p: TpuPodParameters) -> Fabric:
    """TPU-style 3-D torus of cubes stitched by optical circuit switches; the whole pod is one slice."""
    side = p.cube_side
    dims = (p.cubes[0] * side, p.cubes[1] * side, p.cubes[2] * side)
    structure = Torus(dims, twist_of(dims, p.twisted), (side,) * 3)
    n_nodes = int(np.prod(dims))
    if n_nodes < 2:
        raise TopologyError(Problem("tpu_pod", "one chip alone has no links", "a pod of at least two chips"))
    links = torus_links(structure)
    position = np.array(np.unravel_index(np.arange(n_nodes), dims))
    # link `axis * n + node` leaves the node in the positive direction: it is optical at the cube's last layer
    optical = np.concatenate([position[axis] % side == side - 1 for axis in structure.link_axes])
    cube_of = np.ravel_multi_index(tuple(position // side), p.cubes)
    return Fabric.from_links(
        np.full(n_nodes, NodeKind.CHIP),
        links,
        capacity_gbps=p.link_gbps,
        length_m=np.where(optical, 2 * p.ocs_leg_length_m, p.electrical_length_m),
        link_class=optical.astype(np.int64),
        link_class_names=("cube-electrical", "cube-ocs"),
        node_group=cube_of,
        node_names=chip_names(dims),
        structure=structure,
        plant=_plant(p, structure, links, np.flatnonzero(optical), position, cube_of),
    )


def _plant(
    p: TpuPodParameters,
    structure: Torus,
    links: NDArray[np.int64],
    optical: NDArray[np.int64],
    position: NDArray[np.int64],
    cube_of: NDArray[np.int64],
) -> OpticalPlant:
    """One OCS per (axis, face position); cube c has its + fiber on port 2 c and its - fiber on port 2 c + 1."""
    side = structure.cell[0]
    axis = np.array(structure.link_axes)[optical // position.shape[1]]
    tail, head = links[optical].T
    ocs = axis * side**2 + _face_position(position, tail, axis, side)
    n = len(optical)
    return OpticalPlant(
        n_ocs=3 * side**2,
        end_ocs=np.concatenate((ocs, ocs)),
        end_port=np.concatenate((2 * cube_of[tail], 2 * cube_of[head] + 1)),
        end_node=np.concatenate((tail, head)),
        end_gbps=np.full(2 * n, p.link_gbps),
        end_leg_m=np.full(2 * n, p.ocs_leg_length_m),
        circuit_ends=np.column_stack((np.arange(n), n + np.arange(n))),
        circuit_link=optical,
    )


def _face_position(
    position: NDArray[np.int64], node: NDArray[np.int64], axis: NDArray[np.int64], side: int
) -> NDArray[np.int64]:
    within = position[:, node] % side
    first, second = np.where(axis == 0, 1, 0), np.where(axis == 2, 1, 2)
    each = np.arange(len(node))
    return within[first, each] * side + within[second, each]
