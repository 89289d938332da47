# SPDX-License-Identifier: Apache-2.0
"""What people call metrics, keys of scenarios, and parts, in tables and on the axes of charts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from optinet.units import UNIT_OF_SUFFIX, unit_of

TITLES: Mapping[str, tuple[str, str]] = {
    "design": ("Design", ""),
    "workload": ("Workload", ""),
    "topology": ("Topology", ""),
    "routing": ("Routing", ""),
    "tags": ("Tags of the scenario", ""),
    "switching": ("Switching", ""),
    "packaging": ("Optics", ""),
    "delivered_gbps_per_endpoint": ("Delivered", "Gb/s/endpoint"),
    "throughput": ("Throughput", "× demand"),
    "latency_mean_ns": ("Mean latency", "ns"),
    "latency_p99_ns": ("p99 latency", "ns"),
    "network_kw": ("Power", "kW"),
    "latency_min_ns": ("Least latency", "ns"),
    "latency_p50_ns": ("Median latency", "ns"),
    "latency_max_ns": ("Largest latency", "ns"),
    "loaded_latency_mean_ns": ("Mean latency under load", "ns"),
    "loaded_latency_p99_ns": ("p99 latency under load", "ns"),
    "optimum_gbps_per_endpoint": ("Delivered by the best routing", "Gb/s/endpoint"),
    "endpoint_gbps": ("Links of an endpoint", "Gb/s"),
    "scale_out_gbps": ("Scale-out links of an endpoint", "Gb/s"),
    "scale_up_to_scale_out_ratio": ("Scale-up over scale-out", ""),
    "bisection_links": ("Bisection", "links"),
    "stretch": ("Links between switches", "mean"),
    "collective_time_ms": ("Collective time", "ms"),
    "collective_bound_ms": ("Bound of the collective time", "ms"),
    "collective_latency_fraction": ("Latency in the collective time", "share"),
    "bus_gbps_per_endpoint": ("Bus bandwidth", "Gb/s/endpoint"),
    "makespan_ms": ("Time of all flows", "ms"),
    "flow_p50_ms": ("Median flow completion time", "ms"),
    "flow_p99_ms": ("p99 flow completion time", "ms"),
    "flow_startup_us": ("Startup of a flow", "us"),
    "network_w_per_endpoint": ("Power", "W/endpoint"),
    "network_without_nic_and_chip_kw": ("Power w/o NIC and chip", "kW"),
    "facility_kw": ("Facility power", "kW"),
    "energy_pj_per_bit": ("Energy", "pJ/bit"),
    "pue_ratio": ("PUE", ""),
    "rack_kw": ("Densest rack", "kW"),
    "racks_over_limit": ("Racks over their limit", ""),
    "energy_kwh_per_year": ("Energy of a year", "kWh"),
    "energy_usd_per_year": ("Energy of a year", "USD"),
    "worst_copper_margin_db": ("Copper margin", "dB"),
    "link_yield_fraction": ("Links that close", "share"),
    "links_expected_to_fail": ("Links expected not to close", ""),
    "edge_utilization": ("Chip edge taken by optics", "share"),
    "blast_radius_gbps": ("Blast radius", "Gb/s"),
    "pm_fibers": ("PM fibers", ""),
    "worst_link_3sigma_margin_db": ("3σ margin", "dB"),
    "worst_link_typical_margin_db": ("Typical margin", "dB"),
    "worst_link_worst_case_margin_db": ("Worst-case margin", "dB"),
    "cost_per_endpoint_usd": ("Cost", "USD/endpoint"),
    "cost_usd_per_gbps": ("Cost", "USD per delivered Gb/s"),
    "cost_usd": ("Cost of all", "USD"),
    "life_cost_usd": ("Cost of its life", "USD"),
    "life_cost_per_endpoint_usd": ("Cost of its life", "USD/endpoint"),
    "life_cost_usd_per_gbps": ("Cost of its life", "USD per delivered Gb/s"),
    "optics_usd": ("Cost of optics", "USD"),
    "optics_bom_usd": ("Cost of optics, engines by their parts", "USD"),
    "step_time_ms": ("Step time", "ms"),
    "computing_ms": ("Computing in a step", "ms"),
    "exposed_ms": ("Exposed communication", "ms"),
    "exposed_communication_fraction": ("Exposed communication", "share"),
    "bubble_fraction": ("Pipeline bubble", "share"),
    "mfu_fraction": ("MFU", "share"),
    "memory_gb": ("Memory used", "GB"),
    "memory_fraction": ("Memory used", "share"),
    "cache_gb": ("KV cache", "GB"),
    "first_token_ms": ("Time to first token", "ms"),
    "tokens_per_s": ("Tokens", "1/s"),
    "tokens_per_s_per_endpoint": ("Tokens", "1/s/endpoint"),
    "tokens_per_s_per_user": ("Tokens", "1/s/user"),
    "j_per_token": ("Energy", "J/token"),
    "usd_per_million_tokens": ("Cost", "USD per million tokens"),
    "network_energy_fraction": ("Network in the energy", "share"),
    "network_cost_fraction": ("Network in the cost", "share"),
    "slowdown_ratio": ("Slowest job beside others", "× alone"),
    "worst_slowdown_ratio": ("Slowest job at the worst", "× alone"),
    "delivered_mean_fraction": ("Delivered on average over failures", "share"),
    "full_delivery_time_fraction": ("Time of full delivery", "share"),
    "step_stopped_time_fraction": ("Time the job stands still", "share"),
    "ocs_boxes": ("OCS", "boxes"),
    "ocs_ports_used": ("OCS ports used", ""),
    "reconfiguration_ms": ("Reconfiguration", "ms"),
    "fibers": ("Fibers", ""),
    "failures_per_day": ("Failures", "per day"),
    "delivered_tbps": ("Delivered by all", "Tb/s"),
    "endpoints": ("Endpoints", ""),
    "phases.length_s": ("Phase length", "s"),
    "phases.count": ("Phases", ""),
    "following_fraction": ("Carried by following", "share of the demand"),
    "staying_fraction": ("Carried by staying", "share of the demand"),
    "break_even_s": ("Following pays from a phase of", "s"),
    "dark_ms": ("Dark time", "ms"),
}
"""Title and unit of what has a better name than its own."""

_UNITS = sorted((suffix for suffix, unit in UNIT_OF_SUFFIX.items() if unit != "1"), key=len, reverse=True)
_RATES = ("_gbps", "_tbps")
_COUNTED = re.compile(r"_per_[a-z]+$")
_ACRONYMS = {
    "gpu": "GPU",
    "nic": "NIC",
    "ocs": "OCS",
    "dsp": "DSP",
    "tia": "TIA",
    "serdes": "SerDes",
    "phy": "PHY",
    "pm": "PM",
}


def label_of(name: str) -> str:
    """Return what an axis calls a metric or a key of a scenario, with its unit; the workload it is under in brackets.

    Parameters
    ----------
    name
        Such as ``network_kw``, ``topology.leaves`` or, of a comparison, ``delivered_gbps_per_endpoint.uniform``.
    """
    title, unit = title_and_unit(name)
    return f"{title}, {unit}" if unit else title


def title_and_unit(name: str) -> tuple[str, str]:
    """Return what people call a metric or a key of a scenario, and its unit; empty where there is none."""
    if name in TITLES:
        return TITLES[name]
    metric, _, workload = name.partition(".")
    title, unit = TITLES.get(metric, ("", ""))
    # a key of a scenario begins with what has no unit, such as topology
    if workload and not unit and unit_of(metric) == "1" and "_" not in metric:
        *tables, key = name.split(".")
        return f"{_capitalized(readable(_without_unit(key)))} ({' '.join(tables)})", unit_text(name)
    if title or not workload:
        called = title or _capitalized(readable(_without_unit(name)))
        return (f"{called} ({workload})" if workload else called), unit if title else unit_text(name)
    return name, unit_text(name)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]  # acronyms stay as they are


def _without_unit(key: str) -> str:
    """Return a key such as ``length_s`` without its unit, for which bits per second leave ``rate``."""
    suffix = next((each for each in _UNITS if f"_{key}".endswith(each)), "")
    counted_by = _COUNTED.search(key)
    if counted_by is not None and not suffix:
        return f"{_without_unit(key[: counted_by.start()])}{counted_by[0]}"
    return f"{f'_{key}'.removesuffix(suffix)}{'_rate' if suffix in _RATES else ''}".strip("_") or key


def unit_text(name: str) -> str:
    """Return the unit of a metric or key of a scenario for people; empty where there is none."""
    unit = re.sub(r"(^|(?<=\w)) ?(\w+)-1\b", r"/\2", unit_of(name.rpartition(".")[2]))
    unit = f"1{unit}" if unit.startswith("/") else unit
    return {"1": "", "Gbit/s": "Gb/s", "Tbit/s": "Tb/s"}.get(unit, unit)


def readable(name: str) -> str:
    """Return a category or part such as ``switch_chips`` as people write it."""
    return " ".join(_ACRONYMS.get(word, word) for word in name.replace("_", " ").split())


def counted(count: int, what: str) -> str:
    """Return a number of things, such as "1 run" and "2,000 runs"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
