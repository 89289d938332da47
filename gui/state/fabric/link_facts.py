# SPDX-License-Identifier: Apache-2.0
"""What a run says of the links of each class: margin, loss, latency and the parts they pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optinet.errors import OptinetError
from optinet.fabric import NodeKind
from optinet.results import Run

if TYPE_CHECKING:
    from optinet.models.physical_path import PhysicalPath

NAN = float("nan")


@dataclass(frozen=True)
class LinkFacts:
    """The links of one class; what the run does not have is NaN or empty.

    Parameters
    ----------
    name
        The link class.
    medium
        "fiber" or "copper".
    margin_db, typical_margin_db
        Left of the budget at 3 sigma and typically; of copper what the longest link leaves.
    loss_db, loss_db_per_m, loss_at
        Typical loss from transmitter to receiver; of copper that of both ends and what a meter adds. Which loss it is.
    verdict
        Of the link budget.
    parts
        The parts of the physical path in order, those of copper the cable alone.
    through_ocs
        Whether circuits make the links.
    hop_ns
        Latency of a hop by the kind of node it leads to: everything but propagation, switch and NIC included.
    link_ns
        Of it what the link itself takes: coding, modules, OCS.
    ns_per_m
        Propagation.
    """

    name: str
    medium: str = ""
    margin_db: float = NAN
    typical_margin_db: float = NAN
    loss_db: float = NAN
    loss_db_per_m: float = 0.0
    loss_at: str = ""
    verdict: str = ""
    parts: tuple[str, ...] = ()
    through_ocs: bool = False
    hop_ns: Mapping[int, float] = field(default_factory=dict)
    link_ns: float = NAN
    ns_per_m: float = NAN

    def lines(self) -> tuple[str, ...]:
        """Return what a tooltip says of it."""
        lines = []
        if not math.isnan(self.margin_db):
            word = f", {self.verdict}" if self.verdict else ""
            lines.append(f"margin {self.margin_db:.2f} dB{' at 3 sigma' if self.medium != 'copper' else ''}{word}")
        if self.parts:
            lines.append("passes " + ", ".join(self.parts))
        return tuple(lines)


def link_facts(run: Run) -> dict[str, LinkFacts]:
    """Return what a run says of each link class, by name; this reads the run and belongs in a worker."""
    paths, latencies = _paths(run)
    facts = {}
    budgets = {str(budget["link_class"]): budget for budget in run.budgets}
    copper = run.table("copper")
    row_of = {str(name): row for row, name in enumerate(copper.get("link_class", ()))}
    for name in run.link_class_names:
        values: dict[str, object] = {}
        if name in row_of:
            told = {key: float(copper[key][row_of[name]]) for key in ("margin_db", "ends_db", "loss_db_per_m")}
            values |= {
                "medium": "copper",
                "margin_db": told["margin_db"],
                "loss_db": told["ends_db"],
                "loss_db_per_m": told["loss_db_per_m"],
                "loss_at": f"of copper, at {float(copper['nyquist_ghz'][row_of[name]]):.4g} GHz",
            }
        if name in budgets:
            budget = budgets[name]
            values |= {
                "medium": "fiber",
                "margin_db": float(budget["margin_3sigma_db"]),
                "typical_margin_db": float(budget["typical_margin_db"]),
                "loss_db": float(budget["mean_loss_db"].sum()),
                "loss_at": "of light, typically",
                "verdict": str(budget["verdict"]),
            }
        if name in paths:
            path = paths[name]
            values |= {
                "medium": path.medium,
                "through_ocs": path.through_ocs,
                "parts": tuple(dict.fromkeys(part.name.replace("_", " ") for part in path.parts)),
            } | latencies[name]
        facts[name] = LinkFacts(name, **values)  # type: ignore[arg-type]
    return facts


def _paths(run: Run) -> tuple[dict[str, PhysicalPath], dict[str, dict[str, object]]]:
    """Return physical path and latencies of each link class; none where the run does not say what it is built of."""
    from experiments.saved_design import saved_design  # loads the models, which the start of the window does not need
    from optinet.models.latency import hop_parts_ns, propagation_ns_per_m
    from optinet.models.physical_path import physical_paths
    from optinet.models.values import median

    try:
        design, catalogue = saved_design(run)
        paths = {path.link_class: path for path in physical_paths(run.fabric, design, catalogue)}
        latencies: dict[str, dict[str, object]] = {}
        for name, path in paths.items():
            ends = (path.kind_a, path.kind_b)
            hops = {kind: hop_parts_ns(path, NodeKind(kind), design, catalogue) for kind in ends}
            of_link = next(iter(hops.values()))
            latencies[name] = {
                "hop_ns": {int(kind): float(median(sum(parts.values()))) for kind, parts in hops.items()},
                "link_ns": float(median(of_link["phy"] + of_link["modules"] + of_link["ocs"])),
                "ns_per_m": float(median(propagation_ns_per_m(path, design, catalogue))),
            }
    except (OptinetError, KeyError):  # written by an optinet whose components this one does not know
        return {}, {}
    return paths, latencies
