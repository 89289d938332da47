# SPDX-License-Identifier: Apache-2.0
"""The routed paths between two endpoints, with latency, loss, margin and load of every hop."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.columns import format_number
from gui.state.csv_text import csv_text
from gui.state.scene import Scene
from optinet.errors import OptinetError

DRAWS = 1024  # flows hashed onto paths; a share of 10 % is then good to a percent
WHOLE_SHARE = 0.1  # and less is said to a tenth of a percent
LISTED = 32  # paths kept, those that most flows take
CUT_OFF = "What has failed cuts {} off from {}: no path is left."
NOT_OF_ONE_FLOW = ("best", "optimal")
COLUMNS = ("Hop", "Link class", "Latency ns", "Loss dB", "Margin dB", "Load Gb/s", "Utilization %")
CSV_HEADINGS = (
    *("path", "share of flows", "hop", "from", "to", "link class", "length (m)", "latency (ns)", "loss (dB)"),
    *("margin (dB)", "load (Gb/s)", "capacity (Gb/s)", "utilization (%)"),
)


@dataclass(frozen=True)
class Hop:
    """One arc of a path; what the run does not say is NaN."""

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

    @property
    def utilization(self) -> float:
        """Load over capacity, 0 where there is no capacity."""
        return self.load_gbps / self.capacity_gbps if self.capacity_gbps > 0 else 0.0

    def numbers(self) -> tuple[float | str, ...]:
        """Return latency, loss, margin, load, capacity and utilization at full precision; nothing for a missing one."""
        known = (self.latency_ns, self.loss_db, self.margin_db, self.load_gbps, self.capacity_gbps)
        return tuple("" if math.isnan(value) else value for value in (*known, 100 * self.utilization))

    def cells(self) -> tuple[str, ...]:
        """Return the texts of its row, in the order of `COLUMNS`."""
        return (
            f"{self.tail} → {self.head}",
            f"{self.link_class}, {format_number(self.length_m)} m",
            format_number(self.latency_ns),
            format_number(self.loss_db, 2),
            format_number(self.margin_db, 2),
            f"{format_number(self.load_gbps)} of {format_number(self.capacity_gbps)}",
            format_number(100 * self.utilization, 1),
        )


@dataclass(frozen=True)
class Path:
    """The arcs from source to target and the share of flows that take them."""

    hops: tuple[Hop, ...]
    share: float

    @property
    def latency_ns(self) -> float:
        """Latency at zero load, NIC or chip included as in the run."""
        return sum(hop.latency_ns for hop in self.hops)

    @property
    def links(self) -> NDArray[np.int64]:
        """The links it takes."""
        return np.array([hop.arc // 2 for hop in self.hops], dtype=np.int64)

    @property
    def fullest(self) -> float:
        """Utilization of its fullest link."""
        return max((hop.utilization for hop in self.hops), default=0.0)

    def heading(self) -> str:
        """Return one line about it."""
        hops = len(self.hops)
        share = f"{100 * self.share:.0f} %" if self.share >= WHOLE_SHARE else f"{100 * self.share:.1f} %"
        words = [f"{share} of flows", f"{hops} hop{'s' * (hops != 1)}"]
        if not math.isnan(self.latency_ns):
            words.append(f"{format_number(self.latency_ns)} ns")
        return ", ".join([*words, f"fullest link {100 * self.fullest:,.1f} %"])


@dataclass(frozen=True)
class Trace:
    """The paths from one node to another, the one of most flows first; none and a `problem` if there is none."""

    source: int
    target: int
    title: str
    paths: tuple[Path, ...] = ()
    n_paths: int = 0
    note: str = ""
    problem: str = ""

    def links(self, path: int | None = None) -> NDArray[np.int64]:
        """Return the links of one path, or of all."""
        chosen = self.paths if path is None else self.paths[path : path + 1]
        return np.unique(np.concatenate([p.links for p in chosen])) if chosen else np.zeros(0, dtype=np.int64)

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
            (number, path.share, at, hop.tail, hop.head, hop.link_class, hop.length_m, *hop.numbers())
            for number, path in enumerate(self.paths, 1)
            for at, hop in enumerate(path.hops, 1)
        )
        return csv_text(CSV_HEADINGS, rows)

    def text(self) -> str:
        """Return everything as a table of tab-separated columns, to be copied."""
        lines = [self.title, *([self.note] if self.note else []), *([self.problem] if self.problem else [])]
        for number, path in enumerate(self.paths, 1):
            lines += ["", f"Path {number}: {path.heading()}", "\t".join(COLUMNS)]
            lines += ["\t".join(hop.cells()) for hop in path.hops]
        return "\n".join(lines) + "\n"


def trace(scene: Scene, source: int, target: int, failed_links: Sequence[int] = ()) -> Trace:
    """Return the paths that the run's routing gives flows from one endpoint to another; belongs in a worker.

    Parameters
    ----------
    source, target
        Nodes.
    failed_links
        Links that carry nothing; paths go around them.
    """
    from optinet.routing import names as routing_names  # loads the solvers, which the start of the window does not need
    from optinet.routing.flow_paths import flow_paths

    names = scene.node_names[source], scene.node_names[target]
    routing = scene.run.routing.split("(")[0].strip()
    note = ""
    if routing in NOT_OF_ONE_FLOW or routing not in routing_names():
        note = f"the run's routing, {routing or 'unknown'}, has no paths of single flows; shown are those of ecmp"
        routing = "ecmp"
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
        offsets, arcs = flow_paths(fabric, [ends[0]], [ends[1]], routing=routing, subflows=DRAWS, arc_up=up)
    except OptinetError as error:
        problem = str(error) if _joined(scene, source, target, failed_links) else CUT_OFF.format(*names)
        return Trace(source, target, title, note=note, problem=problem)
    counts: dict[tuple[int, ...], int] = {}
    for first, last in itertools.pairwise(offsets.tolist()):
        taken = tuple(arcs[first:last].tolist())
        counts[taken] = counts.get(taken, 0) + 1
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    paths = tuple(Path(tuple(_hop(scene, arc) for arc in taken), count / DRAWS) for taken, count in most[:LISTED])
    if len(most) > LISTED:
        note = "; ".join(part for part in (note, f"{LISTED} of at least {len(most):,} paths are listed") if part)
    return Trace(source, target, title, paths, len(most), note)


def _joined(scene: Scene, source: int, target: int, failed_links: Sequence[int]) -> bool:
    """Return whether any links that work lead from one node to another."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    works = ~scene.without_capacity
    works[np.asarray(failed_links, dtype=np.int64)] = False
    a, b = scene.link_ends[works].T
    _, part = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(scene.n_nodes,) * 2), directed=False)
    return bool(part[source] == part[target])


def _hop(scene: Scene, arc: int) -> Hop:
    link, reverse = divmod(arc, 2)
    tail, head = scene.link_ends[link][::-1] if reverse else scene.link_ends[link]
    facts = scene.facts[scene.class_names[scene.link_class[link]]]
    length_m = float(scene.link_length_m[link])
    fixed_ns = facts.hop_ns.get(int(scene.node_kind[head]), math.nan)
    return Hop(
        arc=arc,
        tail=scene.node_names[tail],
        head=scene.node_names[head],
        link_class=facts.name,
        length_m=length_m,
        latency_ns=fixed_ns + facts.ns_per_m * length_m,
        loss_db=facts.loss_db,
        margin_db=facts.margin_db,
        load_gbps=float(scene.arc_load_gbps[arc]),
        capacity_gbps=float(scene.arc_capacity_gbps[arc]),
    )
