# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from optinet.units import is_count, is_fraction, unit_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("capacity_gbps", "Gbit s-1"),
        ("latency_ns", "ns"),
        ("switching_time_ms", "ms"),
        ("length_m", "m"),
        ("power_w", "W"),
        ("optical_power_mw", "mW"),
        ("network_kw", "kW"),
        ("insertion_loss_db", "dB"),
        ("tx_oma_dbm", "dBm"),
        ("attenuation_db_per_km", "dB km-1"),
        ("latency_ns_per_m", "ns m-1"),
        ("energy_pj_per_bit", "pJ bit-1"),
        ("price_usd", "USD"),
        ("price_usd_per_m", "USD m-1"),
        ("price_usd_per_kwh", "USD kW-1 h-1"),
        ("price_usd_per_port", "USD"),
        ("delivered_gbps_per_endpoint", "Gbit s-1"),
        ("network_w_per_gbps", "W s Gbit-1"),
        ("port_fit", "FIT"),
        ("fit", "FIT"),
        ("mtbf_hours", "h"),
        ("idle_power_fraction", "1"),
        ("fibers_per_rack_unit", "1"),
        ("lanes_per_fiber", "1"),
        ("ports", "1"),
        ("throughput", "1"),
    ],
)
def test_the_longest_ending_decides_the_unit(name, unit):
    assert unit_of(name) == unit


def test_counts_have_neither_unit_nor_fraction():
    assert is_count("ports")
    assert is_count("fibers_per_rack_unit")
    assert not is_count("idle_power_fraction")
    assert not is_count("price_usd_per_port")
    assert is_fraction("idle_power_fraction")
