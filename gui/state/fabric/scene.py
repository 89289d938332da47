# SPDX-License-Identifier: Apache-2.0
"""The fabric of one run ready to be drawn: places, values, and the words for each link and node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number
from gui.state.fabric.drawing import Drawing, drawing_of
from gui.state.fabric.failure import After, Part
from gui.state.fabric.folding import Folds, boxes_of
from gui.state.fabric.layout import Layout, Nodes
from gui.state.fabric.link_facts import LinkFacts
from gui.state.fabric.quantities import (
    CARRYING,
    FAILED,
    FULLEST,
    IDLE,
    LATENCY,
    LENGTH,
    LINK_CLASS,
    LOAD,
    MARGIN,
    STATE,
    UTILIZATION,
    Quantity,
)
from optinet.fabric import NodeKind
from optinet.plant import OpticalPlant
from optinet.results import Run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KIND_NAMES = {
    NodeKind.HOST: ("host", "hosts"),
    NodeKind.CHIP: ("chip", "chips"),
    NodeKind.SWITCH: ("switch", "switches"),
}
FOLD_FROM = 20_000  # nodes; larger fabrics open folded
NAMED_PARTS = 8  # links or nodes listed by name in a tooltip
FULLEST_SHARE = 0.999  # of the largest utilization


@dataclass(frozen=True, eq=False)
class Scene:
    """What the fabric view draws of one run.

    Parameters
    ----------
    key, title
        The run.
    run
        The opened file, for what is read only when asked for.
    style, layout, folds
        Where everything stands, and what can be folded.
    link_ends
        shape (n_links, 2).
    link_values
        By quantity id, shape (n_links,): of a link's two arcs the larger value counts.
    link_class, class_names, facts
        Class of each link, and by name what is known of the class.
    limiting, limit_text
        shape (n_links,): whether the link limits the throughput, and how that is known.
    plant
        The optical circuit switches and their circuits, if the fabric has any.
    own_parts
        What is down in the run itself, as its scenario says.
    intact, after
        Of a scene without parts that the user has failed: the scene as the run has it, and what was solved.
    """

    key: str
    title: str
    run: Run
    style: str
    layout: Layout
    folds: Folds
    nodes: Nodes
    node_names: tuple[str, ...]
    link_ends: Ints
    link_values: Mapping[str, Floats]
    link_class: Ints
    class_names: tuple[str, ...]
    facts: Mapping[str, LinkFacts]
    link_length_m: Floats
    arc_load_gbps: Floats
    arc_capacity_gbps: Floats
    arc_utilization: Floats
    limiting: NDArray[np.bool_]
    limit_text: str
    plant: OpticalPlant | None
    own_parts: tuple[Part, ...] = ()
    intact: Scene | None = None
    after: After | None = None

    @cached_property
    def without_capacity(self) -> NDArray[np.bool_]:
        """Whether each link has no capacity at all, as it is built; shape (n_links,)."""
        return np.asarray(self.run.arc_capacity_gbps).reshape(-1, 2).max(axis=1, initial=0.0) == 0

    @property
    def n_links(self) -> int:
        """Number of links, whether or not they share segments."""
        return len(self.link_ends)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def has_plant(self) -> bool:
        """Whether circuits make some of the links."""
        return self.plant is not None

    @property
    def node_kind(self) -> Ints:
        """`NodeKind` of each node; shape (n_nodes,)."""
        return self.nodes.kind

    @cached_property
    def opening_folds(self) -> frozenset[int]:
        """The groups that are folded at first."""
        return self.folds.everything if self.n_nodes >= FOLD_FROM else frozenset()

    @cached_property
    def opening(self) -> Drawing:
        """What is drawn at first."""
        return self.drawing(self.opening_folds)

    @cached_property
    def boxes(self) -> tuple[Floats, Ints, Ints]:
        """The corners of the box about each group that can be folded, and its numbers of nodes and links."""
        return boxes_of(self.folds, self.layout.xyz, self.link_ends)

    @cached_property
    def is_host_link(self) -> NDArray[np.bool_]:
        """Whether each link leads to a host; shape (n_links,)."""
        return (self.node_kind == NodeKind.HOST)[self.link_ends].any(axis=1)

    @cached_property
    def searched_names(self) -> tuple[str, ...]:
        """The names of the nodes in lower case."""
        return tuple(name.lower() for name in self.node_names)

    def drawing(self, folded: frozenset[int]) -> Drawing:
        """Return what to draw when these groups are folded."""
        return drawing_of(self.layout, self.folds, folded)

    def has(self, quantity: Quantity) -> bool:
        """Whether the run says anything of a quantity."""
        return bool(np.isfinite(self.link_values[quantity.id]).any())

    def categories(self, quantity: Quantity) -> tuple[str, ...]:
        """Return the names of the values of a quantity of categories; empty for one of numbers."""
        return self.class_names if quantity == LINK_CLASS else quantity.categories

    def remarks(self, quantity: Quantity) -> tuple[str, ...]:
        """Return what has to be said of the values of a quantity, for its legend: which margin is meant."""
        if quantity != MARGIN:
            return ()
        known = [fact for fact in self.facts.values() if not np.isnan(fact.margin_db)]
        words = {"fiber": "fiber: at 3 sigma", "copper": "copper: longest link"}
        return tuple(text for medium, text in words.items() if any(fact.medium == medium for fact in known))

    def census(self) -> str:
        """Return how many nodes of each kind and links there are."""
        counts = np.bincount(self.node_kind, minlength=len(KIND_NAMES))
        parts = [f"{n:,} {KIND_NAMES[NodeKind(k)][int(n != 1)]}" for k, n in enumerate(counts) if n]
        return ", ".join([*parts, f"{self.n_links:,} links"])

    def describe_node(self, node: int) -> tuple[str, ...]:
        """Return the name of a node and its values with units, one per line."""
        links = np.flatnonzero((self.link_ends == node).any(axis=1))
        kind = KIND_NAMES[NodeKind(int(self.node_kind[node]))][0]
        group = int(self.folds.group[node])
        where = f", {self.folds.names[group]}" if group >= 0 else ""
        lines = [
            self.node_names[node],
            f"{kind}, tier {self.nodes.tier[node]}{where}, {len(links):,} link{'s' * (len(links) != 1)}",
        ]
        return (*lines, *self._totals(links))

    def describe_group(self, group: int) -> tuple[str, ...]:
        """Return the name of a folded group and what it holds, one per line."""
        inside = self.folds.group == group
        counts = np.bincount(self.node_kind[inside], minlength=len(KIND_NAMES))
        census = ", ".join(f"{n:,} {KIND_NAMES[NodeKind(k)][int(n != 1)]}" for k, n in enumerate(counts) if n)
        ends = inside[self.link_ends].sum(axis=1)
        within, outside = np.flatnonzero(ends == 2), np.flatnonzero(ends == 1)
        lines = [self.folds.names[group], f"{census}, folded"]
        for links, word in ((within, "inside"), (outside, "to others")):
            if len(links):
                used = 100 * self.arc_utilization.reshape(-1, 2)[links].max()
                capacity = self.arc_capacity_gbps.reshape(-1, 2)[links].max(axis=1).sum()
                lines.append(
                    f"{len(links):,} links {word}, {format_number(float(capacity))} Gb/s, fullest at {used:,.1f} %"
                )
        return tuple(lines)

    def describe_links(self, links: Ints) -> tuple[str, ...]:
        """Return what the links of one segment are, and their values in both directions with units, one per line."""
        link = int(links[self.link_values[UTILIZATION.id][links].argmax()])
        a, b = self.link_ends[link]
        names = self.node_names[a], self.node_names[b]
        parallel = bool(np.all(np.sort(self.link_ends[links], axis=1) == np.sort(self.link_ends[link])))
        many = f", the fullest of {len(links):,} {'parallel links' if parallel else 'links drawn as one'}"
        of = many if len(links) > 1 else ""
        class_name = self.class_names[self.link_class[link]]
        lines = [
            f"{names[0]} – {names[1]}",
            f"{class_name}, {format_number(float(self.link_length_m[link]))} m{of}",
        ]
        for arc, name in ((2 * link, names[1]), (2 * link + 1, names[0])):
            load, capacity = self.arc_load_gbps[arc], self.arc_capacity_gbps[arc]
            lines.append(
                f"to {name}: {100 * self.arc_utilization[arc]:,.1f} %, "
                f"{format_number(float(load))} of {format_number(float(capacity))} Gb/s"
            )
        if len(links) > 1 and not parallel:
            total = self.arc_capacity_gbps.reshape(-1, 2)[links].max(axis=1).sum()
            lines.append(f"together {format_number(float(total))} Gb/s per direction")
        latency = self.link_values[LATENCY.id][link]
        if np.isfinite(latency):
            lines.append(f"latency {format_number(float(latency))} ns")
        return (*lines, *self.facts[class_name].lines())

    def _totals(self, links: Ints) -> tuple[str, ...]:
        if not len(links):
            return ()
        used = 100 * self.arc_utilization.reshape(-1, 2)[links]
        capacity = self.arc_capacity_gbps.reshape(-1, 2)[links].max(axis=1).sum()
        return (
            f"{format_number(float(capacity))} Gb/s per direction in all",
            f"utilization {used.mean():,.1f} % mean, {used.max():,.1f} % largest",
        )


def link_values(
    load: Floats, capacity: Floats, utilization: Floats, length: Floats, link_class: Ints, facts: list[LinkFacts]
) -> dict[str, Floats]:
    """Return the value of every link for each quantity; `facts` are those of the link classes in their order."""
    of_class = np.array([(one.margin_db, one.link_ns, one.ns_per_m) for one in facts]).reshape(-1, 3)[link_class]
    used = utilization.reshape(-1, 2).max(axis=1, initial=0.0)
    state = np.where(used > 0, CARRYING, IDLE)
    state[used >= FULLEST_SHARE * max(float(used.max(initial=0.0)), 1e-12)] = FULLEST
    state[capacity.reshape(-1, 2).max(axis=1, initial=0.0) == 0] = FAILED
    return {
        UTILIZATION.id: 100 * used,
        LOAD.id: load.reshape(-1, 2).max(axis=1, initial=0.0),
        LENGTH.id: length,
        MARGIN.id: of_class[:, 0],
        LATENCY.id: of_class[:, 1] + of_class[:, 2] * length,
        LINK_CLASS.id: link_class.astype(np.float64),
        STATE.id: state.astype(np.float64),
    }
