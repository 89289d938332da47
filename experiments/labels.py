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
    "switching": ("Switching", ""),
    "packaging": ("Optics", ""),
    "delivered_gbps_per_endpoint": ("Delivered", "Gb/s/endpoint"),
    "throughput": ("Throughput", "× demand"),
    "latency_mean_ns": ("Mean latency", "ns"),
    "latency_p99_ns": ("p99 latency", "ns"),
    "network_kw": ("Power", "kW"),
    "network_w_per_endpoint": ("Power", "W/endpoint"),
    "network_without_nic_and_chip_kw": ("Power w/o NIC and chip", "kW"),
    "facility_kw": ("Facility power", "kW"),
    "energy_pj_per_bit": ("Energy", "pJ/bit"),
    "worst_link_3sigma_margin_db": ("3σ margin", "dB"),
    "worst_link_typical_margin_db": ("Typical margin", "dB"),
    "worst_link_worst_case_margin_db": ("Worst-case margin", "dB"),
    "cost_per_endpoint_usd": ("Cost", "USD/endpoint"),
    "cost_usd_per_gbps": ("Cost", "USD per delivered Gb/s"),
    "cost_usd": ("Cost of all", "USD"),
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
_ACRONYMS = {"nic": "NIC", "ocs": "OCS", "dsp": "DSP", "tia": "TIA", "serdes": "SerDes", "pm": "PM"}


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
        return f"{readable(_without_unit(key)).capitalize()} ({' '.join(tables)})", unit_text(name)
    return (f"{title} ({workload})", unit) if unit else (name, unit_text(name))


def _without_unit(key: str) -> str:
    """Return a key such as ``length_s`` without the unit at its end."""
    suffix = next((each for each in _UNITS if key.endswith(each)), "")
    return key.removesuffix(suffix)


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
