# SPDX-License-Identifier: Apache-2.0
"""A small catalogue of round numbers, so that expectations can be computed by hand."""

from dataclasses import replace

from optinet.catalogue import Catalogue, Component, Value
from optinet.design import Design
from optinet.units import unit_of


def component(name, kind, values, **text):
    """A component; a value is a number or (low, value, high)."""
    listed = {}
    for key, given in values.items():
        low, value, high = given if isinstance(given, tuple) else (given, given, given)
        listed[key] = Value(
            value=float(value),
            low=float(low),
            high=float(high),
            unit=unit_of(key),
            source="estimate",
            basis="estimate",
            confidence="C",
            note="round number",
        )
    return Component(name, kind, name, "", text, listed)


def switch(name, asics=1, asic_gbps=6400, lane_gbps=100, power_w=1000, **more):
    values = {
        "capacity_gbps": asics * asic_gbps,
        "asics": asics,
        "asic_capacity_gbps": asic_gbps,
        "max_port_gbps": 800,
        "lane_gbps": lane_gbps,
        "power_w": power_w,
        "idle_power_fraction": 0.4,
        "latency_ns": 500,
        "price_usd": 10_000,
        "fit": 1000,
        "rack_units": 2,
        "package_edge_mm": 10,
    }
    return component(name, "switch", {**values, **more})


def module(name, rate=800, lanes=8, lanes_per_fiber=1, power=(7, 3, 2, 1, 2), bidirectional="no", **more):
    values = {
        "rate_gbps": rate,
        "lanes": lanes,
        "lane_gbps": rate / lanes,
        "lanes_per_fiber": lanes_per_fiber,
        "power_w": sum(power),
        "lasers": 2,
        "electrical_loss_db": 22,
        "latency_ns": 50,
        "price_usd": 500,
        "tx_oma_dbm": (0, 1, 3),
        "tdecq_db": 2,
        "extinction_ratio_db": (4, 5, 6),
        "rx_sensitivity_dbm": (-6.5, -5, -3.5),
        "channel_allowance_db": 3,
        "reach_m": 500,
        "fit": 700,
    }
    values |= {f"{part}_power_w": w for part, w in zip(("dsp", "laser", "driver", "tia", "other"), power, strict=True)}
    text = {key: more.pop(key) for key in ("packaging", "connector", "circulator_inside") if key in more}
    text = {"packaging": "retimed", "connector": "mpo"} | text
    return component(name, "module", values | more, bidirectional=bidirectional, **text)


def _losses(loss_db, loss_max_db, price_usd, **more):
    return {"loss_db": loss_db, "loss_max_db": loss_max_db, "price_usd": price_usd, **more}


COMPONENTS = [
    switch("box"),
    switch("small_box", asic_gbps=3200),
    switch("box_200", lane_gbps=200),
    switch("box_of_4", asics=4, asic_gbps=1600, lane_gbps=200),
    module("dr8"),
    module("dr8_slow_fec", inner_fec_gain_db=1.5, inner_fec_latency_ns=60),
    module("dr4_200g", rate=800, lanes=4),
    module("dr8_lpo", lanes=4, packaging="lpo"),
    module("dr8_1t6", rate=1600, power=(14, 6, 4, 2, 4)),
    module("fr4_bidi", lanes_per_fiber=4, bidirectional="yes", connector="lc", channel_allowance_db=4),
    module(
        "fr8_bidi", lanes_per_fiber=8, bidirectional="yes", connector="lc", circulator_inside="yes", directivity_db=40
    ),
    module(
        "engine_1t6",
        rate=1600,
        power=(0, 0, 4, 2, 1),
        lasers=8,
        external_laser_lanes=8,
        electrical_loss_db=4,
        latency_ns=3,
        packaging="cpo_2p5d",
    ),
    component(
        "els",
        "external_laser",
        # 2 W of light from 8 W
        {
            "lanes": 8,
            "tx_lanes_fed": 32,
            "optical_power_mw": 250,
            "wall_plug_fraction": 0.25,
            "price_usd": 350,
            "fit": 100,
        },
    ),
    component(
        "dac",
        "cable",
        {
            "rate_gbps": 800,
            "reach_m": 2,
            "end_power_w": 0.1,
            "price_usd": 100,
            "latency_ns_per_m": 4.5,
            "retimer_latency_ns": 0,
        },
        medium="dac",
    ),
    component(
        "aec",
        "cable",
        {
            "rate_gbps": 800,
            "reach_m": 5,
            "end_power_w": 9,
            "price_usd": 400,
            "latency_ns_per_m": 4.5,
            "retimer_latency_ns": 30,
        },
        medium="aec",
    ),
    component(
        "aec_200g",
        "cable",
        {
            "rate_gbps": 800,
            "lane_gbps": 200,
            "reach_m": 4,
            "end_power_w": 9,
            "price_usd": 400,
            "latency_ns_per_m": 4.5,
            "retimer_latency_ns": 30,
        },
        medium="aec",
    ),
    component(
        "mems",
        "ocs",
        {
            "ports": 136,
            "insertion_loss_db": 1.5,
            "insertion_loss_max_db": 2.4,
            "return_loss_db": (40, 46, 50),
            "switching_time_ms": 10,
            "power_w": 100,
            "price_usd_per_port": 300,
            "path_latency_ns": 10,
            "port_fit": 100,
            "mtbf_hours": 200_000,
        },
        technology="MEMS",
        bidirectional="yes",
    ),
    *(
        component(
            name,
            "ocs",
            {
                "ports": ports,
                "insertion_loss_db": 1,
                "insertion_loss_max_db": 1,
                "return_loss_db": 50,
                "power_w": 10,
                "price_usd_per_port": 300,
                "path_latency_ns": 10,
                "switching_time_ms": 100,
            },
        )
        for name, ports in (("tiny_ocs", 4), ("unrated_ocs", 64))
    ),
    component("nic_800g", "nic", {"rate_gbps": 800, "power_w": 25, "latency_ns": 600, "price_usd": 1500}),
    component(
        "ici",
        "chip",
        {
            "router_pj_per_bit": 1,
            "serdes_pj_per_bit": 2,
            "idle_power_fraction": 0.25,
            "hop_latency_ns": 500,
            "price_usd": 0,
        },
    ),
    component("mpo_low_loss", "connector", _losses(0.15, 0.45, 40, fibers=16)),
    component("mpo12_low_loss", "connector", _losses(0.15, 0.45, 30, fibers=12)),
    component("patch_panel", "panel", {"fibers_per_rack_unit": 100, "price_usd": 200}),
    component("fau_127um", "fiber_array", {"fibers": 20, "pitch_mm": 0.125, "coupling_loss_db": 1.5, "price_usd": 40}),
    component("lc", "connector", _losses(0.1, 0.4, 5, fibers=2, return_loss_db=(45, 55, 65))),
    component("pm_mpo", "connector", _losses(0.4, 0.7, 60, fibers=12)),
    component(
        "smf", "fiber", {"attenuation_db_per_km": (0.3, 0.4, 0.4), "latency_ns_per_m": 5, "price_usd_per_m": 0.1}
    ),
    component("pm_fiber", "fiber", {"attenuation_db_per_km": 0.7, "latency_ns_per_m": 5, "price_usd_per_m": 5}),
    component("circulator_o_band", "circulator", _losses(0.7, 1.0, 60, isolation_db=40, directivity_db=(45, 50, 55))),
    component("shuffle_box", "shuffle", _losses(0.7, 1.3, 1600, fibers=500, fibers_per_rack_unit=600)),
    component("kp4_800g", "phy", {"fec_latency_ns": 90, "mac_pcs_latency_ns": 50}),
    component("serdes_lr_112g", "serdes", {"energy_pj_per_bit": 3.5, "max_loss_db": 36}),
    component("serdes_lr_224g", "serdes", {"energy_pj_per_bit": 5, "max_loss_db": 36}),
    component("serdes_vsr", "serdes", {"energy_pj_per_bit": 2.5, "max_loss_db": 16}),
    component("serdes_xsr", "serdes", {"energy_pj_per_bit": 1.5, "max_loss_db": 10}),
    component("serdes_ucie", "serdes", {"energy_pj_per_bit": 0.5, "max_loss_db": 2}),
    component("packaging_retimed", "packaging", {"bandwidth_density_tbps_per_mm": 0.1}),
    component(
        "packaging_cpo_2p5d", "packaging", {"bandwidth_density_tbps_per_mm": (0.5, 1, 2), "attach_yield_fraction": 0.9}
    ),
    component("ups", "power_chain", {"efficiency_fraction": 0.8, "footprint_fraction": 1}),
    component("air", "cooling", {"overhead_fraction": 0.4}),
    component("liquid", "cooling", {"overhead_fraction": 0.1}),
    component("rack_air", "rack", {"power_limit_kw": 10, "rack_units": 40}),
    component("rack_liquid", "rack", {"power_limit_kw": 100, "rack_units": 40}),
    component("service_life", "service_life", {"life_years": 4}),
    component("electricity", "energy", {"price_usd_per_kwh": 0.1}),
    component("ocs_control_dsp", "ocs_control", {"reacquire_time_ms": 6, "controller_overhead_ms": 50}),
    component("ocs_control_lpo", "ocs_control", {"reacquire_time_ms": 5, "controller_overhead_ms": 50}),
]


def catalogue_of(components):
    by_id = {one.id: one for one in components}
    return Catalogue(by_id, {}, {name: one.kind for name, one in by_id.items()})


PARTS = catalogue_of(COMPONENTS)


def with_range(catalogue, name, low, high):
    """The catalogue with another range of one value."""
    part, key = name.split(".")
    found = catalogue[part]
    value = found.values[key].model_copy(update={"low": float(low), "high": float(high)})
    changed = replace(found, values={**found.values, key: value})
    return catalogue_of([changed if one == part else catalogue[one] for one in catalogue.ids()])


def design(catalogue=PARTS, **roles):
    """A design of these parts; `external_laser` is the one here."""
    if "els" in catalogue:
        roles = {"external_laser": "els", **roles}
    return Design.from_roles(roles, catalogue)
