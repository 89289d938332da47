# SPDX-License-Identifier: Apache-2.0
"""The content of a run file, before any HDF5: plain arrays and texts under the names of `optinet.results.schema`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from optinet.models.cost import is_priced, price_key
from optinet.models.values import Quantity, median
from optinet.results.replay_content import replay_group
from optinet.results.schema import GROUPS, PER_CLASS
from optinet.structure import structure_from_dict, structure_to_dict

if TYPE_CHECKING:
    from optinet.assessment import Assessment
    from optinet.catalogue import Catalogue
    from optinet.fabric import Fabric
    from optinet.models.bom import BomLine
    from optinet.models.collectives import CollectiveReport
    from optinet.models.copper_links import CopperLink
    from optinet.models.cost import CostLine
    from optinet.models.facility import FacilityPower
    from optinet.models.latency import LatencyDistribution
    from optinet.models.link_budget import LinkBudget
    from optinet.models.link_limits import LinkLimits
    from optinet.models.packaging import SwitchOptics
    from optinet.models.physical_path import PhysicalPath
    from optinet.models.racks import Racks
    from optinet.plant import OpticalPlant
    from optinet.solution import Optimum, Solution

_BINS = 50
_PRICES = ("price_usd", "price_low_usd", "price_high_usd", "cost_usd", "cost_low_usd", "cost_high_usd", "maker_usd")
Groups: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class RunContent:
    """Everything a run file holds.

    Parameters
    ----------
    title, case, routing, verdict
        The run's headline: what it is, which design of a study, the routing used, and the verdict of its worst link.
    scenario_sha256
        Hash of the resolved scenario; a sweep knows by it which points are done.
    groups
        For each group its columns; a group without rows may be left out.
    provenance
        Columns of the one group that may differ between two runs of one scenario.
    """

    title: str
    case: str
    routing: str
    verdict: str
    scenario_sha256: str
    groups: Groups
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of the file's root."""
        names = ("title", "case", "routing", "verdict", "scenario_sha256")
        return {name: str(getattr(self, name)) for name in names}

    # what `optinet.results.Run` has under the same names

    @property
    def scenario(self) -> dict[str, Any]:
        """The resolved scenario."""
        found: dict[str, Any] = json.loads(self.groups["scenario"]["json"])
        return found

    @property
    def metric_values(self) -> dict[str, float]:
        """The values of all metrics by name."""
        metrics = self.groups["metrics"]
        return dict(zip(metrics["name"], map(float, metrics["value"]), strict=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers must know."""
        return tuple(self.groups.get("notes", {}).get("text", ()))


def fabric_groups(fabric: Fabric) -> dict[str, dict[str, Any]]:
    """Return the groups that describe a fabric: nodes, links, link_classes, structure and plant."""
    groups: dict[str, dict[str, Any]] = {
        "nodes": {
            "kind": fabric.node_kind,
            "tier": fabric.node_tier,
            "group": fabric.node_group,
            "name": [str(name) for name in fabric.node_names],
        },
        "links": {
            "tail": fabric.arc_tail[::2],
            "head": fabric.arc_head[::2],
            "link_class": fabric.link_class,
            "length_m": fabric.link_length_m,
            "cost": fabric.link_cost,
        },
        "link_classes": {
            "name": list(fabric.link_class_names),
            "n_links": np.bincount(fabric.link_class, minlength=len(fabric.link_class_names)),
        },
        "structure": {"json": json.dumps(structure_to_dict(fabric.structure))},
    }
    if fabric.plant is not None:
        groups["plant"] = _plant(fabric.plant)
    return groups


def _plant(plant: OpticalPlant) -> dict[str, Any]:
    return {
        "n_ocs": plant.n_ocs,
        "ports_needed": plant.ports_needed,
        "ports_per_end": plant.ports_per_end,
        "end_ocs": plant.end_ocs,
        "end_port": plant.end_port,
        "end_node": plant.end_node,
        "end_gbps": plant.end_gbps,
        "end_leg_m": plant.end_leg_m,
        "circuit_ends": plant.circuit_ends.reshape(-1, 2),
        "circuit_link": plant.circuit_link,
    }


def fabric_of(table: Callable[[str], Mapping[str, Any]]) -> Fabric:
    """Return the fabric that `fabric_groups` described.

    Parameters
    ----------
    table
        Returns the columns of a group, or none where a run has no such group.
    """
    from optinet.fabric import Fabric

    nodes, links, capacity_gbps = table("nodes"), table("links"), table("arcs")["capacity_gbps"]
    plant = table("plant")
    return Fabric.from_links(
        nodes["kind"],
        np.column_stack((links["tail"], links["head"])),
        capacity_gbps=capacity_gbps[::2],
        reverse_capacity_gbps=capacity_gbps[1::2],
        length_m=links["length_m"],
        cost=links["cost"],
        link_class=links["link_class"],
        link_class_names=table("link_classes")["name"],
        node_tier=nodes["tier"],
        node_group=nodes["group"],
        node_names=nodes["name"],
        structure=structure_from_dict(json.loads(table("structure")["json"])),
        plant=_plant_of(plant, capacity_gbps[::2], links["length_m"]) if plant else None,
    )


def _plant_of(
    table: Mapping[str, Any], link_gbps: NDArray[np.float64], link_length_m: NDArray[np.float64]
) -> OpticalPlant:
    from optinet.plant import OpticalPlant

    arrays = ("end_ocs", "end_port", "end_node", "circuit_ends", "circuit_link")
    stored = {name: table[name] for name in arrays}
    for name, of_link in (("end_gbps", link_gbps), ("end_leg_m", link_length_m / 2)):
        if name in table:
            stored[name] = table[name]
        else:  # an early file: what the links say, and for ends without a circuit what most of them say
            stored[name] = np.full(len(table["end_ocs"]), np.median(of_link[table["circuit_link"]]))
            stored[name][table["circuit_ends"]] = of_link[table["circuit_link"]][:, None]
    return OpticalPlant(int(table["n_ocs"]), **stored, ports_per_end=int(table.get("ports_per_end", 1)))


def solution_groups(solution: Solution) -> dict[str, dict[str, Any]]:
    """Return the groups that describe how a demand was solved: arcs, routing, paths, and the optimum if it is known."""
    paths = solution.paths
    return {
        **({"optimum": _optimum(solution.optimum)} if solution.optimum else {}),
        **({"replay": replay_group(solution.replay)} if solution.replay else {}),
        "arcs": {
            "capacity_gbps": solution.fabric.arc_capacity_gbps,
            "load_gbps": solution.loads.arc_load_gbps,
            "utilization": solution.loads.utilization,
        },
        "routing": {
            "name": list(solution.alternatives),
            "throughput": list(solution.alternatives.values()),
            "used": [name == solution.routing for name in solution.alternatives],
        },
        "paths": {
            "hops": paths.hops,
            "length_m": paths.length_m,
            "weight": paths.weight,
            "kind_link_class": paths.kinds.link_class,
            "kind_head_tier": paths.kinds.head_tier,
            "kind_head": paths.kinds.head_kind,
            "method": paths.method,
        },
    }


def _optimum(optimum: Optimum) -> dict[str, Any]:
    flow, limit = optimum.flow, optimum.limit
    names = ("link_class", "deciding_arcs", "saturated_arcs", "best_link", "one_more_link")
    return {
        **{name: getattr(flow, name) for name in ("lower", "upper", "method", "note")},
        "gap_fraction": flow.gap,
        "limit": limit.text,
        **_columns(limit.classes, names),
        "share_fraction": [each.share for each in limit.classes],
        "arc_share_fraction": limit.arc_share,
    }


def assessment_groups(assessment: Assessment, catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Return the groups that hold what the models say; medians where there are draws."""
    watts, facility = assessment.power, assessment.power.facility
    parts_w = {"network": facility.it_w, "power chain": facility.chain_loss_w, "cooling": facility.cooling_w}
    groups = {
        "power": _by_key("category", "power_w", watts.by_category_w),
        "facility": _by_key("category", "power_w", parts_w),
        "cost": _by_key("category", "cost_usd", assessment.cost.by_category_usd),
        "latency": _latency(assessment.latency),
        "failures": _by_key("role", "failures_per_day", assessment.failures.per_day),
        "physical_paths": _physical_paths(assessment.paths),
        "switch_optics": _switch_optics(assessment.optics),
        "conservation": _columns(assessment.balances, ("where", "what", "needed", "supplied", "exact")),
        "heat": _heat(facility),
        "racks": _racks(assessment.racks),
        "copper": _copper(assessment.copper),
        "bom": _bom(assessment, catalogue),
        "metrics": _columns(assessment.metrics, ("name", "value", "low", "high", "unit", "meaning")),
        "notes": {"text": list(assessment.notes)},
    }
    if (pause := assessment.reconfiguration) is not None:
        parts_ms = {
            "switching": pause.switching_time_ms,
            "re-acquisition": pause.reacquire_time_ms,
            "controller": pause.controller_overhead_ms,
        }
        groups["reconfiguration"] = _by_key("part", "part_ms", parts_ms)
    if assessment.collective is not None:
        groups["collective"] = _collective(assessment.collective)
    budgets = zip(assessment.budgets, assessment.limits, strict=True)
    return groups | {f"{PER_CLASS}/{_group_name(each.link_class)}": _budget(each, limits) for each, limits in budgets}


def _collective(found: CollectiveReport) -> dict[str, Any]:
    solved = found.solved
    n_groups, n_ranks = solved.shape
    return {
        **{name: getattr(solved, name) for name in ("operation", "algorithm", "routing", "size_gbit", "bound_s")},
        "bound_reason": solved.bound_reason,
        "n_groups": n_groups,
        "n_ranks": n_ranks,
        "step_us": median(found.step_us),
        "phase": [phase.name for phase in solved.phases],
        "n_steps": [phase.repeat for phase in solved.phases],
        "alpha_s": [median(alpha_s) for alpha_s in found.alpha_s],
        **_columns(solved.phases, ("transfer_s", "busiest")),
        **_by_key("tried", "tried_s", found.times_s),
    }


def catalogue_groups(catalogue: Catalogue, used: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Return the groups of the catalogue values a run used, and of the sources they cite."""
    keys = list(used)
    values = [catalogue[component].values[key] for component, key in keys]
    table = _columns(values, ("value", "low", "high", "unit", "source", "basis", "confidence"))
    table["note"] = [value.remark for value in values]
    table |= {"component": [component for component, _ in keys], "key": [key for _, key in keys]}
    cited = sorted({name for value in values for name in value.cited} & set(catalogue.sources()))
    sources = [catalogue.sources()[name] for name in cited]
    return {"catalogue": table, "sources": _columns(sources, ("id", "title", "publisher", "year", "url"))}


def _columns(rows: Iterable[Any], names: Iterable[str]) -> dict[str, Any]:
    rows = list(rows)
    return {name: [getattr(row, name) for row in rows] for name in names}


def _heat(facility: FacilityPower) -> dict[str, Any]:
    table = _columns(facility.heats, ("where", "cooling"))
    return table | {key: [median(getattr(heat, key)) for heat in facility.heats] for key in ("heat_w", "cooling_w")}


def _racks(racks: Iterable[Racks]) -> dict[str, Any]:
    rows = list(racks)
    names = ("where", "component", "rack", "boxes", "boxes_by_height", "boxes_per_rack", "racks", "limit_kw")
    table = _columns(rows, names)
    table["rack_kw"] = [median(each.rack_kw) for each in rows]
    return table | {"over_limit": [each.is_over_limit for each in rows]}


def _copper(links: Iterable[CopperLink]) -> dict[str, Any]:
    rows = list(links)
    names = ("cable", "serdes", "conductor", "nyquist_ghz", "budget_db", "ends_db", "loss_db_per_m", "published_m")
    table = _columns([link.reach for link in rows], (*names, "reach_m"))
    return _columns(rows, ("link_class", "length_m", "margin_db")) | table


def _bom(assessment: Assessment, catalogue: Catalogue) -> dict[str, Any]:
    """Return the bill of materials with its prices, their ranges, and the failures of every line."""
    lines = assessment.bom.lines
    table = _columns(lines, ("role", "component", "where", "count", "length_m"))
    table["title"] = [catalogue[line.component].title for line in lines]
    costs = iter(assessment.cost.lines)
    rows = [
        _priced(next(costs), line, catalogue) if is_priced(line) else dict.fromkeys(_PRICES, np.nan) for line in lines
    ]
    failing = assessment.failures.per_line
    table["failures_per_day"] = [median(failing.get(line, np.nan)) for line in lines]
    return table | {name: [row[name] for row in rows] for name in _PRICES}


def _priced(cost: CostLine, line: BomLine, catalogue: Catalogue) -> dict[str, float]:
    price = catalogue[line.component].values[price_key(line)]
    prices = (price.value, price.low, price.high)
    costs = (median(cost.cost_usd), cost.low_usd, cost.high_usd, median(cost.maker_usd))
    return dict(zip(_PRICES, (*prices, *costs), strict=True))


def _by_key(key: str, name: str, quantities: Mapping[str, Quantity]) -> dict[str, Any]:
    return {key: list(quantities), name: [median(quantity) for quantity in quantities.values()]}


def _latency(latency: LatencyDistribution) -> dict[str, Any]:
    latency_ns = np.median(np.atleast_2d(latency.latency_ns), axis=0)  # rows are draws, where there are any
    share, edge_ns = np.histogram(latency_ns, bins=_BINS, weights=latency.weight)
    return {
        "latency_ns": latency_ns,
        "weight": latency.weight,
        "histogram_edge_ns": edge_ns,
        "histogram_weight": share,
        **_by_key("part", "part_ns", latency.components_ns),
    }


def _physical_paths(paths: Iterable[PhysicalPath]) -> dict[str, Any]:
    names = (
        *("link_class", "medium", "end_a", "end_b", "through_ocs", "n_links", "spare_ends"),
        *("lanes_per_link", "strands_per_link", "segments", "units_per_end_a", "units_per_end_b"),
    )
    rows = list(paths)
    return _columns(rows, names) | {"capacity_gbps": [path.gbps for path in rows]}


def _switch_optics(optics: Iterable[SwitchOptics]) -> dict[str, Any]:
    rows = list(optics)
    drawn = ("optics_w", "lane_light_mw", "edge_needed_mm", "attach_yield_fraction")
    return _columns(rows, GROUPS["switch_optics"]) | {
        name: [median(getattr(row, name)) for row in rows] for name in drawn
    }


def _budget(budget: LinkBudget, limits: LinkLimits) -> dict[str, Any]:
    names = ("component", "count", "mean_loss_db", "sigma_db", "worst_loss_db", "cumulative_loss_db")
    lines = _columns(budget.lines, names)
    medians = {name: [median(quantity) for quantity in lines[name]] for name in names if name.endswith("_db")}
    return {
        **{name: getattr(budget, name) for name in ("link_class", "n_links", "transmitter", "receiver", "verdict")},
        "fec": budget.fec,
        "fec_needed": budget.fec_needed,
        **{name: median(getattr(budget, name)) for name in ("interference_db", "pre_fec_ber", "pre_fec_ber_3sigma")},
        "ocs_passes_closing": limits.ocs_passes,
        "reach_closing_m": limits.reach_m,
        "power_budget_db": median(budget.power_budget_db),
        "channel_allowance_db": median(budget.channel_allowance_db),
        "typical_margin_db": median(budget.margin.margin_db),
        "margin_3sigma_db": median(budget.margin.margin_3sigma_db),
        "worst_margin_db": median(budget.worst_margin_db),
        "link_yield_fraction": median(budget.link_yield_fraction),
        "links_expected_to_fail": median(budget.links_expected_to_fail),
        "part": [line.name for line in budget.lines],
        **lines,
        **medians,
    }


def _group_name(link_class: str) -> str:
    """Return a link class's name as the name of a group, which may not hold a slash or be a dot."""
    name = quote(link_class, safe=" !\"#$&'()*+,:;<=>?@[]^`{|}~")
    return name.replace(".", "%2E") if not name.strip(".") else name
