# SPDX-License-Identifier: Apache-2.0
"""Kinds of component that no fabric is built of: chips and systems that presets follow, standards, materials, figures.

Models read some of them; the others are what a model's answer is held against.
"""

from __future__ import annotations

from collections.abc import Mapping

from optinet.catalogue.kind import Kind, TextKey, may, must

_YES_NO = ("yes", "no")

REFERENCE_KINDS: Mapping[str, Kind] = {
    "accelerator": Kind(
        "processor of a cluster; bandwidths are of one direction",
        {
            "tdp_w": must("design power of the package"),
            "bf16_tflops": may("dense BF16 operations"),
            "fp8_tflops": may("dense FP8 operations"),
            "hbm_gb": may("memory"),
            "hbm_tbps": may("memory bandwidth"),
            "scale_up_gbps": may("bandwidth of all its links inside a scale-up domain together, one direction"),
            "scale_up_links": may("links inside a scale-up domain"),
            "scale_out_gbps": may("bandwidth of its network interfaces, one direction"),
            "memory_latency_ns": may("round trip until a write is visible"),
        },
    ),
    "system": Kind(
        "cluster or rack as built; bandwidths are of one direction",
        {
            "endpoints": must("accelerators: chips, or packages where they hold several dies"),
            "dies": may("compute dies"),
            "racks": may("racks with accelerators"),
            "network_racks": may("racks with switches alone"),
            "rack_endpoints": may("accelerators in a rack"),
            "rack_kw": may("power of a rack with accelerators"),
            "power_kw": may("power of all racks"),
            "compute_trays": may("trays with accelerators in a rack"),
            "switch_trays": may("trays with switches in a rack"),
            "cpu_trays": may("trays with processors in a rack"),
            "switch_chips": may("switching chips"),
            "switch_trays_w": may("power of all switch trays"),
            "cold_plates": may("cold plates in a rack"),
            "liquid_fraction": may("share of its heat that a liquid carries"),
            "ocs": may("optical circuit switches"),
            "ocs_ports": may("fiber ends on optical circuit switches"),
            "cube_endpoints": may("accelerators joined by copper"),
            "cube_optical_links": may("optical link ends of such a cube"),
            "ocs_cost_fraction": may("share of OCS and optics in the system's cost"),
            "ocs_power_fraction": may("share of OCS and optics in the system's power"),
            "optical_modules": may("optical modules"),
            "scale_up_modules": may("optical modules inside the scale-up domain"),
            "rack_fibers": may("fibers that leave a rack"),
            "cables": may("copper pairs in a rack"),
            "copper_saving_kw": may("power a rack saves against optics"),
            "copper_price_usd": may("price of the copper of a rack"),
            "optics_price_usd": may("price of the same links with optics"),
            "domain_tbps": may("bandwidth of all accelerators into the scale-up domain together, one direction"),
            "fp4_tflops": may("FP4 operations"),
            "latency_ns": may("one way between two accelerators through one switch"),
            "round_trip_ns": may("round trip between two accelerators"),
            "switch_latency_ns": may("what the switches add one way"),
        },
    ),
    "asic": Kind(
        "packet switch chip without its box and optics; capacities are of one direction",
        {
            "capacity_gbps": must("switching capacity"),
            "ports": may("ports at their fastest"),
            "port_gbps": may("rate of a port"),
            "lanes": may("electrical lanes"),
            "power_w": may("typical power of the chip alone"),
            "latency_ns": may("from port to port"),
        },
    ),
    "cpo_switch": Kind(
        "packet switch with co-packaged optics as published: what models of engines and boxes are held against",
        {
            "capacity_gbps": must("switching capacity, one direction"),
            "engines": may("optical engines"),
            "engine_gbps": may("bandwidth of an engine, one direction"),
            "external_lasers": may("external laser modules"),
            "fibers": may("fibers that leave it"),
            "engine_fibers": may("fibers of an engine: transmit, receive and laser"),
            "pm_fibers": may("polarization-maintaining fibers among them"),
            "connectors": may("multi-fiber connectors at its front"),
            "power_w": may("typical power with its optics"),
            "port_optics_power_w": may("power of the optics of 800 Gb/s, lasers included"),
            "bom_usd": may("what its parts cost its maker"),
            "price_usd": may("price with its optics"),
            "insertion_loss_db": may("loss of its couplers, measured"),
        },
    ),
    "packaging": Kind(
        "where the optics of a switch sit",
        {
            "electrical_loss_db": must("loss from the chip to the optics at 53 GHz"),
            "system_pj_per_bit": may("energy of optics, lasers and host interface together as published"),
            "bandwidth_density_tbps_per_mm": may("bandwidth of a package edge, one direction"),
            "attach_yield_fraction": may("share of engines that work after they are attached"),
            "bond_yield_fraction": may("share of hybrid bonds that work, at the start of production"),
        },
    ),
    "engine_outlook": Kind(
        "optical engines of which too little is known to build with",
        {
            "energy_pj_per_bit": may("energy with laser"),
            "fiber_gbps": may("bandwidth of a fiber in each direction"),
        },
    ),
    "ocs_outlook": Kind(
        "optical switches and switching elements of which too little is known to build with",
        {
            "ports": may("fiber ends it takes"),
            "switching_time_ns": may("time from command to settled light"),
            "insertion_loss_db": may("loss from fiber to fiber"),
            "crosstalk_isolation_db": may("light of other circuits, below the signal"),
        },
    ),
    "optical_lane": Kind(
        "one lane of an optical interface: what a standard demands, or what was measured",
        {
            "lane_gbps": must("bandwidth of the lane"),
            "tx_power_dbm": may("mean launched power"),
            "tx_power_min_dbm": may("least mean launched power"),
            "tx_power_max_dbm": may("largest mean launched power"),
            "tx_oma_dbm": may("launched outer OMA"),
            "tx_oma_min_dbm": may("least launched outer OMA"),
            "tx_oma_max_dbm": may("largest launched outer OMA"),
            "tx_oma_minus_tdecq_min_dbm": may("least launched OMA less the transmitter penalty"),
            "tdecq_db": may("transmitter penalty"),
            "tdecq_max_db": may("largest transmitter penalty"),
            "extinction_ratio_db": may("extinction ratio"),
            "extinction_ratio_min_db": may("least extinction ratio"),
            "rx_power_min_dbm": may("least mean received power"),
            "rx_sensitivity_dbm": may("receiver sensitivity (OMA) at the BER limit"),
            "rx_stressed_sensitivity_dbm": may("stressed receiver sensitivity (OMA)"),
            "rx_damage_dbm": may("received power that damages"),
            "return_loss_tolerance_db": may("reflections that the transmitter stands"),
            "channel_allowance_db": may("largest channel insertion loss"),
            "reach_m": may("longest link"),
            "mpi_limit_db": may("reflections of the whole link it stands, below the signal"),
        },
        {"inner_fec": TextKey(False, "whether it needs an inner FEC", _YES_NO)},
    ),
    "fec": Kind(
        "forward error correction",
        {
            "limit_ber": may("bit error ratio before FEC that it corrects"),
            "target_ber": may("bit error ratio after it"),
            "gain_db": may("optical power it saves against KP4"),
            "block_time_ns": may("time for a code word to arrive"),
            "latency_ns": may("encoding and decoding of one hop"),
            "end_to_end_latency_ns": may("from host to host with the physical layer"),
        },
    ),
    "wire": Kind(
        "twinaxial pair",
        {
            "loss_db_per_m": must("loss at reference_ghz; grows with the square root of frequency"),
            "reference_ghz": must("frequency of loss_db_per_m"),
            "latency_ns_per_m": must("propagation time"),
        },
    ),
    "laminate": Kind(
        "board material, stripline",
        {
            "dielectric_ratio": must("permittivity Dk"),
            "dissipation_ratio": must("loss tangent Df"),
            "conductor_loss_db_per_inch": must("loss of the rough conductor at 1 GHz; grows with the square root"),
            "loss_26ghz_db_per_inch": must("loss at 26.56 GHz as listed, to hold the formula against"),
            "loss_53ghz_db_per_inch": must("loss at 53.125 GHz as listed, to hold the formula against"),
            "latency_ns_per_m": must("propagation time"),
        },
    ),
    "glass": Kind(
        "glass cloth of a laminate",
        {"dielectric_ratio": must("permittivity Dk"), "dissipation_ratio": must("loss tangent Df")},
    ),
    "board_connector": Kind("mated pair of electrical connectors", {"loss_db": must("loss at 53 GHz")}),
    "coupler": Kind(
        "optics between fibers and a photonic chip, one facet; inside the launch power and sensitivity of an engine",
        {
            "loss_db": must("typical loss"),
        },
    ),
    "wavelength_filter": Kind(
        "joins or parts the wavelengths of a fiber inside a module",
        {"mux_loss_db": must("loss at the transmitter"), "demux_loss_db": must("loss at the receiver")},
    ),
    "power_supply": Kind(
        "converters from the rack's busbar to a die; only where power is known at the die",
        {"efficiency_fraction": must("power at the die over power at the busbar")},
    ),
    "published": Kind(
        "figures of others that the models are held against; read by no model",
        {},
        free=True,
    ),
}
