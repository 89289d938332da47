# SPDX-License-Identifier: Apache-2.0
"""The columns of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DELIVERED = "delivered_gbps_per_endpoint"
OPTIMUM = "optimum_gbps_per_endpoint"
TIME, BUS, MAKESPAN = "collective_time_ms", "bus_gbps_per_endpoint", "makespan_ms"
BISECTION = "bisection_links"
CLOSING = ("closes", "")
"""Verdicts on the worst link of a run that may be best at something; the second is that of a run without budgets."""
SAME_RATE = 0.01
"""Share of a rate within which rates are the same: optima are proven to it."""


@dataclass(frozen=True)
class Column:
    """One column of a comparison.

    Parameters
    ----------
    key
        Its name for machines; a metric's name, or ``delivered_gbps_per_endpoint.WORKLOAD``.
    heading
        Its lines of heading for people; the last is the unit, perhaps empty.
    digits
        Decimals shown; None for text.
    significant
        Whether `digits` are significant digits, for columns over many orders of magnitude.
    """

    key: str
    heading: tuple[str, ...]
    digits: int | None = 0
    significant: bool = False


METRICS = (
    Column("stretch", ("links between", "switches", ""), 2),
    Column("latency_mean_ns", ("mean", "latency", "ns")),
    Column("latency_p99_ns", ("p99", "latency", "ns")),
    Column("network_kw", ("network", "", "kW"), 1),
    Column("network_without_nic_and_chip_kw", ("without", "NIC/chip", "kW"), 1),
    Column("energy_pj_per_bit", ("energy", "", "pJ/bit"), 1),
    Column("worst_link_typical_margin_db", ("typical", "margin", "dB"), 2),
    Column("worst_link_3sigma_margin_db", ("3-sigma", "margin", "dB"), 2),
    Column("verdict", ("worst", "link", ""), None),
    Column("ocs_boxes", ("OCS", "boxes", "")),
    Column("ocs_ports_used", ("OCS ports", "used", "")),
    Column("reconfiguration_ms", ("recon-", "figure", "ms"), 3, significant=True),
    Column("staying_fraction", ("carried", "staying", ""), 3),
    Column("break_even_s", ("following", "pays after", "s"), 3, significant=True),
    Column("cost_per_endpoint_usd", ("cost per", "endpoint", "USD")),
    Column("fibers", ("fibers", "", "strands")),
)


SIZES = (
    Column("endpoints", ("endpoints", "", "")),
    Column("endpoint_gbps", ("links of an", "endpoint", "Gb/s")),
    Column(BISECTION, ("bisection", "", "links")),
)
TOTALS = (
    Column("copper_pairs", ("copper", "", "pairs")),
    Column("worst_copper_margin_db", ("copper", "margin", "dB"), 1),
    Column("racks", ("racks", "", "")),
    Column("scale_up_to_scale_out_ratio", ("scale-up over", "scale-out", ""), 1),
    Column("switch_tiers", ("switch", "tiers", "")),
    Column("network_w_per_endpoint", ("power per", "endpoint", "W"), 1),
    Column("delivered_tbps", ("delivered", "by all", "Tb/s"), 1),
    Column("cost_usd", ("cost", "", "USD")),
    Column("cost_usd_per_gbps", ("cost per", "delivered", "USD/Gb/s"), 2),
)
"""Shown where designs differ in size, first and last."""


OF_JOBS: Mapping[str, tuple[str, int]] = {
    "step_time_ms": ("step ms", 0),
    "slowdown_ratio": ("slower x", 3),
    "first_token_ms": ("first ms", 0),
    "tokens_per_s_per_user": ("tok/s/user", 1),
    "tokens_per_s": ("tokens/s", 0),
    "exposed_communication_fraction": ("exposed", 3),
    "j_per_token": ("J/token", 3),
    "usd_per_million_tokens": ("USD/M tok", 3),
}
"""Shown of every job: the unit that heads the column, and its digits."""
