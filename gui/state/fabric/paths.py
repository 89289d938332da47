# SPDX-License-Identifier: Apache-2.0
"""The routed paths between two endpoints, with latency, loss, margin and load of every hop."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number
from gui.state.csv_text import csv_text
from gui.state.fabric.scene import Scene
from gui.state.runs.columns import MISSING
from optinet.errors import OptinetError
from optinet.fabric import NodeKind

Ints = NDArray[np.int64]

WHOLE_SHARE = 0.1  # and less is told to two digits
LISTED = 32  # paths kept, those that carry most
COUNTED = 10**12  # paths beyond which their number is told to two digits
CUT_OFF = "What has failed cuts {} off from {}: no path is left."
NOT_OF_ONE_PAIR = ("best", "optimal")
ALONE = "the split of all traffic together cannot be made anew; shown is that of this pair alone"
NOT_TOLD = "The run does not say."
COLUMNS = ("Hop", "Link class", "Latency ns", "Loss dB", "Margin dB", "Load Gb/s", "Utilization %")
HOP_HEADINGS = (
    *("from", "to", "link class", "length (m)", "latency (ns)", "loss (dB)"),
    *("margin (dB)", "load (Gb/s)", "capacity (Gb/s)", "utilization (%)"),
)


@dataclass(frozen=True)
class Hop:
    """One arc of a path; what the run does not say is NaN. `loss_at` tells which loss it is."""

    arc: int
    tail: str
    head: str
    link_class: str
    length_m: float
    latency_ns: float
    loss_db: float
    margin_db: float
    load_gbps: float
    capacity_gbps: float
    loss_at: str = ""

    @property
    def utilization(self) -> float:
        """Load over capacity, 0 where there is no capacity."""
        return self.load_gbps / self.capacity_gbps if self.capacity_gbps > 0 else 0.0

    def values(self) -> tuple[float | str, ...]:
        """Return its values in the order of `HOP_HEADINGS`, numbers at full precision and nothing for a missing one."""
        known = (self.latency_ns, self.loss_db, self.margin_db, self.load_gbps, self.capacity_gbps)
        numbers = ("" if math.isnan(value) else value for value in (self.length_m, *known, 100 * self.utilization))
        return self.tail, self.head, self.link_class, *numbers

    def cells(self) -> tuple[str, ...]:
        """Return the texts of its row, in the order of `COLUMNS`; a dash for what the run does not say."""
        return (
            f"{self.tail} → {self.head}",
            f"{self.link_class}, {format_number(self.length_m)} m",
            format_number(self.latency_ns) or MISSING,
            format_number(self.loss_db, 2) or MISSING,
            format_number(self.margin_db, 2) or MISSING,
            f"{format_number(self.load_gbps)} of {format_number(self.capacity_gbps)}",
            format_number(100 * self.utilization, 1),
        )

    def hints(self) -> tuple[str, ...]:
        """Return what there is to say of each cell beyond its text."""
        said = tuple(NOT_TOLD if cell == MISSING else "" for cell in self.cells())
        at = COLUMNS.index("Loss dB")
        return (*said[:at], said[at] or f"Loss {self.loss_at}", *said[at + 1 :])


@dataclass(frozen=True)
class Path:
    """The arcs from source to target and the share of the traffic between the two that takes them."""

    hops: tuple[Hop, ...]
    share: float

    @property
    def latency_ns(self) -> float:
        """Latency at zero load, NIC or chip included as in the run."""
        return sum(hop.latency_ns for hop in self.hops)

    @property
    def links(self) -> Ints:
        """The links it takes."""
        return np.array([hop.arc // 2 for hop in self.hops], dtype=np.int64)

    @property
    def fullest(self) -> float:
        """Utilization of its fullest link."""
        return max((hop.utilization for hop in self.hops), default=0.0)

    def heading(self) -> str:
        """Return one line about it."""
        hops = len(self.hops)
        share = f"{100 * self.share:.0f} %" if self.share >= WHOLE_SHARE else f"{100 * self.share:.2g} %"
        words = [f"{share} of the traffic", f"{hops} hop{'s' * (hops != 1)}"]
        if not math.isnan(self.latency_ns):
            words.append(f"{format_number(self.latency_ns)} ns")
        return ", ".join([*words, f"fullest link {100 * self.fullest:,.1f} %"])


@dataclass(frozen=True)
class Trace:
    """The paths from one node to another, the one that carries most first; none and a `problem` if there is none.

    `paths` are those listed of `n_paths`, which is exact unless they were drawn by lot; `every_link` has the links of
    all.
    """

    source: int
    target: int
    title: str
    paths: tuple[Path, ...] = ()
    n_paths: int = 0
    every_link: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    note: str = ""
    problem: str = ""

    def links(self, path: int | None = None) -> Ints:
        """Return the links of one path, or of all."""
        return self.every_link if path is None else np.unique(self.paths[path].links)

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row of texts for each hop: the path it belongs to, then `COLUMNS`."""
        numbered = enumerate(self.paths, 1)
        return [
            (f"{number}: {path.heading()}" if not at else "", *hop.cells())
            for number, path in numbered
            for at, hop in enumerate(path.hops)
        ]

    def as_csv(self) -> str:
        """Return every hop as comma-separated text, numbers at full precision."""
        rows = (
            (number, path.share, at, *hop.values())
            for number, path in enumerate(self.paths, 1)
            for at, hop in enumerate(path.hops, 1)
        )
        return csv_text(("path", "share of the traffic", "hop", *HOP_HEADINGS), rows)

    def text(self) -> str:
        """Return everything as a table of tab-separated columns, to be copied."""
        lines = [part for part in (self.title, self.note, self.problem) if part]
        for number, path in enumerate(self.paths, 1):
            lines += ["", f"Path {number}: {path.heading()}", "\t".join(COLUMNS)]
            lines += ["\t".join(hop.cells()) for hop in path.hops]
        return "\n".join(lines) + "\n"


def hops_csv(hops: Sequence[Hop]) -> str:
    """Return some hops as comma-separated text."""
    return csv_text(HOP_HEADINGS, (hop.values() for hop in hops))


def trace(scene: Scene, source: int, target: int, failed_links: Sequence[int] = ()) -> Trace:
    """Return the paths that the run's routing gives the traffic from one endpoint to another; belongs in a worker.

    Parameters
    ----------
    source, target
        Nodes.
    failed_links
        Links that carry nothing; paths go around them.
    """
    names = scene.node_names[source], scene.node_names[target]
    routing, options, note = _routing(scene)
    title = f"{names[0]} to {names[1]}, routing {routing}"
    if len(failed_links):
        title += f", around {len(failed_links):,} failed links"
    fabric = scene.run.fabric
    endpoint = np.full(scene.n_nodes, -1, dtype=np.int64)
    endpoint[fabric.endpoints] = np.arange(fabric.n_endpoints)
    ends = endpoint[[source, target]]
    if (ends < 0).any():
        found = " and ".join(name for name, end in zip(names, ends, strict=True) if end < 0)
        return Trace(source, target, title, problem=f"Traffic starts and ends at hosts and chips, not at {found}.")
    up = fabric.arc_mask(np.asarray(failed_links, dtype=np.int64)) if len(failed_links) else None
    try:
        return _traced(scene, Trace(source, target, title, note=note), ends.tolist(), routing, options, up)
    except OptinetError as error:
        problem = str(error) if _joined(scene, source, target, failed_links) else CUT_OFF.format(*names)
        return Trace(source, target, title, note=note, problem=problem)


def _routing(scene: Scene) -> tuple[str, dict[str, Any], str]:
    """Return the routing of a run and its options; ecmp and a note where that has no paths of single pairs."""
    from experiments.saved import saved_routing  # loads the solvers, which the start of the window does not need
    from optinet.routing import names as routing_names

    routing, options = saved_routing(scene.run)
    if routing not in NOT_OF_ONE_PAIR and routing in routing_names():
        return routing, options, ""
    of_run = f"the run's routing, {routing or 'unknown'}, has no paths of single pairs; shown are those of ecmp"
    return "ecmp", {}, of_run


def _traced(
    scene: Scene, begun: Trace, ends: list[int], routing: str, options: dict[str, Any], up: NDArray[np.bool_] | None
) -> Trace:
    from experiments.saved import saved_demand
    from optinet.routing.pair_paths import DRAWS, pair_paths

    notes, among = [begun.note], None
    if routing == "direct_transit":  # splits all traffic together
        try:
            among = saved_demand(scene.run)
            found = pair_paths(scene.run.fabric, *ends, routing, LISTED, up, among, **options)
        except OptinetError:
            notes.append(ALONE)
            among = None
    if among is None:
        found = pair_paths(scene.run.fabric, *ends, routing, LISTED, up, **options)
    paths = tuple(Path(hops_of(scene, arcs), share) for arcs, share in zip(found.paths, found.shares, strict=True))
    number = f"{found.n_paths:,}" if found.n_paths < COUNTED else f"{found.n_paths:.1e}"
    words = f"{number} path{'s' * (found.n_paths != 1)}"
    if not found.is_exact:
        notes.append(f"{DRAWS:,} flows drawn by lot took {words}")
        words = f"at least {words}"
    elif found.n_paths > len(paths):
        notes.append(f"{len(paths)} are listed, those that carry most first")
    used = np.flatnonzero(found.arc_share > 0)
    mean_ns = float((_latency_ns(scene, used) * found.arc_share[used]).sum())
    mean = "" if math.isnan(mean_ns) else f", {format_number(mean_ns)} ns on average"
    # links of paths met by lot would be nearly all there are
    links = np.unique(used // 2) if found.is_exact else np.unique(np.concatenate([path.links for path in paths]))
    note = "; ".join(filter(None, notes))
    return dataclasses.replace(
        begun, title=f"{begun.title}: {words}{mean}", paths=paths, n_paths=found.n_paths, every_link=links, note=note
    )


def _joined(scene: Scene, source: int, target: int, failed_links: Sequence[int]) -> bool:
    """Return whether any links that work lead from one node to another."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    works = ~scene.without_capacity
    works[np.asarray(failed_links, dtype=np.int64)] = False
    a, b = scene.link_ends[works].T
    _, part = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(scene.n_nodes,) * 2), directed=False)
    return bool(part[source] == part[target])


def _latency_ns(scene: Scene, arcs: Ints) -> NDArray[np.float64]:
    """Return the latency of each arc at zero load, that of the node it leads to included."""
    links = arcs // 2
    head = scene.link_ends[links, 1 - arcs % 2]
    facts = [scene.facts[name] for name in scene.class_names]
    fixed = np.array([[fact.hop_ns.get(int(kind), math.nan) for kind in NodeKind] for fact in facts])
    per_m = np.array([fact.ns_per_m for fact in facts])
    kinds, of_class = np.array([int(kind) for kind in NodeKind]), scene.link_class[links]
    at = np.searchsorted(kinds, scene.node_kind[head])
    return np.asarray(fixed[of_class, at] + per_m[of_class] * scene.link_length_m[links])


def hops_of(scene: Scene, arcs: Sequence[int]) -> tuple[Hop, ...]:
    """Return arcs with all that is known of them."""
    latency_ns = _latency_ns(scene, np.asarray(arcs, dtype=np.int64)).tolist()
    return tuple(_hop(scene, arc, ns) for arc, ns in zip(arcs, latency_ns, strict=True))


def _hop(scene: Scene, arc: int, latency_ns: float) -> Hop:
    link, reverse = divmod(arc, 2)
    tail, head = scene.link_ends[link][::-1] if reverse else scene.link_ends[link]
    facts = scene.facts[scene.class_names[scene.link_class[link]]]
    return Hop(
        arc=arc,
        tail=scene.node_names[tail],
        head=scene.node_names[head],
        link_class=facts.name,
        length_m=float(scene.link_length_m[link]),
        latency_ns=latency_ns,
        loss_db=facts.loss_db + facts.loss_db_per_m * float(scene.link_length_m[link]),
        margin_db=facts.margin_db,
        load_gbps=float(scene.arc_load_gbps[arc]),
        capacity_gbps=float(scene.arc_capacity_gbps[arc]),
        loss_at=facts.loss_at,
    )
