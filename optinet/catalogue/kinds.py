# SPDX-License-Identifier: Apache-2.0
"""Which kinds of component there are and what each kind tells about itself, as data.

The unit of a value is not written here: it follows from the ending of its key (`optinet.units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """A value that components of a kind list.

    Parameters
    ----------
    required
        Whether every component of the kind must list it.
    meaning
        What it is, in one line.
    """

    required: bool
    meaning: str


class TextKey(NamedTuple):
    """A text attribute that components of a kind have.

    Parameters
    ----------
    required
        Whether every component of the kind must have it.
    meaning
        What it is, in one line.
    choices
        The texts allowed; empty if any will do.
    """

    required: bool
    meaning: str
    choices: tuple[str, ...] = ()


class Kind(NamedTuple):
    """A kind of component.

    Parameters
    ----------
    meaning
        What components of this kind are, in one line.
    values
        Values by key.
    texts
        Text attributes by name.
    """

    meaning: str
    values: Mapping[str, Key]
    texts: Mapping[str, TextKey] = {}


def _must(meaning: str) -> Key:
    return Key(True, meaning)


def _may(meaning: str) -> Key:
    return Key(False, meaning)


_YES_NO = ("yes", "no")
_OCS_TECHNOLOGIES = ("MEMS", "DLC", "DBS", "robotic", "rotor", "SiPh", "PLZT", "TFLT")
_FIT = _may("failures that end its service, in 1e9 device hours")
_PRICE = _must("price paid by a large buyer")
_LOSS = _must("typical insertion loss")
_LOSS_MAX = _must("largest insertion loss within specification")
_RETURN_LOSS = _must("typical return loss")
_LATENCY_PER_M = _must("propagation time")

KINDS: Mapping[str, Kind] = {
    "ocs": Kind(
        "optical circuit switch: fiber ends on ports, any port to any port; losses include its own front connectors",
        {
            "ports": _must("fiber ends it takes"),
            "insertion_loss_db": _LOSS,
            "insertion_loss_max_db": _LOSS_MAX,
            "return_loss_db": _RETURN_LOSS,
            "crosstalk_db": _may("how far below the signal the light of other circuits is"),
            "switching_time_ms": _must("time from command to settled light of one circuit, without re-acquisition"),
            "switching_time_ms_per_circuit": _may("what each further circuit in one command adds; 0 if absent"),
            "bulk_switching_time_ms": _may("time of a command that changes many circuits, where it is longer"),
            "power_w": _must("typical electrical power of the box"),
            "power_max_w": _may("largest electrical power of the box"),
            "drive_voltage_v": _may("voltage that moves or turns the light"),
            "price_usd_per_port": _must("price for each port"),
            "path_latency_ns": _must("propagation time from port to port"),
            "port_fit": _may("failures of one port, in 1e9 hours"),
            "mtbf_hours": _may("mean time between failures of the whole box"),
            "rack_units": _may("height"),
        },
        {
            "technology": TextKey(True, "what moves the light", _OCS_TECHNOLOGIES),
            "bidirectional": TextKey(True, "whether one port carries both directions", _YES_NO),
        },
    ),
    "switch": Kind(
        "packet switch, one box: electronics with long-reach SerDes, without optics",
        {
            "capacity_gbps": _must("switching capacity of the box, one direction"),
            "asics": _must("switching chips in the box"),
            "asic_capacity_gbps": _must("switching capacity of one chip, one direction"),
            "max_port_gbps": _must("fastest port"),
            "lane_gbps": _must("fastest electrical lane"),
            "power_w": _must("typical power of the box at full load, without optics"),
            "idle_power_fraction": _must("share of power_w drawn without any load"),
            "latency_ns": _must("cut-through latency from port to port, FEC of the links apart"),
            "price_usd": _must("price of the box without optics"),
            "fit": _FIT,
            "rack_units": _may("height"),
        },
    ),
    "module": Kind(
        "one optical end of a link: a pluggable module, or a near- or co-packaged engine",
        {
            "rate_gbps": _must("bandwidth, one direction"),
            "lanes": _must("electrical lanes"),
            "lane_gbps": _must("bandwidth of a lane"),
            "lanes_per_fiber": _must("wavelengths on one fiber in one direction: DR 1, FR4 4, FR8 8"),
            "power_w": _must("typical power, external laser apart; the five parts below add up to it"),
            "dsp_power_w": _must("power of the DSP, 0 where there is none"),
            "laser_power_w": _must("power of lasers inside, 0 if fed from outside"),
            "driver_power_w": _must("power of the modulator drivers"),
            "tia_power_w": _must("power of the receivers' amplifiers"),
            "other_power_w": _must("controller, DC-DC loss, heaters"),
            "lasers": _must("laser chips inside, or outside and feeding it"),
            "external_laser_lanes": _may("lanes of external laser modules it draws on; 0 if absent"),
            "electrical_loss_db": _must("loss of the host's trace to the optics at 53 GHz (Nyquist of a 200G lane)"),
            "latency_ns": _must("time through one module, inner FEC apart"),
            "price_usd": _PRICE,
            "tx_oma_dbm": _must("typical launched outer OMA of a lane; low is the smallest the standard allows"),
            "tdecq_db": _must("typical transmitter penalty (TDECQ or TECQ); high is the largest allowed"),
            "extinction_ratio_db": _must("typical power of the highest level over that of the lowest"),
            "rx_sensitivity_dbm": _must(
                "typical sensitivity of a lane (OMA) at BER 2.4e-4, used after subtracting TDECQ"
            ),
            "channel_allowance_db": _must("channel insertion loss that the worst compliant pair tolerates"),
            "reach_m": _must("longest link"),
            "directivity_db": _may("isolation of its receiver from its transmitter, where it holds its own circulator"),
            "inner_fec_gain_db": _may(
                "what an inner FEC adds to rx_sensitivity_dbm; inside channel_allowance_db already"
            ),
            "inner_fec_latency_ns": _may("time the inner FEC adds to one hop, both ends together"),
            "fit": _must("failures that end its service, in 1e9 device hours"),
        },
        {
            "packaging": TextKey(
                True,
                "where the optics sit and who re-times",
                ("retimed", "lro", "lpo", "npo", "cpo_2d", "cpo_2p5d", "cpo_3d"),
            ),
            "connector": TextKey(True, "optical connector", ("mpo", "lc")),
            "bidirectional": TextKey(True, "whether a fiber carries both directions", _YES_NO),
            "circulator_inside": TextKey(False, "whether it holds its own circulator", _YES_NO),
        },
    ),
    "external_laser": Kind(
        "pluggable laser module that feeds near- and co-packaged engines",
        {
            "lanes": _must("lasers in the module"),
            "tx_lanes_fed": _must("transmitter lanes it feeds, its light split"),
            "electrical_power_w": _must("power of the module"),
            "optical_power_mw": _may("light of one laser"),
            "price_usd": _PRICE,
            "fit": _must("failures that end its service, in 1e9 device hours"),
        },
    ),
    "cable": Kind(
        "copper with a plug at both ends",
        {
            "rate_gbps": _must("bandwidth, one direction"),
            "lane_gbps": _may("bandwidth of a lane"),
            "reach_m": _must("longest cable"),
            "end_power_w": _must("power at each end"),
            "price_usd": _must("price of the cable with both ends"),
            "latency_ns_per_m": _LATENCY_PER_M,
            "retimer_latency_ns": _must("time its retimers add from end to end"),
            "fit": _FIT,
        },
        {"medium": TextKey(True, "what drives the copper", ("dac", "aec", "acc", "pcb"))},
    ),
    "serdes": Kind(
        "electrical transmitter and receiver of a chip",
        {
            "energy_pj_per_bit": _must("energy at one end"),
            "max_loss_db": _must("largest electrical loss it reaches over, at its Nyquist frequency"),
        },
    ),
    "connector": Kind(
        "mated pair of optical connectors",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "return_loss_db": _RETURN_LOSS,
            "fibers": _must("fibers it joins"),
            "price_usd": _PRICE,
        },
    ),
    "panel": Kind(
        "patch panel of the structured cabling; its connectors are counted apart",
        {
            "fibers_per_rack_unit": _must("fibers it takes in one rack unit"),
            "price_usd": _must("price of one rack unit without connectors"),
        },
    ),
    "fiber_array": Kind(
        "fiber array unit: couples the fibers of one near- or co-packaged engine, data and laser, to its chip",
        {
            "fibers": _must("fibers it holds"),
            "pitch_mm": _must("distance from fiber to fiber"),
            "coupling_loss_db": _must("loss of a facet, inside the launch power and the sensitivity of the engine"),
            "price_usd": _must("price, inside that of the engine"),
        },
    ),
    "fiber": Kind(
        "one strand of fiber",
        {
            "attenuation_db_per_km": _must("loss at 1310 nm"),
            "return_loss_db": _may("return loss of a kilometer, by backscatter"),
            "latency_ns_per_m": _LATENCY_PER_M,
            "price_usd_per_m": _must("price of an installed strand"),
        },
    ),
    "circulator": Kind(
        "joins both directions of a link on one fiber; a path crosses it once at each end",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "isolation_db": _must("isolation of the transmitter from the light that arrives"),
            "directivity_db": _must("isolation of the receiver from its own transmitter"),
            "price_usd": _PRICE,
        },
    ),
    "shuffle": Kind(
        "box that spreads the fibers of multi-fiber connectors over other connectors",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "fibers": _must("fibers it takes"),
            "fibers_per_rack_unit": _must("fibers it takes in one rack unit"),
            "price_usd": _PRICE,
        },
    ),
    "phy": Kind(
        "MAC, PCS and FEC of one link",
        {
            "fec_latency_ns": _must("encoding and decoding of one hop, both ends together"),
            "mac_pcs_latency_ns": _must("MAC and PCS at one end"),
        },
    ),
    "nic": Kind(
        "network interface of a host",
        {
            "rate_gbps": _must("bandwidth, one direction"),
            "power_w": _must("typical power without optics"),
            "latency_ns": _must("one way, host bus included"),
            "price_usd": _PRICE,
            "fit": _FIT,
        },
    ),
    "chip": Kind(
        "the part of an accelerator that forwards: router and SerDes",
        {
            "router_pj_per_bit": _must("energy of the router for each bit that passes"),
            "serdes_pj_per_bit": _must("energy of the SerDes at one end of a link"),
            "idle_power_fraction": _must("share of its full-load power drawn without any load"),
            "hop_latency_ns": _must("time of one hop: router, MAC and FEC, propagation apart"),
            "price_usd": _must("price of the network part of one chip"),
        },
    ),
    "power_chain": Kind(
        "electrical supply from the grid to the rack",
        {
            "efficiency_fraction": _must("power at the rack over power from the grid"),
            "footprint_fraction": _must("floor space, relative to a UPS of the same power"),
        },
    ),
    "cooling": Kind("cooling of the machine room", {"overhead_fraction": _must("cooling power over IT power")}),
    "energy": Kind("electricity", {"price_usd_per_kwh": _must("price")}),
    "ocs_control": Kind(
        "what a circuit change takes beside the switching itself",
        {
            "reacquire_time_ms": _must("from light to a working link"),
            "controller_overhead_ms": _must("deciding, commanding, checking the path"),
        },
    ),
}
