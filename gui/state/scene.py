# SPDX-License-Identifier: Apache-2.0
"""The fabric of one run ready to be drawn: points, segments, values and the words for each link and node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gui.state.columns import format_number
from gui.state.layout import Layout, layout_of
from gui.state.runs import RunEntry
from optinet.fabric import NodeKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KIND_NAMES = {
    NodeKind.HOST: ("host", "hosts"),
    NodeKind.CHIP: ("chip", "chips"),
    NodeKind.SWITCH: ("switch", "switches"),
}


@dataclass(frozen=True)
class Quantity:
    """A value of every link that colors can show; colors reach up to `full` unless they are stretched to the data."""

    id: str
    title: str
    unit: str
    full: float = 0.0


UTILIZATION = Quantity("utilization", "Link utilization", "% of capacity", full=100.0)
LOAD = Quantity("load", "Link load", "Gb/s")
LENGTH = Quantity("length", "Link length", "m")
QUANTITIES = (UTILIZATION, LOAD, LENGTH)


@dataclass(frozen=True, eq=False)
class Scene:
    """What the fabric view draws of one run.

    Parameters
    ----------
    key, title
        The run.
    layout
        Points and segments; parallel links share one segment.
    link_ends
        shape (n_links, 2).
    link_values
        By quantity id, shape (n_links,): of a link's two arcs the larger value counts.
    segment_copies
        shape (n_segments,): parallel links the segment stands for.
    sample_order
        shape (n_segments,): a fixed shuffle; any first part of it is a fair sample.
    """

    key: str
    title: str
    layout: Layout
    link_ends: Ints
    link_values: dict[str, Floats]
    segment_copies: Ints
    sample_order: Ints
    arc_load_gbps: Floats
    arc_capacity_gbps: Floats
    arc_utilization: Floats
    link_class: tuple[str, ...]
    link_length_m: Floats
    node_kind: Ints
    node_tier: Ints
    node_names: tuple[str, ...]

    @property
    def n_links(self) -> int:
        """Number of links, whether or not they share segments."""
        return len(self.link_ends)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_kind)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.segment_copies)

    @cached_property
    def is_host_segment(self) -> NDArray[np.bool_]:
        """Whether each segment leads to a host; shape (n_segments,)."""
        is_host = self.node_kind == NodeKind.HOST
        return is_host[self.link_ends].any(axis=1)[self.layout.segment_link]

    def segment_values(self, quantity: Quantity) -> Floats:
        """Return the value of each segment, the largest of its parallel links; shape (n_segments,)."""
        return self.link_values[quantity.id][self.layout.segment_link]

    def census(self) -> str:
        """Return how many nodes of each kind and links there are."""
        counts = np.bincount(self.node_kind, minlength=len(KIND_NAMES))
        parts = [f"{n:,} {KIND_NAMES[NodeKind(k)][int(n != 1)]}" for k, n in enumerate(counts) if n]
        return ", ".join([*parts, f"{self.n_links:,} links"])

    def describe_node(self, node: int) -> tuple[str, ...]:
        """Return the name of a node and its values with units, one per line."""
        links = np.flatnonzero((self.link_ends == node).any(axis=1))
        kind = KIND_NAMES[NodeKind(int(self.node_kind[node]))][0]
        lines = [
            self.node_names[node],
            f"{kind}, tier {self.node_tier[node]}, {len(links):,} link{'s' * (len(links) != 1)}",
        ]
        if len(links):
            used = 100 * self.arc_utilization.reshape(-1, 2)[links]
            capacity = self.arc_capacity_gbps.reshape(-1, 2)[links].max(axis=1).sum()
            lines.append(f"{format_number(float(capacity))} Gb/s per direction in all")
            lines.append(f"utilization {used.mean():,.1f} % mean, {used.max():,.1f} % largest")
        return tuple(lines)

    def describe_segment(self, segment: int) -> tuple[str, ...]:
        """Return the name of a segment's link and its values in both directions with units, one per line."""
        link = int(self.layout.segment_link[segment])
        a, b = self.link_ends[link]
        names = self.node_names[a], self.node_names[b]
        copies = int(self.segment_copies[segment])
        of = f", the fullest of {copies} parallel links" if copies > 1 else ""
        lines = [
            f"{names[0]} – {names[1]}",
            f"{self.link_class[link]}, {format_number(float(self.link_length_m[link]))} m{of}",
        ]
        for arc, name in ((2 * link, names[1]), (2 * link + 1, names[0])):
            load, capacity = self.arc_load_gbps[arc], self.arc_capacity_gbps[arc]
            lines.append(
                f"to {name}: {100 * self.arc_utilization[arc]:,.1f} %, "
                f"{format_number(float(load))} of {format_number(float(capacity))} Gb/s"
            )
        return tuple(lines)


def scene_of(entry: RunEntry) -> Scene:
    """Read the arrays of a run and lay its fabric out; this takes time and belongs in a worker."""
    run = entry.run
    link_ends = np.column_stack((np.asarray(run.arc_tail)[::2], np.asarray(run.arc_head)[::2])).astype(np.int64)
    node_kind = np.asarray(run.node_kind, dtype=np.int64)
    load, capacity, utilization = (
        np.asarray(a, dtype=np.float64) for a in (run.arc_load_gbps, run.arc_capacity_gbps, run.arc_utilization)
    )
    length = np.asarray(run.link_length_m, dtype=np.float64)
    values = {
        UTILIZATION.id: 100 * utilization.reshape(-1, 2).max(axis=1, initial=0.0),
        LOAD.id: load.reshape(-1, 2).max(axis=1, initial=0.0),
        LENGTH.id: length,
    }
    layout, copies = _merged(layout_of(run.structure, link_ends, len(node_kind)), values[UTILIZATION.id])
    names = tuple(run.link_class_names)
    return Scene(
        key=entry.key,
        title=entry.label,
        layout=layout,
        link_ends=link_ends,
        link_values=values,
        segment_copies=copies,
        sample_order=np.random.default_rng(0).permutation(len(copies)),
        arc_load_gbps=load,
        arc_capacity_gbps=capacity,
        arc_utilization=utilization,
        link_class=tuple(names[c] for c in np.asarray(run.link_class)),
        link_length_m=length,
        node_kind=node_kind,
        node_tier=np.asarray(run.node_tier, dtype=np.int64),
        node_names=tuple(str(name) for name in run.node_names),
    )


def _merged(layout: Layout, link_value: Floats) -> tuple[Layout, Ints]:
    """Keep one segment of those that lie on each other, that of the largest value, and count them."""
    ends = np.sort(layout.segment_ends, axis=1)
    order = np.lexsort((-link_value[layout.segment_link], ends[:, 1], ends[:, 0]))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = np.any(ends[order[1:]] != ends[order[:-1]], axis=1)
    first = np.flatnonzero(is_first)
    copies = np.diff(np.append(first, len(order)))
    kept = order[first]
    merged = Layout(
        layout.xyz, layout.segment_ends[kept], layout.segment_link[kept], layout.azimuth_deg, layout.elevation_deg
    )
    return merged, copies
