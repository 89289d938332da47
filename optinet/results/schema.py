# SPDX-License-Identifier: Apache-2.0
"""What a run file holds: every group, array, dimension, unit and meaning, as data.

Writer, reader, tests and the format page all read this table; nothing about the layout is written down twice. Units
follow from the names (`optinet.units`). A group is a set of columns; the dimension of a table is called like its key
column (``category``, ``name``), which then is the coordinate of the others, or by what its rows are (``node``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from optinet.units import unit_of

FORMAT = "optinet-run"
FORMAT_VERSION = 1  # frozen: see optinet.results.migrate for what may change
CONVENTIONS = "CF-1.11"
SUFFIX = ".h5"
PROVENANCE = "provenance"
BARE_DIMENSION = "This is a netCDF dimension but not a netCDF variable."  # netCDF-4's own mark of one without values

NODE_KINDS = ("host", "chip", "switch")
BOOLEAN = ("no", "yes")


@dataclass(frozen=True)
class Column:
    """One array of a run file.

    Parameters
    ----------
    type
        "float" (float64, missing values are NaN), "int" (int32), "flag" (int8, one of `flags`) or "text" (UTF-8).
    dims
        Names of its dimensions; none for a single value.
    meaning
        One line for people.
    flags
        What the values 0, 1, ... of a flag stand for.
    """

    type: Literal["float", "int", "flag", "text"]
    dims: tuple[str, ...]
    meaning: str
    flags: tuple[str, ...] = ()


def _float(meaning: str, *dims: str) -> Column:
    return Column("float", dims, meaning)


def _int(meaning: str, *dims: str) -> Column:
    return Column("int", dims, meaning)


def _text(meaning: str, *dims: str) -> Column:
    return Column("text", dims, meaning)


def _flag(meaning: str, *dims: str, flags: tuple[str, ...] = BOOLEAN) -> Column:
    return Column("flag", dims, meaning, flags)


GROUPS: dict[str, dict[str, Column]] = {
    "scenario": {
        "toml": _text("the resolved scenario, every default filled in, as a scenario file"),
        "json": _text("the same as JSON"),
    },
    "nodes": {
        "kind": _flag("what the node is; hosts and chips are endpoints", "node", flags=NODE_KINDS),
        "tier": _int("0 for hosts and chips, 1 for leaves, and up", "node"),
        "group": _int("pod, block or cube the node belongs to; -1 for none", "node"),
        "name": _text("name of the node", "node"),
    },
    "links": {
        "tail": _int("node the even arc of the link leaves", "link"),
        "head": _int("node the even arc of the link leads to", "link"),
        "link_class": _int("row of link_classes", "link"),
        "length_m": _float("length from end to end", "link"),
        "cost": _float("routing metric", "link"),
    },
    "link_classes": {
        "name": _text("name of the link class: links of one class are built alike", "name"),
        "n_links": _int("links of the class", "name"),
    },
    "arcs": {
        "capacity_gbps": _float("capacity; arcs 2 i and 2 i + 1 are the two directions of link i", "arc"),
        "load_gbps": _float("load when the whole demand is routed", "arc"),
        "utilization": _float("load over capacity, 0 where the capacity is 0", "arc"),
    },
    "structure": {"json": _text("what the builder knows of the fabric beyond the graph, as JSON; {} for nothing")},
    "plant": {
        "n_ocs": _int("optical circuit switches in one copy of the plant"),
        "ports_needed": _int("ports taken by the fiber ends plugged into the fullest of them"),
        "ports_per_end": _int("ports a fiber end takes: 1 bidirectional, 2 duplex"),
        "end_ocs": _int("optical circuit switch the fiber end is plugged into", "end"),
        "end_port": _int("port the fiber end is plugged into, the first of several", "end"),
        "end_node": _int("node at the far end of the fiber", "end"),
        "end_gbps": _float("rate per direction of the transceiver at the far end of the fiber", "end"),
        "end_leg_m": _float("length of the fiber", "end"),
        "circuit_ends": _int("the two fiber ends the circuit joins", "circuit", "side"),
        "circuit_link": _int("link the circuit makes", "circuit"),
    },
    "routing": {
        "name": _text("routing that was tried", "name"),
        "throughput": _float("largest common scale factor of the demand that fits", "name"),
        "used": _flag("whether loads and paths are of this routing", "name"),
    },
    "optimum": {
        "lower": _float("throughput of a flow that fits: no routing needs to carry less"),
        "upper": _float("throughput that no routing exceeds"),
        "gap_fraction": _float("distance of the two over the lower"),
        "method": _text("how they were found: 'symmetric' and 'lp' are exact, 'fptas' closes in on it"),
        "note": _text("why the gap is larger than asked for, or why a method gave way to another"),
        "limit": _text("where the limit is"),
        "link_class": _text("name of the link class", "link_class"),
        "share_fraction": _float(
            "share in the upper bound: what 1 % more capacity of the class adds at most, in %", "link_class"
        ),
        "deciding_arcs": _int("arcs of the class that decide the upper bound", "link_class"),
        "saturated_arcs": _int("arcs of the class that the flow fills", "link_class"),
        "best_link": _int("link beside which one more of the class could add most; -1 where none adds", "link_class"),
        "one_more_link": _float("the most that it adds to the throughput", "link_class"),
        "arc_share_fraction": _float("share of each arc in the upper bound", "arc"),
    },
    "paths": {
        "hops": _int("hops of each kind on the paths of a signature", "signature", "kind"),
        "length_m": _float("mean length of the paths of a signature", "signature"),
        "weight": _float("share of the traffic that takes paths of a signature", "signature"),
        "kind_link_class": _int("row of link_classes of the hops of a kind", "kind"),
        "kind_head_tier": _int("tier of the nodes that hops of a kind lead to", "kind"),
        "kind_head": _flag("kind of the nodes that hops of a kind lead to", "kind", flags=NODE_KINDS),
        "method": _text("'exact', or how the paths were sampled"),
    },
    "power": {
        "category": _text("what draws the power", "category"),
        "power_w": _float("electrical power at the delivered load, before the facility", "category"),
    },
    "facility": {
        "category": _text("the network itself, and what the building adds to it", "category"),
        "power_w": _float("electrical power", "category"),
    },
    "heat": {
        "where": _text("tier of switches, or other place the heat comes from", "place"),
        "cooling": _text("component that carries it", "place"),
        "heat_w": _float("heat", "place"),
        "cooling_w": _float("power that carrying it takes", "place"),
    },
    "racks": {
        "where": _text("tier of switches, or other place", "place"),
        "component": _text("component that is the box", "place"),
        "rack": _text("component that is the rack", "place"),
        "boxes": _int("boxes in all", "place"),
        "boxes_by_height": _int("boxes that fit a rack by height; 0 where height does not count", "place"),
        "boxes_per_rack": _int("boxes that go into a rack", "place"),
        "racks": _int("racks; none of their own for switches in the racks of hosts", "place"),
        "rack_kw": _float("power of a rack as filled, at full load", "place"),
        "limit_kw": _float("power that a rack carries", "place"),
        "over_limit": _flag(
            "whether power keeps racks from being filled, or racks as told draw more than they carry", "place"
        ),
    },
    "job": {
        "kind": _text("'training' or 'serving'"),
        "model": _text("what is trained or served"),
        "compute": _text("number format whose peak rate counts"),
        "routing": _text("routing its exchanges were timed with"),
        "parallelism": _text("into how many parts it is cut and where they are, as a scenario says it, as JSON"),
        "n_endpoints": _int("endpoints of the job"),
        "stages": _int("pipeline stages"),
        "replicas": _int("replicas of what is outside routed experts"),
        "batch": _float("sequences of a step, or requests that each replica answers at a time"),
        "tokens": _float("tokens of a cycle: a step, or a batch of requests"),
        "model_tflop": _float("operations that the model needs for one of these tokens"),
        "weights_gb": _float("weights on the fullest endpoint"),
        "gradients_gb": _float("gradients on it"),
        "optimizer_gb": _float("states of the optimizer on it"),
        "activations_gb": _float("activations on it, or its cache"),
        "cache_gb": _float("cache of keys and values on it"),
        "overlaps": _flag("whether exchanges run behind computing, as the assumptions say"),
        "cycle_s": _float("time of a cycle that the rates of the demand follow from"),
    },
    "job_phases": {
        "name": _text("what is done", "name"),
        "count": _float("how often in a cycle", "name"),
        "microbatches": _float("microbatches of one phase", "name"),
        "fill": _float("microbatches' worth of time in which the pipeline fills", "name"),
        "tokens": _float("tokens of one phase", "name"),
        "tflop": _float("operations of an endpoint of the fullest stage in a microbatch", "name"),
        "routed_fraction": _float("share of them in routed experts", "name"),
        "memory_gb": _float("read from memory in a microbatch", "name"),
        "micro_s": _float("time of a microbatch on one stage", "name"),
        "compute_s": _float("time of a phase spent computing, or reading memory", "name"),
        "exposed_s": _float("time of a phase spent waiting for the network", "name"),
        "bubble_s": _float("time of a phase in which the pipeline fills", "name"),
        "exchange_s": _float("time of all exchanges of a phase, hidden ones inside", "name"),
    },
    "job_exchanges": {
        "phase": _text("phase it belongs to", "exchange"),
        "kind": _text("dimension of parallelism it is for", "exchange"),
        "operation": _text("collective, or 'send'", "exchange"),
        "members": _text("kind of group that exchanges", "exchange"),
        "size_gbit": _float("size as the operation counts it", "exchange"),
        "count": _float("how often in a microbatch, or at the end", "exchange"),
        "once": _flag("whether at the end of a phase and not in every microbatch", "exchange"),
        "transfer_s": _float("time of its bits on the busiest arc", "exchange"),
        "steps": _int("steps one after another", "exchange"),
        "bound_s": _float("least time that any algorithm needs for the bits", "exchange"),
        "algorithm": _text("how it is done", "exchange"),
    },
    "copper": {
        "link_class": _text("name of the link class", "copper"),
        "cable": _text("component that is the cable", "copper"),
        "serdes": _text("component that drives it", "copper"),
        "conductor": _text("component that is the wire or laminate", "copper"),
        "nyquist_ghz": _float("frequency of the losses", "copper"),
        "budget_db": _float("loss that the SerDes cover, gain of equalizers inside", "copper"),
        "ends_db": _float("loss of both ends", "copper"),
        "loss_db_per_m": _float("loss of a meter", "copper"),
        "reach_m": _float("longest link within the budget", "copper"),
        "published_m": _float("reach as published", "copper"),
        "length_m": _float("longest link of the class", "copper"),
        "margin_db": _float("what it leaves of the budget", "copper"),
    },
    "cost": {
        "category": _text("what is bought", "category"),
        "cost_usd": _float("cost of the category", "category"),
    },
    "latency": {
        "latency_ns": _float("latency at zero load from endpoint to endpoint, of each path signature", "signature"),
        "weight": _float("share of the traffic with this latency", "signature"),
        "histogram_edge_ns": _float("edges of the histogram's bins", "edge"),
        "histogram_weight": _float("share of the traffic in each bin", "bin"),
        "part": _text("where the time goes", "part"),
        "part_ns": _float("mean time spent there", "part"),
    },
    "reconfiguration": {
        "part": _text("what takes the time, one after the other", "part"),
        "part_ms": _float("time it takes", "part"),
    },
    "collective": {
        "operation": _text("collective operation whose traffic the demand is"),
        "algorithm": _text("how it is done; all traffic together, at line rate, is the demand"),
        "routing": _text("routing of its slowest step"),
        "n_groups": _int("groups of ranks, all at once"),
        "n_ranks": _int("ranks of a group"),
        "size_gbit": _float("full buffer of a rank, as nccl-tests counts it"),
        "bound_s": _float("bandwidth bound that no algorithm beats"),
        "bound_reason": _text("what the bound comes from"),
        "step_us": _float("time that the library takes for a step"),
        "phase": _text("what the steps of a phase do", "phase"),
        "n_steps": _int("steps of the phase, alike and one after another", "phase"),
        "alpha_s": _float("start-up time of a step: library and latency of its longest path", "phase"),
        "transfer_s": _float("time that the bits of a step take on the busiest arc", "phase"),
        "busiest": _text("link class of that arc", "phase"),
        "tried": _text("algorithm that was tried; those that could not win are left out", "tried"),
        "tried_s": _float("time it takes", "tried"),
    },
    "replay": {
        "routing": _text("routing whose hash chose the path of every flow"),
        "n_flows": _int("flows on links"),
        "makespan_s": _float("when the last flow has ended"),
        "computing_s": _float("computing of the endpoint that has most of it"),
        "percentile": _float("share of the flows that took no longer, %", "percentile"),
        "completion_s": _float("time from a flow's begin to its end", "percentile"),
    },
    "failures": {
        "role": _text("role of the parts in the bill of materials", "role"),
        "failures_per_day": _float("expected failures of all parts of the role", "role"),
    },
    "availability": {
        "time_fraction": _float("fraction of the time", "time_fraction"),
        "delivered_gbps": _float("rate delivered at least so long, all endpoints together", "time_fraction"),
        "low_gbps": _float("the same by the low end of its interval of time", "time_fraction"),
        "high_gbps": _float("the same by the high end of its interval of time", "time_fraction"),
        "served_fraction": _float("share of the endpoints served at least so long", "time_fraction"),
        "error_fraction": _float("standard error of the fraction of time with that rate", "time_fraction"),
        "rate_gbps": _float("different rates in falling order, failures sampled", "rate"),
        "rate_time_fraction": _float("fraction of the time in which at least so much is delivered", "rate"),
        "rate_time_low_fraction": _float("low end of its 5 to 95 % interval over draws of failures", "rate"),
        "rate_time_high_fraction": _float("high end of that interval", "rate"),
        "rate_error_fraction": _float("standard error: its width over 3.29", "rate"),
        "n_states": _int("states of failure drawn, the intact one among them"),
        "n_solved": _int("different ones among them"),
        "unseen_fraction": _float("fraction of the time not looked at, which counts as carrying nothing"),
    },
    "failure_causes": {
        "kind": _text("what fails", "cause"),
        "part": _text("component, or name of the group", "cause"),
        "where": _text("link class, tier of switches, or other place", "cause"),
        "count": _int("how many of them, each failing by itself", "cause"),
        "failures_fit": _float("failures of one", "cause"),
        "repair_hours": _float("how long it is down each time", "cause"),
        "down_fraction": _float("fraction of the time that one is down", "cause"),
        "extent": _float("links, nodes and fiber ends that one takes down, mean", "cause"),
    },
    "physical_paths": {
        "link_class": _text("name of the link class", "link_class"),
        "medium": _text("fiber or copper", "link_class"),
        "end_a": _text("component at the end nearer the hosts", "link_class"),
        "end_b": _text("component at the other end", "link_class"),
        "through_ocs": _flag("whether circuits make the links", "link_class"),
        "capacity_gbps": _float("capacity of a link per direction", "link_class"),
        "n_links": _int("links of the class", "link_class"),
        "spare_ends": _int("fiber ends on OCS ports without a circuit", "link_class"),
        "lanes_per_link": _int("lanes per direction; 0 in copper", "link_class"),
        "strands_per_link": _int("fibers of one segment, both directions together; 0 in copper", "link_class"),
        "units_per_end_a": _float("modules or cables that one link end a takes", "link_class"),
        "units_per_end_b": _float("modules or cables that one link end b takes", "link_class"),
        "segments": _int("fibers in a row", "link_class"),
    },
    "switch_optics": {
        "where": _text("tier of switches; all numbers are of its fullest box", "optics"),
        "switch": _text("component that is the switch", "optics"),
        "module": _text("component that is the module or engine", "optics"),
        "packaging": _text("where the optics sit and who re-times", "optics"),
        "serdes": _text("component that drives the optics", "optics"),
        "electrical_loss_db": _float("loss from the chip to the optics", "optics"),
        "modules": _int("modules or engines", "optics"),
        "lasers": _int("laser chips, external ones included", "optics"),
        "external_lasers": _int("external laser modules", "optics"),
        "optics_gbps": _float("bandwidth of the link ends they serve, per direction", "optics"),
        "optics_w": _float("power of the modules and external lasers", "optics"),
        "lane_light_mw": _float("light of external lasers that reaches an engine for each transmit lane", "optics"),
        "edge": _text("what they sit along: front panel, board or package", "optics"),
        "edge_needed_mm": _float("edge they need at the density of their packaging", "optics"),
        "edge_available_mm": _float("edge there is, around one ASIC or at the front panel", "optics"),
        "module_failure_gbps": _float("what a failed module or engine takes down, per direction", "optics"),
        "laser_failure_gbps": _float("what a failed light source takes down", "optics"),
        "repair_gbps": _float("what is down while a module or engine is replaced", "optics"),
        "attach_yield_fraction": _float("share of boxes in which every engine works once attached", "optics"),
    },
    "conservation": {
        "where": _text("link class, or other place", "balance"),
        "what": _text("what is counted", "balance"),
        "needed": _float("what the fabric needs", "balance"),
        "supplied": _float("what the bill of materials supplies", "balance"),
        "exact": _flag("whether the two must be equal", "balance"),
    },
    "link_budgets/*": {
        "link_class": _text("name of the link class"),
        "n_links": _int("links of the class"),
        "transmitter": _text("component that sends in the direction with the smaller margin"),
        "receiver": _text("component that receives"),
        "verdict": _text("'closes', 'at risk' or 'infeasible'"),
        "power_budget_db": _float("typical OMA - TDECQ - sensitivity, with the gain of an inner FEC"),
        "channel_allowance_db": _float("largest channel loss the standard allows"),
        "typical_margin_db": _float("power budget less the typical losses"),
        "margin_3sigma_db": _float("power budget less mean losses and three sigma"),
        "worst_margin_db": _float("channel allowance less the largest losses"),
        "link_yield_fraction": _float("share of the links that close, with every lane in both directions"),
        "links_expected_to_fail": _float("links expected not to close"),
        "interference_db": _float(
            "reflected light over the signal, typical; NaN unless a fiber carries both directions"
        ),
        "fec": _text("forward error correction of the link"),
        "fec_needed": _text("the least under which the link closes at 3 sigma, 'beyond FEC' if none does"),
        "pre_fec_ber": _float("bit error ratio before all FEC at the typical losses"),
        "pre_fec_ber_3sigma": _float("bit error ratio before all FEC at the 3 sigma margin"),
        "ocs_passes_closing": _int("most OCS in a row that close at 3 sigma; -1 if none was asked or nothing closes"),
        "reach_closing_m": _float("longest fiber that closes at 3 sigma, at most the reach of the modules; 0 if none"),
        "part": _text("part of the physical path, in order; 'reflections' for the penalty of reflected light", "part"),
        "component": _text("component it is", "part"),
        "count": _int("how many in this place", "part"),
        "mean_loss_db": _float("typical loss of all of them", "part"),
        "sigma_db": _float("standard deviation of their loss", "part"),
        "worst_loss_db": _float("largest loss of all of them", "part"),
        "cumulative_loss_db": _float("typical loss up to and including them", "part"),
    },
    "bom": {
        "role": _text("what it is there for", "line"),
        "component": _text("component in the catalogue", "line"),
        "where": _text("link class, tier of switches, or other place it belongs to", "line"),
        "count": _int("pieces; strands for fiber", "line"),
        "length_m": _float("length of all strands together; 0 for everything but fiber", "line"),
        "title": _text("what the component is", "line"),
        "price_usd": _float(
            "price of a piece, of a meter of fiber or of a port of an OCS; NaN where inside another", "line"
        ),
        "price_low_usd": _float("low end of its range", "line"),
        "price_high_usd": _float("high end of its range", "line"),
        "cost_usd": _float("cost of the line", "line"),
        "cost_low_usd": _float("cost at the low end of the price", "line"),
        "cost_high_usd": _float("cost at the high end of the price", "line"),
        "maker_usd": _float("cost of the line's parts to their maker, where it is known, else its cost", "line"),
        "failures_per_day": _float("expected failures of the line; NaN where no rate is listed", "line"),
    },
    "catalogue": {
        "component": _text("component", "entry"),
        "key": _text("name of the value", "entry"),
        "value": _float("value used, in the row's own unit", "entry"),
        "low": _float("lowest plausible value", "entry"),
        "high": _float("highest plausible value", "entry"),
        "unit": _text("unit of value, low and high", "entry"),
        "source": _text("ids in sources, or 'estimate' or 'scenario'", "entry"),
        "basis": _text("how the source knows it", "entry"),
        "confidence": _text("A (sure) to C (a guess with a reason)", "entry"),
        "note": _text("remarks", "entry"),
    },
    "sources": {
        "id": _text("id that catalogue cites", "id"),
        "title": _text("title", "id"),
        "publisher": _text("publisher", "id"),
        "year": _int("year of publication, 0 if unknown", "id"),
        "url": _text("address", "id"),
    },
    "metrics": {
        "name": _text("name of the metric", "name"),
        "value": _float("value, in the row's own unit", "name"),
        "low": _float("lower end of its interval, if known", "name"),
        "high": _float("upper end of its interval, if known", "name"),
        "unit": _text("unit of value, low and high", "name"),
        "meaning": _text("what it is", "name"),
    },
    "uncertainty": {
        "n_draws": _int("draws of the catalogue's ranges behind low and high of the metrics"),
        "seed": _int("seed of the draws"),
    },
    "notes": {"text": _text("what a reader of the numbers must know", "note")},
    PROVENANCE: {
        "started_utc": _text("when the run was started"),
        "host": _text("machine it ran on"),
        "platform": _text("operating system and processor"),
        "python": _text("version of Python"),
        "optinet": _text("version of optinet"),
        "git_commit": _text("commit of the working tree optinet ran from; empty when installed"),
        "command_line": _text("command that made the run"),
        "study": _text("title of the study it belongs to, the question it helps to answer; empty for a single run"),
        "stage": _text("stage of the run", "stage"),
        "stage_s": _float("time spent in the stage", "stage"),
        "package": _text("package it used", "package"),
        "version": _text("version of the package", "package"),
    },
}


def _of_several(group: str, dim: str) -> dict[str, Column]:
    """Return the columns of a group of one job as those of several."""
    return {name: replace(column, dims=(dim,)) for name, column in GROUPS[group].items()}


GROUPS |= {
    "jobs": {
        "name": _text("job, as the scenario calls it", "name"),
        **_of_several("job", "name"),
        "cycle_s": _float("time of a cycle beside the other jobs", "name"),
        "mean_cycle_s": _float("the same with a way of 1 us through the network, by which its rates go", "name"),
        "held_by": _text("link class on which it loses most time to other jobs; empty if it loses none", "name"),
        "alone_s": _float("time of a cycle with the fabric for itself", "name"),
        "worst_s": _float("time of a cycle if it always met the exchanges of others that slow it most", "name"),
        "slowdown_ratio": _float("cycle_s over alone_s", "name"),
        "worst_slowdown_ratio": _float("worst_s over alone_s", "name"),
        "exposed_fraction": _float("share of a cycle that waits for the network", "name"),
        "tokens_per_s": _float("tokens beside the other jobs, while steps count", "name"),
        "j_per_token": _float("energy from the grid, lost work inside", "name"),
        "usd_per_million_tokens": _float("prices over the service life and electricity, lost work inside", "name"),
    },
    "jobs_phases": {"job": _text("job it belongs to", "phase"), **_of_several("job_phases", "phase")},
    "jobs_exchanges": {
        "job": _text("job it belongs to", "exchange"),
        **_of_several("job_exchanges", "exchange"),
        "stretch_ratio": _float("time of its bits beside the other jobs over that alone, mean", "exchange"),
        "worst_stretch_ratio": _float("the same always meeting what slows it most", "exchange"),
    },
}

PER_CLASS = "link_budgets"


def columns(group: str) -> dict[str, Column] | None:
    """Return the columns of a group, or None for a group this version does not know."""
    return GROUPS.get(f"{PER_CLASS}/*" if group.startswith(f"{PER_CLASS}/") else group)


def units(name: str, column: Column) -> str:
    """Return the UDUNITS string of a column; text and plain numbers have "1"."""
    return "1" if column.type == "text" else unit_of(name)
