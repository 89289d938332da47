# SPDX-License-Identifier: Apache-2.0
"""Tori of any dimensions, plain and twisted.

Reference: J. M. Camara, M. Moreto, E. Vallejo, R. Beivide et al., "Twisted Torus Topologies for Enhanced
Interconnection Networks", IEEE TPDS 21(12), 2010; N. Jouppi et al., "TPU v4", ISCA 2023, for their use in TPU slices.
An axis of size 2 carries two parallel links (one of them the wrap); an axis of size 1 carries none.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.structure import Torus, twist_of
from topologies.parameters import Count, Gbps, Meters, Parameters


class TorusParameters(Parameters):
    """Parameters of `torus`."""

    dims: Annotated[tuple[Count, ...], Field(min_length=1, max_length=16)] = Field(description="chips along each axis")
    twisted: bool = Field(default=False, description="twist the wraps of a k x k x nk or k x 2k x 2k torus")
    capacity_gbps: Gbps | tuple[Gbps, ...] = Field(
        default=800.0, description="capacity of a link per direction, Gb/s; one number, or one for each axis"
    )
    length_m: Meters | tuple[Meters, ...] = Field(
        default=3.0, description="length of a link, m; one number, or one for each axis"
    )

    @model_validator(mode="after")
    def _one_for_each_axis(self) -> Self:
        for name in ("capacity_gbps", "length_m"):
            given = getattr(self, name)
            if isinstance(given, tuple) and len(given) != len(self.dims):
                msg = f"{name}: {len(given)} given for {len(self.dims)} axes; allowed: one number, or one for each axis"
                raise ValueError(msg)
        return self


def torus(p: TorusParameters) -> Fabric:
    """Chips on a grid whose axes wrap around, each joined to its two neighbors along every axis."""
    structure = Torus(p.dims, checked_twist(p.dims, p.twisted), (1,) * len(p.dims))
    return torus_fabric(structure, capacity_gbps=p.capacity_gbps, length_m=p.length_m)


def checked_twist(dims: tuple[int, ...], twisted: bool) -> tuple[tuple[int, ...], ...]:
    """Return ``twist[i][j]``, how far axis j shifts when axis i wraps (`optinet.structure.twist_of`).

    Raises
    ------
    TopologyError
        If these dimensions have no twist.
    """
    twist = twist_of(dims) if twisted else ((0,) * len(dims),) * len(dims)
    if twist is None:
        shape = " x ".join(map(str, dims))
        raise TopologyError(
            Problem(
                "dims", f"a {shape} torus cannot be twisted", "k x k x nk or k x 2k x 2k, k and n >= 2, in any order"
            )
        )
    return twist


def torus_fabric(
    structure: Torus, *, capacity_gbps: float | tuple[float, ...], length_m: float | tuple[float, ...]
) -> Fabric:
    """Return the fabric of a torus: one class of links, or one for each axis where the axes differ."""
    n_nodes = int(np.prod(structure.dims))
    axes = np.repeat(np.array(structure.link_axes, dtype=np.int64), n_nodes)
    gbps, length = (np.broadcast_to(given, len(structure.dims)) for given in (capacity_gbps, length_m))
    alike = not (isinstance(capacity_gbps, tuple) or isinstance(length_m, tuple))
    return Fabric.from_links(
        np.full(n_nodes, NodeKind.CHIP),
        structure.links(),
        capacity_gbps=gbps[axes],
        length_m=length[axes],
        link_class=0 if alike else axes,
        link_class_names=("torus",) if alike else [f"axis{axis}" for axis in range(len(structure.dims))],
        node_names=chip_names(structure.dims),
        structure=structure,
    )


def chip_names(dims: tuple[int, ...]) -> list[str]:
    """Return ``chip(x,y,z)`` for every chip, row-major."""
    return [f"chip({','.join(map(str, position))})" for position in np.ndindex(*dims)]
