# SPDX-License-Identifier: Apache-2.0
"""The shipped systems: counts and rates by hand, beside what is published of each."""

import numpy as np
import pytest

import optinet
import topologies
from experiments.evaluate import evaluate
from experiments.scenario import load_scenario, shipped
from experiments.study import load_study
from optinet.catalogue import load_catalogue
from optinet.fabric import NodeKind
from tests.support.systems import assessed, endpoint_gbps, metric


def engines(name):
    """Modules at the switch end, which are the engines of a box with co-packaged optics."""
    design = load_scenario(name).design
    return sum(line.count for line in assessed(name)[2].bom.of("module") if line.component == design["optics"])


def test_the_study_runs_every_system_under_two_workloads():
    points = load_study("systems").points()
    assert sorted({point.case for point in points}) == sorted(shipped("systems"))
    assert {point.scenario.workload.name for point in points} == {"uniform", "grid_neighbors"}
    assert len(points) == 2 * (len(shipped("systems")))


# endpoints, links, switch chips, switch boxes, OCS, modules, lasers, fibers; modules at both ends of the links
COUNTS = {
    "hgx": (8, 8 * 18, 4, 1, 0, 0, 0, 0),
    "nvl72": (72, 72 * 18, 18, 9, 0, 0, 0, 0),
    "nvl144": (72, 72 * 36, 36, 9, 0, 0, 0, 0),
    "nvl576": (144, 144 * 52, 52, 52, 0, 0, 0, 0),
    "hgx_scale_out": (1024, 2 * 1024, 48, 48, 0, 4 * 1024, 8 * 1024, 2 * 1024 * 8),
    "nvl72_scale_out": (576, 2 * 4 * 576, 48, 12, 0, 576 + 3 * 288, 2304, 2 * 4 * 576 * 2),
    "nvl144_scale_out": (576, 2 * 4 * 576, 100, 25, 0, 4 * 576, 4 * 576 * 2, 2 * 4 * 576 * 4),
    "nvl576_scale_out": (1152, 2 * 4 * 1152, 200, 50, 0, 4 * 1152, 4 * 1152 * 2, 2 * 4 * 1152 * 4),
    "sn5600": (128, 128, 1, 1, 0, 64 + 128, 64 * 2 + 128 * 2, 1024),
    "tomahawk5": (64, 64, 1, 1, 0, 64 + 64, 256, 1024),
    "bailly": (64, 64, 1, 1, 0, 8 + 64, 128 + 128, 1024),
    "tomahawk6": (128, 128, 1, 1, 0, 64 + 128, 256, 1024),
    "davisson": (128, 128, 1, 1, 0, 16 + 128, 256, 1024),
    "sn6810": (128, 128, 1, 1, 0, 32 + 128, 256, 1024),
    "sn6800": (512, 2048, 4, 1, 0, 128 + 512, 1024, 4096),
    "q3400": (144, 576, 4, 1, 0, 72 + 144, 288, 1152),
    "q3450": (144, 576, 4, 1, 0, 72 + 144, 144 + 144, 1152),
    "tpu_v2": (256, 512, 0, 0, 0, 0, 0, 0),
    "tpu_v3": (1024, 2048, 0, 0, 0, 0, 0, 0),
    "tpu_v5e": (256, 512, 0, 0, 0, 0, 0, 0),
    "tpu_v6e": (256, 512, 0, 0, 0, 0, 0, 0),
    "tpu_v4": (4096, 12288, 0, 0, 48, 3072, 3072 * 8, 2 * 3072),
    "tpu_v5p": (8960, 26880, 0, 0, 48, 140 * 96, 140 * 96 * 4, 140 * 96),
    "tpu_v7": (9216, 27648, 0, 0, 48, 13824, 13824 * 4, 13824),
    "trainium2": (64, 192, 0, 0, 0, 0, 0, 0),
    "trainium3": (144, 144 * 16, 16, 16, 0, 0, 0, 0),
    "cloudmatrix": (384, 384 * 7 + 336 * 16, 448, 448, 0, 5376, 5376 * 8, 336 * 16 * 8),
    "cloudmatrix_lpo": (384, 384 * 7 + 336 * 16, 448, 448, 0, 5376, 5376 * 8, 336 * 16 * 8),
    "cloudmatrix_scale_out": (384, 768, 20, 20, 0, 1536, 1536 * 8, 768 * 16),
    "atlas_950": (8192, 65536 + 16384, 1152, 1152, 0, 32768, 32768 * 8, 16384 * 16),
    "atlas_960": (15488, 15488 * 16 + 61952, 3168, 3168, 0, 61952, 61952 * 8, 61952 * 8),
    "ub_mesh": (1024, 10240, 0, 0, 0, 0, 0, 0),
    "hpn": (15360, 30720 + 14400, 360, 360, 0, 59520, 119040, 30720 * 4 + 14400 * 8),
    "rail_only": (128, 128, 1, 1, 0, 64 + 128, 384, 1024),
    "jupiter": (4096, 4096 + 2016, 64, 64, 32, 4096, 4096 * 4, 4096),
    "polatis": (4096, 4096 + 2016, 64, 64, 8, 4096, 4096 * 4, 4096),
}


def torus_gbps(link_gbps, chips, longest):
    """Uniform traffic on a torus, at most chips * longest / 8 pairs over a link of the longest axis."""
    return link_gbps * (chips - 1) * 8 / (chips * longest)


# capacity of an endpoint and what uniform traffic delivers to it, Gb/s; None where that is all of it
RATES = {
    "hgx": (18 * 200, None),
    "nvl72": (18 * 400, None),
    "nvl144": (14400, None),
    "nvl576": (41600, None),
    "hgx_scale_out": (400, None),
    "nvl72_scale_out": (800, None),
    "nvl144_scale_out": (1600, None),
    "nvl576_scale_out": (1600, None),
    **dict.fromkeys(
        ("tomahawk5", "bailly", "tomahawk6", "davisson", "sn6810", "sn6800", "q3400", "q3450"), (800, None)
    ),
    **dict.fromkeys(("sn5600", "rail_only", "cloudmatrix_scale_out"), (400, None)),
    "tpu_v2": (4 * 496, torus_gbps(496, 256, 16)),
    "tpu_v3": (4 * 656, torus_gbps(656, 1024, 32)),
    "tpu_v5e": (4 * 400, torus_gbps(400, 256, 16)),
    "tpu_v6e": (4 * 800, torus_gbps(800, 256, 16)),
    "tpu_v4": (6 * 400, torus_gbps(400, 4096, 16)),
    "tpu_v5p": (6 * 800, torus_gbps(800, 8960, 28)),
    "tpu_v7": (6 * 800, torus_gbps(800, 9216, 24)),
    "trainium2": (5120, torus_gbps(512, 64, 4)),
    "trainium3": (10240, None),
    "cloudmatrix": (3136, None),
    "cloudmatrix_lpo": (3136, None),
    # what leaves a rack of 64 has an equal share of the uplinks
    "atlas_950": (8000, 8 * 16 * 800 / 64 * 8191 / (8192 - 64)),
    "atlas_960": (8800, 16 * 22 * 400 / 88 * 15487 / (15488 - 88)),
    # a link of an axis of four carries 1024 / 4 pairs
    "ub_mesh": (20 * 400, 400 * 4 * 1023 / 1024),
    # 60 x 400 Gb/s up for the 128 GPUs of a rail in each of two planes; 7/8 of a segment's traffic leaves its rail
    "hpn": (400, 2 * 60 * 400 / 128 * 15359 / (15360 - 128)),
    "jupiter": (800, 800 * 63 / 64 * 4095 / (4096 - 64)),
    "polatis": (800, 800 * 63 / 64 * 4095 / (4096 - 64)),
}


# links of the cheapest cut into halves, and racks: those of hosts with what stands in them, those of network alone
CUTS_AND_RACKS = {
    # half of the links of hosts where chips join all or uplinks are as many; racks of one system are one
    "hgx": (4 * 18, 1, 0),
    "nvl72": (36 * 18, 1, 0),
    "nvl144": (36 * 36, 1, 0),
    "nvl576": (72 * 52, 1, 0),
    "trainium3": (72 * 16, 2, 0),
    "cloudmatrix": (192 * 7, 12, 4),
    "cloudmatrix_lpo": (192 * 7, 12, 4),
    # scale-out: 4 servers, 72 or 144 packages to a rack, boxes as power lets them
    "hgx_scale_out": (512, 32, 2 + 1),
    "nvl72_scale_out": (4 * 288, 8, 2),
    "nvl144_scale_out": (4 * 288, 8, 2 + 2),
    "nvl576_scale_out": (4 * 576, 8, 4 + 3),
    "cloudmatrix_scale_out": (192, 12, 2),
    "rail_only": (64, 4, 1),
    # half of the uplinks of half of the leaves; of the meshes the pairs of 32 blocks and 32
    "hpn": (120 * 120 // 2, 480, 13 + 7),
    "atlas_950": (8 * 64 * 16, 128, 32),
    "atlas_960": (16 * 88 * 22, 176, 44),
    "jupiter": (32 * 32, 0, 6 + 7),
    "polatis": (32 * 32, 0, 6 + 2),
    # tori: twice the nodes of the smallest face across the longest axis; racks of 64, as those of v4 and v7
    "tpu_v2": (2 * 16, 4, 0),
    "tpu_v3": (2 * 32, 16, 0),
    "tpu_v5e": (2 * 16, 4, 0),
    "tpu_v6e": (2 * 16, 4, 0),
    "tpu_v4": (2 * 16 * 16, 64, 10),
    "tpu_v5p": (2 * 16 * 20, 140, 8),
    "tpu_v7": (2 * 16 * 24, 144, 8),
    "trainium2": (2 * 4 * 4, 2, 0),
    "ub_mesh": (1024 // 8 * 4 * 4 // 2, 16, 0),
    # a box alone: half of the links of its hosts
    **dict.fromkeys(("sn5600", "tomahawk6", "davisson", "sn6810"), (64, 0, 1)),
    **dict.fromkeys(("tomahawk5", "bailly"), (32, 0, 1)),
    "sn6800": (1024, 0, 1),
    **dict.fromkeys(("q3400", "q3450"), (576 // 2, 0, 1)),
}


def test_every_system_is_held_against_counts_and_rates():
    assert sorted(shipped("systems")) == sorted(COUNTS) == sorted(RATES) == sorted(CUTS_AND_RACKS)


@pytest.mark.parametrize("name", CUTS_AND_RACKS)
def test_cuts_and_racks(name):
    links, with_hosts, of_network = CUTS_AND_RACKS[name]
    assert metric(name, "bisection_links") == links
    racks = {each.where: each.racks for each in assessed(name)[2].racks}
    assert racks.pop("hosts", 0) == with_hosts
    assert sum(racks.values()) == of_network
    assert metric(name, "racks") == with_hosts + of_network


def test_racks_are_as_many_as_published():
    """TPU v4: 64 chips a rack; NVL72: one; CloudMatrix384: 12 + 4; Atlas 950: 128 + 32; Atlas 960: 220."""
    values = load_catalogue()
    for name, system in (("cloudmatrix", "cloudmatrix384"), ("atlas_950", "atlas950")):
        published = (values[system].values[key].value for key in ("racks", "network_racks"))
        assert CUTS_AND_RACKS[name][1:] == tuple(published)
    assert metric("nvl72", "racks") == 1
    assert metric("atlas_960", "racks") == 220
    assert CUTS_AND_RACKS["tpu_v4"][1] * values["tpu_v4_pod"].values["rack_endpoints"].value == 4096


def test_racks_that_draw_more_than_they_carry_are_told():
    """72 Rubin of 1,800 W through supplies of 0.9 and nine trays of 2,480 W, in a rack of 140 kW."""
    assert metric("nvl144", "rack_kw") == pytest.approx(72 * 1.8 / 0.9 + 9 * 2.48)
    assert metric("nvl144", "racks_over_limit") == 1
    (note,) = (note for note in assessed("nvl144")[2].notes if "stand in a rack" in note)
    assert note == (
        "hosts: 72 rubin stand in a rack, which with all in it draws 166 kW; rack_liquid carries 140, rack_kyber 600 kW"
    )
    assert metric("nvl72", "racks_over_limit") == 0


@pytest.mark.parametrize("name", COUNTS)
def test_the_head_of_a_file_tells_what_is_published_what_is_not_and_what_is_assumed(name):
    head = shipped("systems")[name].read_text().partition("\ntitle = ")[0]
    at = [head.find(f"\n# {label}: ") for label in ("Reproduced exactly", "Approached", "Assumptions")]
    assert at == sorted(at) and at[0] > 0


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    fabric = assessed(name)[0]
    found = [fabric.n_endpoints, fabric.n_links, int(np.sum(fabric.node_kind == NodeKind.SWITCH))]
    found += [metric(name, key) for key in ("switch_boxes", "ocs_boxes", "modules", "lasers", "fibers")]
    assert tuple(found) == COUNTS[name]


@pytest.mark.parametrize("name", RATES)
def test_rates(name):
    capacity_gbps, delivered_gbps = RATES[name]
    assert endpoint_gbps(name) == pytest.approx(capacity_gbps)
    assert metric(name, "delivered_gbps_per_endpoint") == pytest.approx(delivered_gbps or capacity_gbps, rel=1e-9)


@pytest.mark.parametrize("name", COUNTS)
def test_no_system_is_built_of_links_that_cannot_work(name):
    assert assessed(name)[2].verdict != "infeasible"
    assert not metric(name, "worst_copper_margin_db") < 0


def test_tpu_v4_has_the_inventory_of_the_paper():
    fabric = assessed("tpu_v4")[0]
    plant = fabric.plant
    assert plant.n_ocs == 3 * 4**2
    assert len(plant.end_ocs) == 64 * 96 == 6144
    assert set(np.bincount(plant.end_ocs)) == {128}
    assert np.bincount(fabric.link_class).tolist() == [64 * 144, 3072]
    assert len(set(fabric.node_group)) == 64
    cut = optinet.bisection(fabric)
    assert cut.lower == cut.upper == 512
    # 50 GB/s a link; Google prints 24 TB/s and 1.1 PB/s, which 45 GB/s come closer to
    assert cut.lower * 50e9 == pytest.approx(24e12, rel=0.07)
    assert fabric.n_arcs * 50e9 == pytest.approx(1.1e15, rel=0.12)


def test_the_switches_of_a_tpu_v4_pod_take_little_of_it():
    """The paper: OCS and their optics below 3 % of the power; the 48 boxes alone are below 1 % of 4,096 x 170 W."""
    _, _, assessment = assessed("tpu_v4")
    ocs_w = 48 * load_catalogue()["palomar"].values["power_max_w"].value
    assert ocs_w / (4096 * 170) == pytest.approx(0.0074, abs=1e-4)
    assert assessment.bom.count("ocs") == 48


def test_tpu_v7_fills_its_switches_and_racks():
    fabric = assessed("tpu_v7")[0]
    assert set(np.bincount(fabric.plant.end_ocs)) == {288}
    assert len(fabric.plant.end_ocs) == 13824
    assert set(np.bincount(fabric.node_group)) == {64}


def test_nvl72_is_nonblocking_and_has_the_published_bandwidth():
    fabric, solution, _ = assessed("nvl72")
    ports = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)
    assert set(ports[:72]) == {18}
    assert set(ports[72:]) == {72}
    pairs = {(a, b) for a, b in zip(fabric.arc_tail[::2], fabric.arc_head[::2], strict=True)}
    assert len(pairs) == fabric.n_links  # one link from every GPU to every chip
    assert solution.throughput == pytest.approx(1.0)
    assert 72 * endpoint_gbps("nvl72") * 2 / 8e3 == pytest.approx(129.6)  # TB/s, both directions
    assert metric("nvl72", "copper_pairs") == 5184  # two lanes each way
    assert metric("nvl72", "network_kw") == pytest.approx(11.16)  # published for the nine trays


def test_larger_nvlink_domains_have_the_published_bandwidth():
    assert 72 * endpoint_gbps("nvl144") * 2 / 8e3 == pytest.approx(260, rel=0.004)
    assert 144 * endpoint_gbps("nvl576") * 2 / 8e6 == pytest.approx(1.5, rel=0.002)
    canisters, blades, packages, dies = 4, 18, 2, 4
    assert assessed("nvl576")[0].n_endpoints == canisters * blades * packages
    assert assessed("nvl576")[0].n_endpoints * dies == load_catalogue()["nvl576"].values["dies"].value


@pytest.mark.parametrize(
    ("name", "ratio"), [("hgx", 9), ("nvl72", 9), ("nvl144", 9), ("nvl576", 26), ("cloudmatrix", 7.84)]
)
def test_scale_up_over_scale_out(name, ratio):
    """Per direction, such as 7.2 Tb/s over 800 Gb/s; a run of the scale-up network reports it from both fabrics."""
    assessment = evaluate(load_scenario(name)).assessment
    assert assessment.metric("scale_up_to_scale_out_ratio").value == pytest.approx(ratio)
    assert assessment.metric("scale_out_gbps").value == endpoint_gbps(f"{name}_scale_out")


def test_a_published_ratio_mixes_directions():
    both_directions = 2 * endpoint_gbps("nvl72_scale_out")
    assert endpoint_gbps("nvl72") / both_directions == pytest.approx(4.5)


def test_q3450_conserves_engines_lasers_and_fibers():
    assert engines("q3450") == 144 * 800 / 1600 == 4 * 18
    bom = assessed("q3450")[2].bom
    assert bom.count("external_laser") == 576 / 32 == 18
    assert metric("q3450", "pm_fibers") == 18 * 8 == 144
    assert 144 * 4 / metric("q3450", "pm_fibers") == 4  # a laser for every lane of pluggable modules
    assert metric("q3450", "fibers") + metric("q3450", "pm_fibers") == 4 * 324 == 1296
    assert endpoint_gbps("q3450") * 144 == 115200


def test_engines_of_broadcom_and_spectrum_boxes():
    assert [engines(name) for name in ("bailly", "davisson", "sn6810", "sn6800")] == [8, 16, 32, 128]
    assert metric("davisson", "fibers") + metric("davisson", "pm_fibers") == 1152
    assert assessed("tomahawk5")[2].bom.count("jumper") == 2 * 64


def test_bailly_takes_a_third_of_what_pluggable_modules_take():
    """5.5 W for 800G against 15 W: 352 W and 960 W of 64 ports, 6.875 and 18.75 pJ/bit; 63 %, not 70 % less."""
    published_w, pluggable_w = 64 * load_catalogue()["bailly"].values["port_optics_power_w"].high, 64 * 15.0
    assert (published_w, pluggable_w) == (352, 960)
    assert (published_w / 51.2, pluggable_w / 51.2) == pytest.approx((6.875, 18.75))
    assert 1 - published_w / pluggable_w == pytest.approx(0.633, abs=1e-3)
    saved_w = 1e3 * (metric("tomahawk5", "network_kw") - metric("bailly", "network_kw"))
    assert saved_w > 0.5 * (pluggable_w - published_w)


def test_cloudmatrix_has_the_switches_and_modules_of_the_paper():
    fabric = assessed("cloudmatrix")[0]
    tier = np.bincount(fabric.node_tier)
    assert tier.tolist() == [384, 48 * 7, 7 * 16]
    l1 = np.flatnonzero(fabric.node_tier == 1)
    for above in (False, True):  # 448 GB/s of a first-tier switch each way
        arcs = (fabric.node_tier[fabric.arc_head] == 2 * above) & (fabric.node_tier[fabric.arc_tail] == 1)
        rate = np.bincount(fabric.arc_tail[arcs], weights=fabric.arc_capacity_gbps[arcs], minlength=fabric.n_nodes)
        assert set(rate[l1] / 8) == {448.0}
    ports = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)
    assert set(ports[fabric.node_tier == 2]) == {48}
    assert metric("cloudmatrix", "modules") == 384 * 7 * 2
    assert metric("cloudmatrix_scale_out", "modules") == 384 * 4
    assert metric("cloudmatrix", "modules") + metric("cloudmatrix_scale_out", "modules") == 6912
    assert endpoint_gbps("cloudmatrix") / 8 == 392
    saved = metric("cloudmatrix", "network_kw") - metric("cloudmatrix_lpo", "network_kw")
    assert saved == pytest.approx(5376 * 3.5 / 1e3, rel=1e-6)


def test_atlas_superpods():
    assert 8192 * 2 * endpoint_gbps("atlas_950") / 8e6 == pytest.approx(16.384)
    assert 8192 * 2 * endpoint_gbps("atlas_950") / 8e6 == pytest.approx(16.3, rel=0.006)
    assert assessed("atlas_950")[0].n_endpoints / 64 == 128
    assert metric("atlas_950", "modules") == 8 * 4096
    assert 15488 * 2 * endpoint_gbps("atlas_960") / 8e6 == pytest.approx(34, rel=0.003)
    assert assessed("atlas_960")[0].n_endpoints / 88 == 176


def test_hpn_is_that_of_the_paper():
    fabric = assessed("hpn")[0]
    ports = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)
    tor, agg = fabric.node_tier == 1, fabric.node_tier == 2
    assert (tor.sum(), agg.sum()) == (15 * 16, 2 * 60)
    assert set(ports[tor]) == {128 + 60}
    assert set(ports[agg]) == {15 * 8}
    up = fabric.node_tier[fabric.arc_head] > fabric.node_tier[fabric.arc_tail]
    gbps = [fabric.arc_capacity_gbps[up & (fabric.node_tier[fabric.arc_tail] == tier)].sum() for tier in (0, 1)]
    assert gbps[0] / gbps[1] == pytest.approx(25600 / 24000)
    assert metric("hpn", "delivered_gbps_per_endpoint") == pytest.approx(378.127, rel=1e-5)


def test_hpn_s_core_is_15_times_oversubscribed():
    """Eight ports of each of 60 aggregation switches; with as many cores, each in a group of its own, eight links."""
    parameters = {key: value for key, value in load_scenario("hpn").resolved()["topology"].items() if key != "name"}
    fabric = topologies.build("rail_optimized", **parameters | {"cores": 60, "links_spine_core": 8})
    agg = fabric.node_tier[fabric.arc_tail] == 2
    up = agg & (fabric.node_tier[fabric.arc_head] == 3)
    assert (agg & ~up).sum() / up.sum() == 15
    assert set(np.bincount(fabric.arc_tail)[fabric.node_tier == 2]) == {128}


def test_opera_s_clos_is_three_times_oversubscribed():
    """The folded Clos that Opera is held against: 72 ToR of 9 hosts and 3 uplinks, 648 hosts."""
    fabric = topologies.build("leaf_spine", leaves=72, spines=3, hosts_per_leaf=9, host_gbps=1.0, uplink_gbps=1.0)
    demand = optinet.Demand.uniform(fabric, 1.0 / 647)
    assert optinet.link_loads(fabric, demand).throughput == pytest.approx(3 / 9 * 647 / 639, abs=1e-12)


def test_ub_mesh_is_a_mesh_of_four_dimensions():
    fabric = assessed("ub_mesh")[0]
    paths = optinet.path_metrics(fabric)
    assert (paths.diameter, paths.mean_distance) == (4, pytest.approx(3328 / 1023))
    assert set(np.bincount(fabric.arc_tail)) == {20}


def test_spines_of_light_have_no_packet_switches():
    for name, ports in (("jupiter", 136), ("polatis", 576)):
        fabric = assessed(name)[0]
        assert set(fabric.node_tier) == {0, 1}
        assert np.bincount(fabric.plant.end_ocs).max() <= ports
