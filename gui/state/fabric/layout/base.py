# SPDX-License-Identifier: Apache-2.0
"""What a layout consists of, and small helpers for placing things in rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STUB = 0.55  # length of a wrap's stub, in node spacings
SHUFFLE, PLAIN = -1, -2  # points that belong to no node: a shuffle, and a bend of a cable
_NO_FRAMES = np.zeros((0, 2, 3))
_CORNERS = np.array(np.unravel_index(np.arange(8), (2, 2, 2))).T


@dataclass(frozen=True, eq=False)
class Nodes:
    """What layouts know of nodes beyond the links.

    Parameters
    ----------
    kind, tier, group
        shape (n_nodes,), as in a `Fabric`.
    """

    kind: Ints
    tier: Ints
    group: Ints

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class Layout:
    """Points in space and the straight segments that stand for links.

    Parameters
    ----------
    xyz
        shape (n_points, 3): the nodes first, then the free ends of stubs and the shuffles.
    segment_ends
        shape (n_segments, 2): indices of points.
    segment_link
        shape (n_segments,): the link that each segment stands for.
    stub_node
        shape (n_points - n_nodes,): the node each free end belongs to, or `SHUFFLE`, or `PLAIN`.
    azimuth_deg, elevation_deg
        A good direction to look from.
    labels
        What stands where, beyond the groups that can be folded: a name and its place.
    frames, is_rack
        shape (n, 2, 3) and (n,): low and high corners of boxes to be outlined, and which of them are racks.
    remark
        What has to be said of it.
    """

    xyz: Floats
    segment_ends: Ints
    segment_link: Ints
    stub_node: Ints
    azimuth_deg: float = -60.0
    elevation_deg: float = 25.0
    labels: tuple[tuple[str, tuple[float, float, float]], ...] = ()
    frames: Floats = field(default_factory=lambda: _NO_FRAMES)
    is_rack: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    remark: str = ""

    @property
    def frame_corners(self) -> Floats:
        """The corners of each frame; see `corners_of`."""
        return corners_of(self.frames)


def corners_of(boxes: Floats) -> Floats:
    """Return the corners of boxes, by which of its two ends each is at along x, y and z; shape (n, 8, 3).

    Parameters
    ----------
    boxes
        shape (n, 2, 3): low and high corners.
    """
    return boxes[:, _CORNERS, np.arange(3)]


def straight(xyz: Floats, link_ends: Ints, azimuth_deg: float = -60.0, elevation_deg: float = 25.0) -> Layout:
    """Return the layout in which every link is one line."""
    nothing = np.zeros(0, dtype=np.int64)
    return Layout(xyz, link_ends, np.arange(len(link_ends)), nothing, azimuth_deg, elevation_deg)


def with_stubs(
    xyz: Floats, link_ends: Ints, wrap: Ints, outward: Floats, azimuth_deg: float, elevation_deg: float
) -> Layout:
    """Return the layout in which some links are drawn as two stubs.

    Parameters
    ----------
    wrap
        shape (n_wraps,): the links drawn so.
    outward
        shape (n_wraps, 3): from the first end of each outward; from the second it is the opposite.
    """
    n_nodes = len(xyz)
    owner = np.concatenate((link_ends[wrap, 0], link_ends[wrap, 1]))
    free = xyz[owner] + np.concatenate((outward, -outward))
    inner = np.setdiff1d(np.arange(len(link_ends)), wrap)
    stubs = np.column_stack((owner, n_nodes + np.arange(len(free))))
    return Layout(
        np.concatenate((xyz, free)),
        np.concatenate((link_ends[inner], stubs)),
        np.concatenate((inner, wrap, wrap)),
        owner,
        azimuth_deg,
        elevation_deg,
    )


def through(layout: Layout, links: Ints, via: Ints, via_xyz: Floats) -> Layout:
    """Return the layout in which some links are drawn through points that many of them share, such as shuffles.

    Parameters
    ----------
    links, via
        shape (n,): links, in the order of the segments, and the point each passes.
    via_xyz
        shape (n_vias, 3): places of the points.
    """
    passes = np.isin(layout.segment_link, links)
    a, b = layout.segment_ends[passes].T
    point = len(layout.xyz) + via
    return Layout(
        np.concatenate((layout.xyz, via_xyz)),
        np.concatenate((layout.segment_ends[~passes], np.column_stack((a, point)), np.column_stack((b, point)))),
        np.concatenate((layout.segment_link[~passes], links, links)),
        np.concatenate((layout.stub_node, np.full(len(via_xyz), SHUFFLE))),
        layout.azimuth_deg,
        layout.elevation_deg,
    )


def spread(count: int, extent: float) -> Floats:
    """Return `count` values about zero that fill `extent`; one stands at zero."""
    return np.linspace(-extent / 2, extent / 2, count) if count > 1 else np.zeros(count)


def points(x: Floats, y: Floats, z: float) -> Floats:
    """Return points at one height; shape (n, 3)."""
    return np.column_stack((x, y, np.full(len(x), z)))


def rank_in_group(group: Ints) -> tuple[Ints, Ints]:
    """Return for each item its rank among those of its group, and the size of its group."""
    _, which, size = np.unique(group, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    first = np.cumsum(size) - size
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(first, size)
    return rank, size[which]


def sphere(rank: Ints, count: Ints) -> Floats:
    """Return point `rank` of `count` evenly spread on the unit sphere (the Fibonacci lattice); shape (n, 3)."""
    z = 1 - (2 * rank + 1) / np.maximum(count, 1)
    around = rank * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - z**2)
    return np.column_stack((flat * np.cos(around), flat * np.sin(around), z))
