# SPDX-License-Identifier: Apache-2.0
"""A saved run with parts down: its demand routed anew over what is left, beside what the run carries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.draft import Draft
from experiments.failed import failed_parts, masks_of
from experiments.plain_values import percent_text
from experiments.present import rows_text
from experiments.saved import saved_demand, saved_routing
from experiments.scenario import Scenario, scenario_of
from optinet.errors import DemandError, SolverError
from optinet.fabric import Fabric
from optinet.failure_masks import FailureMasks, arcs_up
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.limit import limit_of
from optinet.flows.loads import LinkLoads
from optinet.reliability.left import what_is_left
from optinet.reliability.settings import FailedParts
from optinet.results import Run
from optinet.toml_source import TomlSource
from optinet.traffic.demand import Demand

FULLEST = 0.999  # of the largest utilization: arcs that full limit the throughput of a routing together
NO_WAY = "no two endpoints reach each other"
NO_GROUP = "no group of the collective has all its ranks, and ways between them"
_GAP = 0.01


@dataclass(frozen=True, eq=False)
class Degraded:
    """What a run carries with parts down.

    Parameters
    ----------
    run
        The run as it is.
    parts
        What is down, that which was down in the run among it.
    arc_up
        shape (n_arcs,): which arcs are up.
    routing
        That of the loads; where the run's finds no way over what is left, ecmp.
    throughput_before, throughput
        Largest common scale factor that fits of the whole demand, and of what the endpoints served send each other;
        0 where nothing is left.
    delivered_before_gbps, delivered_gbps
        All endpoints together, each bit counted once.
    endpoints, lost_endpoints
        How many there are, and how many are not served: they are down, or cannot reach most others.
    arc_load_gbps
        shape (n_arcs,): loads of what the endpoints served send.
    limiting
        Arcs that limit the throughput: of the proven bound where that was asked for, else the fullest.
    limit
        The same in words.
    bound
        What no routing surpasses, of what the endpoints served send; NaN where it was not asked for.
    """

    run: Run
    parts: FailedParts
    arc_up: NDArray[np.bool_]
    routing: str
    throughput_before: float
    throughput: float
    delivered_before_gbps: float
    delivered_gbps: float
    endpoints: int
    lost_endpoints: int
    arc_load_gbps: NDArray[np.float64]
    limiting: NDArray[np.int64]
    limit: str
    bound: float = np.nan

    @property
    def links_down(self) -> int:
        """Links that carry nothing any more."""
        return int(np.count_nonzero(~self.arc_up.reshape(-1, 2).any(axis=1)))


def degraded(
    run: Run, parts: FailedParts, *, instead: bool = False, bound: bool = False, time_budget_s: float = 60.0
) -> Degraded:
    """Route the demand of a run over what is left of its fabric.

    Parameters
    ----------
    run
        A run made by 'run' or 'sweep'.
    parts
        What is down besides what was down in the run.
    instead
        Whether these parts alone are down, and not those of the run.
    bound
        Whether to find what no routing surpasses, and where that limit is, within `time_budget_s`.

    Raises
    ------
    OptinetError
        If the fabric has no such parts, or the run was made by an optinet whose workloads this one does not know.
    """
    fabric, parts = run.fabric, parts if instead else failed_parts(run.scenario) + parts
    masks = next(masks_of(fabric, run.scenario, parts))
    demand, arc_up = _demand(run, masks), masks.arc_up
    name, options = saved_routing(run)
    before = run.loads.throughput
    left = what_is_left(fabric, demand, name, arc_up, masks.node_up, **options) if demand is not None else None
    delivered_before = run.metric("delivered_tbps").value * 1e3
    everyone = np.ones(fabric.n_endpoints, dtype=bool)
    asked = everyone if demand is None or run.table("collective") else demand.active  # one goes on without lost ranks
    if left is None:
        nothing, sent = np.zeros(fabric.n_arcs), int(np.count_nonzero(asked))
        return Degraded(
            run, parts, arc_up, name, before, 0.0, delivered_before, 0.0, sent, sent, nothing,
            np.zeros(0, dtype=np.int64), NO_WAY if demand is not None else NO_GROUP,
        )  # fmt: skip
    limiting, text, most = _fullest(fabric, left.loads)
    if bound:
        limiting, text, most = _proven(fabric, left.demand, arc_up, time_budget_s)
    return Degraded(
        run,
        parts,
        arc_up,
        left.loads.routing,
        before,
        left.loads.throughput,
        delivered_before,
        left.delivered_gbps,
        int(np.count_nonzero(asked)),
        int(np.count_nonzero(asked & ~left.served)),
        left.loads.arc_load_gbps,
        limiting,
        text,
        most,
    )


def _demand(run: Run, masks: FailureMasks) -> Demand | None:
    """Return what is asked of the fabric; None for a collective that cannot run, having no way or no whole group."""
    try:
        return saved_demand(run, masks)
    except (SolverError, DemandError):
        if arcs_up(masks) is None or not run.table("collective"):
            raise
        return None


def _fullest(fabric: Fabric, loads: LinkLoads) -> tuple[NDArray[np.int64], str, float]:
    most = float(loads.utilization.max(initial=0.0))
    arcs = np.flatnonzero((loads.utilization >= FULLEST * most) & (most > 0))
    of = ", ".join(fabric.link_class_names[i] for i in np.unique(fabric.link_class[arcs // 2]).tolist())
    return arcs, f"{len(arcs):,} arcs of {of} are the fullest, at {100 * most:,.1f} % of capacity", np.nan


def _proven(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_], time_budget_s: float
) -> tuple[NDArray[np.int64], str, float]:
    flow = concurrent_flow(fabric, demand, gap=_GAP, arc_up=arc_up, time_budget_s=time_budget_s)
    found = limit_of(fabric, flow, arc_up=arc_up)
    return found.arcs, found.text, flow.upper


def degraded_json(found: Degraded) -> dict[str, Any]:
    """Return it as plain data, the arrays left out."""
    names = (
        *("routing", "throughput_before", "throughput", "delivered_before_gbps", "delivered_gbps"),
        *("endpoints", "lost_endpoints", "links_down", "limit", "bound"),
    )
    return {"run": str(found.run.path), **{name: getattr(found, name) for name in names}}


def degraded_text(found: Degraded, width: int | None) -> str:
    """Return it as a table for people."""
    share = found.delivered_gbps / found.delivered_before_gbps - 1 if found.delivered_before_gbps else 0.0
    rows = [
        ("throughput", f"{found.throughput_before:.4g}", f"{found.throughput:.4g}", found.routing),
        (
            "delivered Gb/s",
            f"{found.delivered_before_gbps:,.1f}",
            f"{found.delivered_gbps:,.1f}",
            percent_text(share, signed=True),
        ),
        ("endpoints served", f"{found.endpoints:,}", f"{found.endpoints - found.lost_endpoints:,}", ""),
        ("links up", f"{found.run.fabric.n_links:,}", f"{found.run.fabric.n_links - found.links_down:,}", ""),
    ]
    if not np.isnan(found.bound):
        rows.append(("no routing more than", "", f"{found.bound:.4g}", ""))
    before = "as run" if failed_parts(found.run.scenario) else "intact"
    table = rows_text((found.run.title, before, "with parts down", ""), rows, width)
    return f"{table}down: {found.parts.text or 'nothing'}\nwhat limits: {found.limit}\n"


def degraded_scenario(found: Degraded) -> Scenario:
    """Return the scenario of the run with its parts down, so that it can be evaluated as a run of its own.

    Raises
    ------
    ScenarioError
        If the run was made by an optinet whose topologies or workloads this one does not know.
    """
    values = {key: value for key, value in found.run.scenario.items() if key != "failed"} | {
        "failed": found.parts.plain()
    }
    source = TomlSource(str(found.run.path), "", values)
    return scenario_of(Draft().merged({key: value for key, value in values.items() if value not in ({}, None)}, source))


def save_loads(found: Degraded, path: Path) -> None:
    """Write loads, what is up and what limits as NumPy arrays."""
    with path.open("wb") as file:
        np.savez(file, arc_load_gbps=found.arc_load_gbps, arc_up=found.arc_up, limiting=found.limiting)
