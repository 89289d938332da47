# SPDX-License-Identifier: Apache-2.0
"""From a layout and the groups that are folded to the points and segments that are drawn.

A folded group is one point in the middle of its nodes; links inside it are not drawn, and links that then lie on each
other share one segment. Parallel links share a segment in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gui.state.fabric.folding import Folds
from gui.state.fabric.layout import Layout
from gui.state.fabric.layout.base import SHUFFLE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FOLDED_STUB = 2.4  # a folded cube is larger than a chip, and so are its stubs


@dataclass(frozen=True, eq=False)
class Drawing:
    """Points and segments to draw.

    Parameters
    ----------
    xyz
        shape (n_points, 3): nodes, then folded groups, then free ends of stubs and shuffles.
    point_node, point_group
        shape (n_marks,): the node each of the first points is, or -1; the folded group it is, or -1.
    segment_ends
        shape (n_segments, 2): indices of points.
    link_starts, links
        The links that segment i stands for are ``links[link_starts[i]:link_starts[i + 1]]``.
    node_point
        shape (n_nodes,): the point that stands for each node.
    shuffles, free_ends
        Indices of the points that are shuffles, and of those where stubs end.
    sample_order
        shape (n_segments,): a fixed shuffle; any first part of it is a fair sample.
    """

    xyz: Floats
    point_node: Ints
    point_group: Ints
    segment_ends: Ints
    link_starts: Ints
    links: Ints
    node_point: Ints
    shuffles: Ints
    free_ends: Ints
    sample_order: Ints

    @property
    def n_marks(self) -> int:
        """Nodes and folded groups."""
        return len(self.point_node)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.segment_ends)

    @cached_property
    def copies(self) -> Ints:
        """How many links each segment stands for; shape (n_segments,)."""
        return np.diff(self.link_starts)

    def most(self, link_value: Floats, *, lowest: bool = False) -> Floats:
        """Return of the links of each segment the largest value, or the lowest, missing ones left out."""
        if not self.n_segments:
            return np.zeros(0)
        reduce = np.fmin if lowest else np.fmax
        return np.asarray(reduce.reduceat(link_value[self.links], self.link_starts[:-1]), dtype=np.float64)

    def leading_link(self, segment: int, link_value: Floats) -> int:
        """Return the link of a segment with the largest value."""
        mine = self.links_of(segment)
        return int(mine[np.nan_to_num(link_value[mine], nan=-np.inf).argmax()])

    def links_of(self, segment: int) -> Ints:
        """Return the links a segment stands for."""
        return self.links[self.link_starts[segment] : self.link_starts[segment + 1]]

    def segments_of(self, links: Ints) -> Ints:
        """Return the segments that stand for any of these links."""
        if not self.n_segments or not len(links):
            return np.zeros(0, dtype=np.int64)
        hit = np.isin(self.links, links)
        return np.flatnonzero(np.logical_or.reduceat(hit, self.link_starts[:-1]))

    def n_links(self, segments: Ints, drawn: NDArray[np.bool_] | None = None) -> int:
        """Return how many links, or of the drawn ones, these segments stand for; a wrap has two segments and is one."""
        shown = np.zeros(self.n_segments, dtype=bool)
        shown[segments] = True
        is_shown = np.zeros(int(self.links.max(initial=-1)) + 1, dtype=bool)
        is_shown[self.links[np.repeat(shown, self.copies)]] = True
        return int(np.count_nonzero(is_shown if drawn is None else is_shown & drawn[: len(is_shown)]))


def drawing_of(layout: Layout, folds: Folds, folded: frozenset[int]) -> Drawing:
    """Return what to draw of a layout when some groups are folded."""
    n_nodes = len(layout.xyz) - len(layout.stub_node)
    groups = np.array(sorted(folded), dtype=np.int64)
    is_folded = np.zeros(len(folds.names) + 1, dtype=bool)
    is_folded[groups] = True
    hidden = is_folded[folds.group]
    shown = np.flatnonzero(~hidden)
    rank = np.full(len(is_folded), -1, dtype=np.int64)
    rank[groups] = np.arange(len(groups))
    node_point = np.empty(n_nodes, dtype=np.int64)
    node_point[shown] = np.arange(len(shown))
    node_point[hidden] = len(shown) + rank[folds.group[hidden]]
    middles = _middles(layout.xyz[:n_nodes][hidden], rank[folds.group[hidden]], len(groups))
    marks = np.concatenate((layout.xyz[shown], middles))
    stub_point, stubs = _stubs(layout, node_point, hidden, marks)
    point_of = np.concatenate((node_point, stub_point))

    ends = np.sort(point_of[layout.segment_ends], axis=1)
    kept = np.flatnonzero(ends[:, 0] != ends[:, 1])
    key = ends[kept, 0] * (len(marks) + len(stubs)) + ends[kept, 1]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], key[order][1:] != key[order][:-1]))) if len(key) else order
    sorted_segments = kept[order]
    return Drawing(
        xyz=np.concatenate((marks, stubs)),
        point_node=np.concatenate((shown, np.full(len(groups), -1))),
        point_group=np.concatenate((np.full(len(shown), -1), groups)),
        segment_ends=ends[sorted_segments[starts]],
        link_starts=np.append(starts, len(key)).astype(np.int64),
        links=layout.segment_link[sorted_segments],
        node_point=node_point,
        shuffles=stub_point[layout.stub_node == SHUFFLE],
        free_ends=np.unique(stub_point[layout.stub_node >= 0]),
        sample_order=np.random.default_rng(0).permutation(len(starts)),
    )


def _middles(xyz: Floats, which: Ints, count: int) -> Floats:
    size = np.maximum(np.bincount(which, minlength=count), 1)
    return np.column_stack([np.bincount(which, xyz[:, axis], count) / size for axis in range(3)]).reshape(count, 3)


def _stubs(layout: Layout, node_point: Ints, hidden: NDArray[np.bool_], marks: Floats) -> tuple[Ints, Floats]:
    """Return the point of each free end and the places of these points, which follow the marks.

    The stubs of a folded group that leave in one direction are one.
    """
    owner = layout.stub_node
    if not len(owner):
        return owner, np.zeros((0, 3))
    free = layout.xyz[len(node_point) :]
    fold = hidden[owner] & (owner >= 0)
    away = np.where(fold[:, None], free - layout.xyz[owner], 0.0)
    place = np.where(fold[:, None], marks[node_point[owner]] + FOLDED_STUB * away, free)
    key = np.column_stack((np.where(fold, node_point[owner], -1 - np.arange(len(owner))), np.round(away * 100)))
    _, first, which = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return len(marks) + which.ravel(), place[first]
