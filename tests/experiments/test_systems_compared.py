# SPDX-License-Identifier: Apache-2.0
"""Shipped systems beside others of their size: domains of copper and optics, tiers more or less, a mesh and a Clos."""

from functools import cache

import numpy as np
import pytest

from experiments.compare import comparison
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from experiments.study import load_study
from optinet.catalogue import load_catalogue
from optinet.errors import CatalogueError
from optinet.models.copper import copper_reach
from optinet.results import open_run, write_run
from tests.support.systems import assessed, endpoint_gbps, metric, unspread


def test_a_table_of_systems_has_what_an_architect_asks_for_and_tells_how_bisections_are_known(tmp_path):
    small = [f"topology.{key}=8" for key in ("blocks", "hosts_per_block", "uplinks_per_block")]
    runs = []
    for name, changes in (("hgx", ()), ("nvl72", ()), ("polatis", small)):
        write_run(tmp_path / f"{name}.h5", evaluation_bytes(evaluate(load_scenario(name, changes)), case=name))
        runs.append(open_run(tmp_path / f"{name}.h5"))
    table = comparison(runs)
    asked = ["endpoints", "endpoint_gbps", "bisection_links", "delivered_gbps_per_endpoint.uniform", "latency_mean_ns"]
    asked += ["network_kw", "energy_pj_per_bit", "worst_link_3sigma_margin_db", "cost_per_endpoint_usd", "fibers"]
    asked += ["copper_pairs", "racks", "scale_up_to_scale_out_ratio"]
    shown = [column.key for column in table.columns]
    assert [key for key in shown if key in asked] == asked
    assert [row.values["bisection_links"] for row in table.rows] == [72, 648, 4 * 4]
    assert "Bisection: by a theorem; of polatis the best cut found, with as few as eigenvalues demand." in table.remarks


@cache
def domains():
    """Return cost of a delivered Gb/s and pJ/bit of every scale-up domain, by ports of a chip, link and size."""
    found = {}
    for point in load_study("scale_up_domain").points():
        assessment = unspread(point.scenario)[2]
        ports = point.scenario.catalogue.get("nvswitch5_tray.asic_capacity_gbps", 28800) / 400
        link = (point.scenario.design["host_link"], point.scenario.design["optics"])
        numbers = (assessment.metric(name).value for name in ("cost_usd_per_gbps", "energy_pj_per_bit"))
        found.setdefault((ports, *link), {})[int(assessment.metric("endpoints").value)] = tuple(numbers)
    return found


def test_copper_is_tried_as_far_as_it_reaches():
    """1.5 m in a rack, 1.5 m + 0.3 m a rack beyond; what the study leaves out is what the losses of copper forbid."""
    catalogue = load_catalogue()
    lengths = {72: 1.5, 144: 1.5 + 0.3 * 2, 288: 1.5 + 0.3 * 4}
    for cable, farthest in (("nvlink5_copper", 72), ("acc_800g", 144), ("aec_1t6", 288)):
        reaching = [size for size, length_m in lengths.items() if length_m <= copper_reach(cable, catalogue).reach_m]
        assert max(reaching) == farthest
        tried = [
            size
            for ports in (72, 288)
            for size in domains().get((ports, cable, "retimed_1t6_dr8"), ())
            if size <= ports
        ]
        assert tried == [8, 18, 36, *reaching]
    assert max(size for size in domains()[288, "backplane_m9_800g_200g_lanes", "retimed_1t6_dr8"] if size < 576) == 144
    with pytest.raises(CatalogueError, match=r"host-leaf is 2.7 m, acc_800g reaches 2.59 m"):
        unspread(load_scenario("nvl72", ["topology.host_length_m=2.7", "design.host_link=acc_800g"]))


def test_the_cheapest_domain_fills_its_chips_with_copper():
    """Cost falls until the chips are full, then a tier is added; copper is cheaper than optics wherever it reaches."""
    for (ports, link, optics), numbers in domains().items():
        cost = {size: usd for size, (usd, _) in numbers.items()}
        within = [usd for size, usd in cost.items() if size <= ports]
        assert all(np.diff(within) < 0)
        assert all(usd > 1.9 * min(within) for size, usd in cost.items() if size > ports), (ports, link, optics)
        if link != "retimed_1t6_dr8":
            all_optical = domains()[ports, "retimed_1t6_dr8", optics]
            assert all(usd < all_optical[size][0] for size, usd in cost.items())
    # retimers take more energy than engines beside the switch: there optics pays, in energy alone
    retimed, engines = (
        domains()[288, *link][288] for link in (("aec_1t6", "retimed_1t6_dr8"), ("retimed_1t6_dr8", "cpo_2p5d_1t6"))
    )
    assert retimed[0] < engines[0]
    assert retimed[1] > engines[1]


# one box of 64 ports of 400G and its modules, whatever the number of tiers
QM9700 = (
    'design = {switch = "qm9700", optics = "retimed_400g_dr4", '
    'host_link = "retimed_400g_dr4", nic = "nic_400g", accelerator = "h100"}'
)


def clos(endpoints, radix=64):
    return f'topology = {{name = "sized_clos", endpoints = {endpoints}, radix = {radix}, link_gbps = 400.0}}'


def network(name, key, *overrides):
    """Cost or power of the network of an endpoint without its interface, in USD or W."""
    _, _, assessment = assessed(name, *overrides)
    if key == "cost":
        whole = sum(float(line.cost_usd) for line in assessment.cost.lines if line.category != "nic")
    else:
        whole = 1e3 * assessment.metric("network_without_nic_and_chip_kw").value
    return whole / assessment.metric("endpoints").value


@pytest.mark.parametrize("key", ["cost", "power"])
def test_rails_without_spines_save_what_is_published(key):
    """38-77 % of cost and 37-75 % of power: a tier less, for 512 and for 16,384 GPUs in eight rails."""
    saved = {}
    for gpus in (512, 16384):
        whole, rail = ((clos(endpoints), QM9700) for endpoints in (gpus, gpus // 8))
        saved[gpus] = 1 - network("rail_only", key, *rail) / network("rail_only", key, *whole)
        tiers = [metric("rail_only", "switch_tiers", *each) for each in (whole, rail)]
        assert tiers == [2 + (gpus > 2048), 1 + (gpus > 2048)]
    assert 0.37 <= saved[512] <= 0.77
    # three tiers take 5 switch ports an endpoint and 6 module ends, two take 3 and 4: the saving is between the shares
    assert 1 / 3 < saved[16384] < 2 / 5
    assert saved[16384] == pytest.approx(0.375, abs=0.015)


def test_two_planes_of_two_tiers_cost_less_than_three_tiers():
    """HPN: about 30 % of building cost; ours of the network as it is bought, with the same boxes and modules."""
    three_tiers = clos(15360, radix=128)
    assert metric("hpn", "switch_tiers", three_tiers) == 3
    saved = 1 - metric("hpn", "cost_per_endpoint_usd") / metric("hpn", "cost_per_endpoint_usd", three_tiers)
    assert 0.2 < saved < 0.4


# 20 planes of 400 Gb/s, each a Clos of two tiers for 1,024 processors, with modules at every end
UB_CLOS = (
    'topology = {name = "multiplane", planes = 20, leaves = 8, spines = 4, hosts_per_leaf = 128, links_per_pair = 32}',
    *(f"topology.{key}" for key in ("host_gbps=400", "uplink_gbps=400", "host_length_m=20")),
    'design = {switch = "switch_102t4", optics = "retimed_1t6_dr8", host_link = "retimed_1t6_dr8"}',
    "design.accelerator=ascend_950",
    *(f"catalogue.nic_800g.{key}=0" for key in ("power_w", "price_usd", "latency_ns")),
)


def test_a_mesh_costs_less_than_a_clos_of_as_many_processors():
    """UB-Mesh: 2.04 times the cost efficiency, 98 % fewer switches of high radix, 93 % fewer optical modules."""
    assert endpoint_gbps("ub_mesh") == endpoint_gbps("ub_mesh", *UB_CLOS) == 8000
    fewer = {key: 1 - metric("ub_mesh", key) / metric("ub_mesh", key, *UB_CLOS) for key in ("switch_boxes", "modules")}
    assert fewer["switch_boxes"] >= 0.98
    assert fewer["modules"] >= 0.93
    for workload in ("uniform", "grid_neighbors"):
        mesh, tree = (
            metric("ub_mesh", "cost_usd_per_gbps", *shape, f"workload.name={workload}") for shape in ((), UB_CLOS)
        )
        assert tree / mesh > 2.04
