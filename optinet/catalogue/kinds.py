# SPDX-License-Identifier: Apache-2.0
"""Which kinds of component there are: the parts that fabrics are built of here, all else in `reference_kinds`."""

from __future__ import annotations

from collections.abc import Mapping

from optinet.catalogue.kind import Kind, TextKey, may, must
from optinet.catalogue.reference_kinds import REFERENCE_KINDS

_YES_NO = ("yes", "no")
_MODES = ("single", "multi")
_OCS_TECHNOLOGIES = ("MEMS", "DLC", "DBS", "robotic", "rotor", "SiPh", "PLZT", "TFLT")
_FIT = may("failures that end its service, in 1e9 device hours")
_PRICE = must("price paid by a large buyer")
_LOSS = must("typical insertion loss")
_LOSS_MAX = must("largest insertion loss within specification")
_RETURN_LOSS = must("typical return loss")
_LATENCY_PER_M = must("propagation time")

PART_KINDS: Mapping[str, Kind] = {
    "ocs": Kind(
        "optical circuit switch: fiber ends on ports, any port to any port; losses include its own front connectors",
        {
            "ports": must("fiber ends it takes"),
            "insertion_loss_db": _LOSS,
            "insertion_loss_max_db": _LOSS_MAX,
            "return_loss_db": _RETURN_LOSS,
            "crosstalk_db": may("how far below the signal the light of other circuits is"),
            "switching_time_ms": must("time from command to settled light of one circuit, without re-acquisition"),
            "switching_time_ms_per_circuit": may("what each further circuit in one command adds; 0 if absent"),
            "bulk_switching_time_ms": may("time of a command that changes many circuits, where it is longer"),
            "power_w": must("typical electrical power of the box"),
            "power_max_w": may("largest electrical power of the box"),
            "drive_voltage_v": may("voltage that moves or turns the light"),
            "price_usd_per_port": must("price for each port"),
            "path_latency_ns": must("propagation time from port to port"),
            "port_fit": may("failures of one port, in 1e9 hours"),
            "mtbf_hours": may("mean time between failures of the whole box"),
            "rack_units": may("height"),
            "holding_power_fraction": may("share of the largest power drawn while circuits are held"),
            "usable_ports": may("ports left for traffic beside the spare ones"),
            "raw_loss_db": may("loss before the amplifiers inside make up for it"),
            "multi_fiber_extra_loss_db": may("what multi-fiber front connectors add to the largest loss"),
            "loss_change_db": may("how much the loss of a circuit differs after switching away and back"),
            "loss_repeatability_db": may("the same under closed-loop control"),
            "polarization_dependent_loss_db": may("spread of the loss over polarizations"),
            "wavelength_min_nm": may("shortest wavelength it passes"),
            "wavelength_max_nm": may("longest wavelength it passes"),
            "field_hours": may("operation proven in the field, of all mirrors together"),
            "field_years": may("how long the technology has been in the field"),
            "moving_parts": may("parts that move"),
            "layers_for_256_ports": may("liquid crystal layers for 256 ports"),
        },
        {
            "technology": TextKey(True, "what moves the light", _OCS_TECHNOLOGIES),
            "bidirectional": TextKey(True, "whether one port carries both directions", _YES_NO),
            "dark_fiber": TextKey(False, "whether it switches fibers without light", _YES_NO),
        },
    ),
    "switch": Kind(
        "packet switch, one box: electronics with long-reach SerDes, without optics",
        {
            "capacity_gbps": must("switching capacity of the box, one direction"),
            "asics": must("switching chips in the box"),
            "asic_capacity_gbps": must("switching capacity of one chip, one direction"),
            "max_port_gbps": must("fastest port"),
            "lane_gbps": must("fastest electrical lane"),
            "power_w": must("typical power of the box at full load, without optics"),
            "idle_power_fraction": must("share of power_w drawn without any load"),
            "latency_ns": must("cut-through latency from port to port, FEC of the links apart"),
            "price_usd": must("price of the box without optics"),
            "fit": _FIT,
            "rack_units": may("height"),
            "package_edge_mm": may(
                "edge of one chip's package that co-packaged engines can sit on, all sides together"
            ),
            "board_edge_mm": may("edge around one chip's package that near-packaged engines can sit on"),
            "power_max_w": may("largest power of the box, its optics as noted"),
        },
        {"cooling": TextKey(False, "what takes its heat away as it is sold", ("air", "liquid"))},
    ),
    "module": Kind(
        "one optical end of a link: a pluggable module, or a near- or co-packaged engine",
        {
            "rate_gbps": must("bandwidth, one direction"),
            "lanes": must("electrical lanes"),
            "lane_gbps": must("bandwidth of a lane"),
            "lanes_per_fiber": must("wavelengths on one fiber in one direction: DR 1, FR4 4, FR8 8"),
            "power_w": must("typical power, external laser apart; the five parts below add up to it"),
            "dsp_power_w": must("power of the DSP, 0 where there is none"),
            "laser_power_w": must("power of lasers inside, 0 if fed from outside"),
            "driver_power_w": must("power of the modulator drivers"),
            "tia_power_w": must("power of the receivers' amplifiers"),
            "other_power_w": must("controller, DC-DC loss, heaters"),
            "lasers": must("laser chips inside, or outside and feeding it"),
            "external_laser_lanes": may("lanes of external laser modules it draws on; 0 if absent"),
            "electrical_loss_db": must("loss of the host's trace to the optics at 53 GHz (Nyquist of a 200G lane)"),
            "latency_ns": must("time through one module, inner FEC apart"),
            "price_usd": _PRICE,
            "tx_oma_dbm": must("typical launched outer OMA of a lane; low is the smallest the standard allows"),
            "tdecq_db": must("typical transmitter penalty (TDECQ or TECQ); high is the largest allowed"),
            "extinction_ratio_db": must("typical power of the highest level over that of the lowest"),
            "rx_sensitivity_dbm": must(
                "typical sensitivity of a lane (OMA) at BER 2.4e-4, used after subtracting TDECQ"
            ),
            "channel_allowance_db": must("channel insertion loss that the worst compliant pair tolerates"),
            "reach_m": must("longest link"),
            "directivity_db": may("isolation of its receiver from its transmitter, where it holds its own circulator"),
            "inner_fec_gain_db": may(
                "what an inner FEC adds to rx_sensitivity_dbm; inside channel_allowance_db already"
            ),
            "inner_fec_latency_ns": may("time the inner FEC adds to one hop, both ends together"),
            "fit": must("failures that end its service, in 1e9 device hours"),
            "power_max_w": may("largest power within specification"),
            "bandwidth_density_tbps_per_mm": may(
                "bandwidth of a millimeter of front panel; else that of its packaging"
            ),
            "bom_usd": may("what its parts cost its maker; price_usd is what the buyer pays"),
            "merchant_price_usd": may("price at which an engine alone is sold to a maker of switches"),
            "channel_price_usd": may("price in the distribution channel"),
            "oem_price_usd": may("list price of a system vendor"),
            "published_pj_per_bit": may("energy as published, to hold power_w against"),
            "laser_to_tx_loss_db": may("loss from an external laser to the launched light"),
            "field_ber": may("median bit error ratio before FEC, seen in the field"),
            "link_down_fraction": may("share of links that went down at least once, seen in the field"),
        },
        {
            "packaging": TextKey(
                True,
                "where the optics sit and who re-times",
                ("retimed", "lro", "lpo", "npo", "cpo_2d", "cpo_2p5d", "cpo_3d"),
            ),
            "connector": TextKey(True, "optical connector", ("mpo", "lc")),
            "bidirectional": TextKey(True, "whether a fiber carries both directions", _YES_NO),
            "mode": TextKey(False, "the fiber it sends into; single unless given", _MODES),
            "circulator_inside": TextKey(False, "whether it holds its own circulator", _YES_NO),
        },
    ),
    "external_laser": Kind(
        "pluggable laser module that feeds near- and co-packaged engines",
        {
            "lanes": must("lasers in the module"),
            "tx_lanes_fed": must("transmitter lanes it feeds, its light split"),
            "optical_power_mw": must("light of one laser"),
            "lane_power_dbm": may("light of one lane at the connector"),
            "lane_power_min_mw": may("light that a transmitter lane needs at least"),
            "wall_plug_fraction": must("light of the lasers over electrical power into the module"),
            "chip_wall_plug_fraction": may("light out of the laser chip over electrical power into it"),
            "case_temperature_max_celsius": may("hottest case"),
            "price_usd": _PRICE,
            "fit": must("failures that end its service, in 1e9 device hours"),
        },
    ),
    "cable": Kind(
        "copper from end to end of a link: a cable with its plugs, or traces of a backplane",
        {
            "rate_gbps": must("bandwidth, one direction"),
            "lane_gbps": may("bandwidth of a lane"),
            "reach_m": must("longest link as published"),
            "end_loss_db": may(
                "loss at one end that is not cable: package, host trace, connectors; of the plug alone"
                " where retimers stand"
            ),
            "gain_db": may("what its equalizers add to the budget"),
            "link_energy_pj_per_bit": may("energy of both ends as published; inside the SerDes of the chips"),
            "end_power_w": must("power at each end"),
            "price_usd": must("price of the cable with both ends"),
            "latency_ns_per_m": _LATENCY_PER_M,
            "retimer_latency_ns": must("time its retimers add from end to end"),
            "fit": _FIT,
        },
        {
            "medium": TextKey(True, "what drives the copper", ("dac", "aec", "acc", "pcb")),
            "conductor": TextKey(False, "the wire or laminate its reach is computed from"),
        },
    ),
    "serdes": Kind(
        "electrical transmitter and receiver of a chip",
        {
            "energy_pj_per_bit": must("energy at one end"),
            "max_loss_db": must("largest electrical loss it reaches over, die to die, at its Nyquist frequency"),
            "shoreline_tbps_per_mm": may("bandwidth of a die's edge, one direction"),
        },
    ),
    "connector": Kind(
        "mated pair of optical connectors",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "return_loss_db": _RETURN_LOSS,
            "fibers": must("fibers it joins"),
            "price_usd": _PRICE,
            "mating_cycles": may("times it can be mated"),
        },
    ),
    "panel": Kind(
        "patch panel of the structured cabling; its connectors are counted apart",
        {
            "fibers_per_rack_unit": must("fibers it takes in one rack unit"),
            "price_usd": must("price of one rack unit without connectors"),
        },
    ),
    "fiber_array": Kind(
        "fiber array unit: couples the fibers of one near- or co-packaged engine, data and laser, to its chip",
        {
            "fibers": must("fibers it holds"),
            "pitch_mm": must("distance from fiber to fiber"),
            "coupling_loss_db": must("loss of a facet, inside the launch power and the sensitivity of the engine"),
            "price_usd": must("price, inside that of the engine"),
        },
    ),
    "fiber": Kind(
        "one strand of fiber",
        {
            "attenuation_db_per_km": must("loss at 1310 nm"),
            "return_loss_db": may("return loss of a kilometer, by backscatter"),
            "latency_ns_per_m": _LATENCY_PER_M,
            "price_usd_per_m": must("price of an installed strand"),
            "group_index": may("group index at 1310 nm"),
            "long_wave_attenuation_db_per_km": may("loss at 1550 nm"),
            "long_wave_group_index": may("group index at 1550 nm"),
            "extinction_ratio_db": may("how well it keeps polarizations apart"),
        },
        {"mode": TextKey(False, "how many modes it guides; single unless given", _MODES)},
    ),
    "circulator": Kind(
        "joins both directions of a link on one fiber; a path crosses it once at each end",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "isolation_db": must("isolation of the transmitter from the light that arrives"),
            "directivity_db": must("isolation of the receiver from its own transmitter"),
            "price_usd": _PRICE,
        },
    ),
    "shuffle": Kind(
        "box that spreads the fibers of multi-fiber connectors over other connectors",
        {
            "loss_db": _LOSS,
            "loss_max_db": _LOSS_MAX,
            "fibers": must("fibers it takes"),
            "fibers_per_rack_unit": must("fibers it takes in one rack unit"),
            "fibers_per_rack": may("fibers a rack of them takes"),
            "ways": may("connectors that the fibers of one are spread over"),
            "price_usd": _PRICE,
        },
    ),
    "phy": Kind(
        "MAC, PCS and FEC of one link",
        {
            "fec_latency_ns": must("encoding and decoding of one hop, both ends together"),
            "mac_pcs_latency_ns": must("MAC and PCS at one end"),
            "bridge_latency_ns": may("bridge from a chip's own network, at one end"),
            "retry_latency_ns": may("what a rare retry on the link layer adds"),
        },
    ),
    "nic": Kind(
        "network interface of a host",
        {
            "rate_gbps": must("bandwidth, one direction"),
            "power_w": must("typical power without optics"),
            "latency_ns": must("one way, host bus included"),
            "price_usd": _PRICE,
            "fit": _FIT,
        },
    ),
    "chip": Kind(
        "the part of an accelerator that forwards: router and SerDes",
        {
            "router_pj_per_bit": must("energy of the router for each bit that passes"),
            "serdes_pj_per_bit": must("energy of the SerDes at one end of a link"),
            "idle_power_fraction": must("share of its full-load power drawn without any load"),
            "hop_latency_ns": must("time of one hop: router, MAC and FEC, propagation apart"),
            "price_usd": must("price of the network part of one chip"),
        },
    ),
    "power_chain": Kind(
        "electrical supply from the grid to the rack",
        {
            "efficiency_fraction": must("power at the rack over power from the grid"),
            "footprint_fraction": must("floor space, relative to a UPS of the same power"),
            "indoor_loss_fraction": may("share of its losses that heat rooms with cooling"),
        },
    ),
    "cooling": Kind(
        "cooling of the machine room",
        {
            "overhead_fraction": must("power of the cooling over the heat it carries"),
            "liquid_fraction": may("share of the heat that a liquid takes from the parts; air takes the rest"),
            "pue_ratio": may("facility power over IT power of rooms cooled like this, to hold the model against"),
            "fan_fraction": may("share of IT power that the fans inside servers take"),
        },
    ),
    "rack": Kind(
        "rack, with what may be in it",
        {
            "power_limit_kw": must("largest IT power that its supply and cooling carry"),
            "rack_units": must("height for boxes"),
        },
    ),
    "repair": Kind(
        "how soon what fails is repaired, and how often fails what no part of the network is",
        {
            "pluggable_hours": must("from the failure of a pluggable module, cable or laser module to its replacement"),
            "engine_hours": must("from the failure of an engine that cannot be plugged until its box is exchanged"),
            "box_swap_hours": must("during which a box is down because an engine inside is replaced"),
            "switch_hours": must("from the failure of a switch to its replacement"),
            "ocs_hours": must("from the failure of an OCS, or of a port of one, to its repair"),
            "host_hours": must("from the failure of a host or chip until it or a spare serves again"),
            "trunk_hours": must("from the cut of a bundle of fibers to its repair"),
            "rack_hours": must("that a rack is down when its supply, cooling or busbar fails"),
            "power_domain_hours": must("that a power domain is down"),
            "host_fit": must("failures of one accelerator with its share of the server, in 1e9 hours"),
            "trunk_fit": must("cuts of one bundle of fibers, in 1e9 hours"),
            "rack_fit": must("failures of a rack as a whole, in 1e9 hours"),
            "power_domain_fit": must("failures of a power domain, in 1e9 hours"),
        },
    ),
    "service_life": Kind("how long a network is used", {"life_years": must("from start to replacement")}),
    "collective_library": Kind(
        "software of collective operations",
        {"step_us": must("time that each step of a collective takes besides its bits and their way")},
    ),
    "energy": Kind("electricity", {"price_usd_per_kwh": must("price")}),
    "ocs_control": Kind(
        "what a circuit change takes beside the switching itself",
        {
            "reacquire_time_ms": must("from light to a working link"),
            "controller_overhead_ms": must("deciding, commanding, checking the path"),
        },
    ),
}

KINDS: Mapping[str, Kind] = {**PART_KINDS, **REFERENCE_KINDS}
