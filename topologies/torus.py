# SPDX-License-Identifier: Apache-2.0
"""Tori of any dimensions, plain and twisted.

Reference: J. M. Camara, M. Moreto, E. Vallejo, R. Beivide et al., "Twisted Torus Topologies for Enhanced
Interconnection Networks", IEEE TPDS 21(12), 2010; N. Jouppi et al., "TPU v4", ISCA 2023, for their use in TPU slices.
An axis of size 2 carries two parallel links (one of them the wrap); an axis of size 1 carries none.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.structure import Torus
from topologies.parameters import Count, Gbps, Meters, Parameters


class TorusParameters(Parameters):
    """Parameters of `torus`."""

    dims: Annotated[tuple[Count, ...], Field(min_length=1, max_length=16)] = Field(description="chips along each axis")
    twisted: bool = Field(default=False, description="twist the wraps of a k x k x nk or k x 2k x 2k torus")
    capacity_gbps: Gbps = Field(default=800.0, description="capacity of every link per direction, Gb/s")
    length_m: Meters = Field(default=3.0, description="length of every link, m")


def torus(p: TorusParameters) -> Fabric:
    """Chips on a grid whose axes wrap around, each joined to its two neighbors along every axis."""
    structure = Torus(p.dims, twist_of(p.dims, p.twisted), (1,) * len(p.dims))
    return torus_fabric(structure, capacity_gbps=p.capacity_gbps, length_m=p.length_m)


def twist_of(dims: tuple[int, ...], twisted: bool) -> tuple[tuple[int, ...], ...]:
    """Return ``twist[i][j]``, how far axis j shifts when axis i wraps.

    k x k x nk (k, n >= 2): each short wrap shifts the long axis by k. k x 2k x 2k: the short wrap shifts both long
    axes by k. The axes may stand in any order.

    Raises
    ------
    TopologyError
        If these dimensions have no twist.
    """
    twist = np.zeros((len(dims), len(dims)), dtype=np.int64)
    if twisted:
        order = np.argsort(dims, kind="stable")
        sizes = [dims[i] for i in order]
        twistable = len(dims) == 3 and sizes[0] > 1  # an axis of size 1 has no wraps
        if twistable and sizes[1] == sizes[2] == 2 * sizes[0]:
            twist[order[0], order[1:]] = sizes[0]
        elif twistable and sizes[0] == sizes[1] < sizes[2] and sizes[2] % sizes[0] == 0:
            twist[order[:2], order[2]] = sizes[0]
        else:
            shape = " x ".join(map(str, dims))
            raise TopologyError(
                Problem(
                    "dims",
                    f"a {shape} torus cannot be twisted",
                    "k x k x nk or k x 2k x 2k, k and n >= 2, in any order",
                )
            )
    return tuple(tuple(int(shift) for shift in row) for row in twist)


def torus_links(structure: Torus) -> NDArray[np.int64]:
    """Return the links in the order `Torus` promises; shape (n_links, 2)."""
    n_nodes = int(np.prod(structure.dims))
    parts = [np.column_stack((np.arange(n_nodes), structure.neighbor(axis))) for axis in structure.link_axes]
    return np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)


def torus_fabric(structure: Torus, *, capacity_gbps: float, length_m: float) -> Fabric:
    """Return the fabric of a torus with one class of links."""
    n_nodes = int(np.prod(structure.dims))
    return Fabric.from_links(
        np.full(n_nodes, NodeKind.CHIP),
        torus_links(structure),
        capacity_gbps=capacity_gbps,
        length_m=length_m,
        link_class_names=("torus",),
        node_names=chip_names(structure.dims),
        structure=structure,
    )


def chip_names(dims: tuple[int, ...]) -> list[str]:
    """Return ``chip(x,y,z)`` for every chip, row-major."""
    return [f"chip({','.join(map(str, position))})" for position in np.ndindex(*dims)]
