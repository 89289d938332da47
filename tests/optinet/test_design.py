# SPDX-License-Identifier: Apache-2.0
"""Roles and physical paths: what each link is made of, and what does not fit."""

from dataclasses import replace

import networkx as nx
import pytest

import optinet
import topologies
from optinet.design import ROLES, Design
from optinet.errors import CatalogueError
from optinet.fabric import NodeKind
from optinet.link_classes import link_ends, spare_end_nodes
from optinet.models.physical_path import physical_paths
from tests.support.parts import PARTS, catalogue_of, design

LEAF_SPINE = {"leaves": 4, "spines": 2, "hosts_per_leaf": 2}
POD = {"cubes": (2, 2, 2), "cube_side": 2, "link_gbps": 800 / 6}


def paths_of(topology, parameters, **roles):
    fabric = topologies.build(topology, **parameters)
    return {path.link_class: path for path in physical_paths(fabric, design(**roles), PARTS)}


def problems_of(topology, parameters, **roles):
    with pytest.raises(CatalogueError) as caught:
        paths_of(topology, parameters, **roles)
    return [str(problem) for problem in caught.value.problems]


def test_all_wrong_roles_are_reported_together():
    with pytest.raises(CatalogueError) as caught:
        Design.from_roles({"swich": "box", "optics": "dr9", "ocs": "dr8", "switch": "box"}, PARTS)
    swich, optics, ocs = (str(problem) for problem in caught.value.problems)
    assert "unknown role 'swich'" in swich and "did you mean 'switch'" in swich
    assert "design.optics: unknown component 'dr9'" in optics and "did you mean 'dr8'" in optics
    assert "design.ocs: 'dr8' is of kind module; allowed: mems, tiny_ocs, unrated_ocs" in ocs


def test_passive_and_facility_roles_have_defaults_and_the_others_must_be_named():
    empty = Design({})
    assert {role for role in ROLES if empty.get(role) is None} == {
        "switch",
        "optics",
        "ocs_optics",
        "host_link",
        "cube_link",
        "ocs",
        "chip",
        "ocs_control",
        "cooling",
        "rack",
        "host_rack",
        "accelerator",
        "job",
        "repair",
    }
    assert empty.component("fiber") == "smf"
    with pytest.raises(CatalogueError, match=r"design\.switch: the fabric needs this role .*; allowed: .* kind switch"):
        empty.component("switch")


def test_a_fabric_asks_for_all_the_roles_it_needs_at_once():
    problems = problems_of("ocs_mesh", {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4})
    assert [problem.split(":")[0] for problem in problems] == [
        "design.host_link",
        "design.optics",
        "design.switch",
        "design.ocs",
    ]
    assert [problem.split(":")[0] for problem in problems_of("torus", {"dims": (4, 4)})] == [
        "design.cube_link",
        "design.chip",
    ]


def test_links_of_a_clos_with_cables_to_the_hosts():
    paths = paths_of("leaf_spine", LEAF_SPINE, switch="box", optics="dr8", host_link="aec")
    host, spine = paths["host-leaf"], paths["leaf-spine"]
    assert (host.medium, host.n_links, host.end_a, host.end_b) == ("copper", 8, "aec", "aec")
    assert (host.kind_a, host.kind_b, host.strands_per_link) == (NodeKind.HOST, NodeKind.SWITCH, 0)
    assert [(part.name, part.length_m) for part in host.parts] == [("cable", 3)]
    assert (spine.medium, spine.n_links, spine.end_a, spine.end_b, spine.through_ocs) == (
        "fiber",
        8,
        "dr8",
        "dr8",
        False,
    )
    # 800 Gb/s are 8 lanes of 100, a fiber each way for each
    assert (spine.lanes_per_link, spine.strands_per_link, spine.segments, spine.units_per_end_a) == (8, 16, 1, 1)
    assert [(part.name, part.component, part.length_m) for part in spine.parts] == [
        ("transmitter", "dr8", 0),
        ("connector", "mpo_low_loss", 0),
        ("fiber", "smf", 50),
        ("connector", "mpo_low_loss", 0),
        ("receiver", "dr8", 0),
    ]


def test_an_optical_host_link_has_the_switch_optics_at_its_other_end():
    paths = paths_of("leaf_spine", LEAF_SPINE, switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    host = paths["host-leaf"]
    assert (host.end_a, host.end_b, host.units_per_end_a, host.units_per_end_b) == ("dr4_200g", "engine_1t6", 1, 0.5)
    assert (host.lanes_per_link, host.strands_per_link) == (4, 8)


@pytest.mark.parametrize(("optics", "strands"), [("fr8_bidi", 1), ("fr4_bidi", 2), ("dr8", 16)])
def test_a_link_through_an_ocs_has_two_legs_with_one_connector_each(optics, strands):
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    path = paths_of("ocs_mesh", mesh, switch="box", optics=optics, host_link="aec", ocs="mems")["block-ocs"]
    assert (path.through_ocs, path.segments, path.strands_per_link, path.length_m) == (True, 2, strands, 100)
    # 4 uplinks for 3 other blocks: one end of each block is spare
    assert (path.n_links, path.spare_ends) == (6, 4)
    connector = "mpo_low_loss" if optics == "dr8" else "lc"
    middle = [("connector", connector), ("fiber", "smf"), ("ocs", "mems"), ("fiber", "smf"), ("connector", connector)]
    if optics == "fr4_bidi":  # the FR8 has its circulator inside
        middle = [("circulator", "circulator_o_band"), *middle, ("circulator", "circulator_o_band")]
    found = [(part.name, part.component) for part in path.parts]
    assert found == [("transmitter", optics), *middle, ("receiver", optics)]
    assert [part.length_m for part in path.parts if part.name == "fiber"] == [50, 50]


def test_links_through_an_ocs_may_have_optics_of_their_own():
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    roles = {"switch": "box_200", "optics": "engine_1t6", "host_link": "dr4_200g", "ocs": "mems"}
    paths = paths_of("ocs_mesh", mesh, ocs_optics="fr8_bidi", **roles)
    assert (paths["host-leaf"].end_b, paths["block-ocs"].end_a) == ("engine_1t6", "fr8_bidi")
    assert paths_of("ocs_mesh", mesh, **roles)["block-ocs"].end_a == "engine_1t6"


def test_a_slow_link_takes_a_fraction_of_a_module():
    path = paths_of("tpu_pod", POD, chip="ici", optics="fr4_bidi", cube_link="dac", ocs="mems")["cube-ocs"]
    # a sixth of its rate, but one of its two fibers
    assert path.units_per_end_a == pytest.approx(1 / 2, rel=1e-12)
    # 133 Gb/s on 100 Gb/s lanes: two lanes, both on one fiber
    assert (path.lanes_per_link, path.strands_per_link, path.spare_ends) == (2, 1, 0)


def test_planes_in_boxes_of_several_asics_pass_a_shuffle_instead_of_a_patch_panel():
    planes = {"planes": 4, "leaves": 2, "spines": 1, "hosts_per_leaf": 2}
    paths = paths_of("multiplane", planes, switch="box_of_4", optics="engine_1t6", host_link="dr4_200g")
    names = {name: [part.name for part in path.parts] for name, path in paths.items()}
    assert names == {
        "host-leaf": ["transmitter", "connector", "fiber", "shuffle", "fiber_array", "receiver"],
        "leaf-spine": ["transmitter", "fiber_array", "shuffle", "fiber", "shuffle", "fiber_array", "receiver"],
    }
    single = paths_of("multiplane", planes, switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    assert single["leaf-spine"].count("shuffle") == 0
    assert single["leaf-spine"].count("connector") == 2


def test_copper_beyond_its_reach_says_what_reaches():
    (problem,) = problems_of("leaf_spine", LEAF_SPINE, switch="box", optics="dr8", host_link="dac")
    assert problem == (
        "design.host_link: host-leaf is 3 m, dac reaches 2 m; allowed: what fits: aec 5 m, "
        "dr8 500 m, dr8_slow_fec 500 m, fr4_bidi 500 m, fr8_bidi 500 m"
    )


def test_everything_that_does_not_fit_is_reported_together():
    shape = LEAF_SPINE | {"host_gbps": 1600, "uplink_length_m": 600}
    problems = problems_of("leaf_spine", shape, switch="small_box", optics="dr4_200g", host_link="aec")
    assert len(problems) == 5
    assert problems[0].startswith("design.host_link: host-leaf runs 1600 Gb/s, aec carries 800")
    assert "design.optics: leaf-spine is 600 m, dr4_200g reaches 500 m" in problems[1]
    assert "nothing in the catalogue carries 800 Gb/s over 600 m here" in problems[1]
    assert "dr4_200g has 200 Gb/s lanes, small_box only 100" in problems[2]
    assert "a link runs 1600 Gb/s, a port of small_box at most 800" in problems[3]
    # 2 hosts x 1600 and 2 spines x 800
    assert "leaf0 needs 4,800 Gb/s of links, an ASIC of small_box has 3,200: 1,600 short" in problems[4]


def test_a_module_slower_than_its_link_says_what_is_fast_enough():
    # the spine's links run at 1.6T; of the modules with lanes the switch has, one carries that
    shape = LEAF_SPINE | {"uplink_gbps": 1600}
    parts = PARTS.with_values({"box.max_port_gbps": 1600})
    fabric = topologies.build("leaf_spine", **shape)
    with pytest.raises(CatalogueError) as caught:
        physical_paths(fabric, design(switch="box", optics="dr8", host_link="aec"), parts)
    assert str(caught.value) == (
        "design.optics: leaf-spine runs 1600 Gb/s, dr8 carries 800; "
        "allowed: nothing in the catalogue carries 1600 Gb/s over 50 m here"
    )
    fast = parts.with_values({"box.lane_gbps": 200})
    with pytest.raises(CatalogueError, match=r"dr8 carries 800; allowed: what fits: dr8_1t6 500 m, engine_1t6 500 m"):
        physical_paths(fabric, design(switch="box", optics="dr8", host_link="aec"), fast)


def test_an_ocs_with_too_few_ports_says_which_has_enough():
    # 4 blocks of 4 uplinks end on one OCS
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    (problem,) = problems_of("ocs_mesh", mesh, switch="box", optics="fr8_bidi", host_link="aec", ocs="tiny_ocs")
    assert problem == (
        "design.ocs: tiny_ocs has 4 ports, the fullest OCS of the fabric needs 16: 12 short; "
        "allowed: an OCS of at least 16 ports: unrated_ocs 64, mems 136"
    )


def test_both_ends_must_speak_alike():
    (problem,) = problems_of("leaf_spine", LEAF_SPINE, switch="box_200", optics="dr4_200g", host_link="dr8")
    assert "dr8 has 100 Gb/s lanes and dr4_200g has 200, so host-leaf cannot join them" in problem
    problems = problems_of("leaf_spine", LEAF_SPINE, switch="box", optics="dr8", host_link="fr4_bidi")
    assert "4 lanes per fiber" in problems[0]
    assert "bidirectional" in problems[1]


def test_a_one_way_ocs_cannot_carry_both_directions_on_a_fiber():
    one_way = catalogue_of(
        [replace(PARTS[n], text={"bidirectional": "no"}) if n == "mems" else PARTS[n] for n in PARTS.ids()]
    )
    fabric = topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=4)
    roles = {"switch": "box", "host_link": "aec", "ocs": "mems"}
    with pytest.raises(CatalogueError, match="fr4_bidi sends both ways on one fiber, the ports of mems carry one way"):
        physical_paths(fabric, design(optics="fr4_bidi", **roles), one_way)
    assert physical_paths(fabric, design(optics="dr8", **roles), one_way)[1].strands_per_link == 16


def test_cable_lanes_must_not_be_faster_than_the_switch():
    fabric = topologies.build("leaf_spine", **LEAF_SPINE)
    made = design(switch="box", optics="dr8", host_link="aec_200g")
    with pytest.raises(CatalogueError, match="aec_200g has 200 Gb/s lanes, box only 100") as caught:
        physical_paths(fabric, made, PARTS)
    assert len(caught.value.problems) == 1


def test_spare_uplinks_take_switch_ports_too():
    # 1 host and 3 circuits of 800 Gb/s fill the small box; the fourth uplink has no circuit but needs its port
    mesh = {"blocks": 4, "hosts_per_block": 1, "uplinks_per_block": 4}
    (problem,) = problems_of("ocs_mesh", mesh, switch="small_box", optics="fr8_bidi", host_link="aec", ocs="mems")
    assert "block0 needs 4,000 Gb/s of links, an ASIC of small_box has 3,200: 800 short" in problem


def test_more_lanes_than_the_asic_has():
    # 17 links of 100 Gb/s take 17 of the 16 lanes of 200 Gb/s in an ASIC of 3,200 Gb/s
    graph = nx.star_graph(17)
    nx.set_node_attributes(graph, {node: "switch" if node == 0 else "host" for node in graph}, "kind")
    nx.set_edge_attributes(graph, 100, "capacity_gbps")
    fabric = optinet.Fabric.from_networkx(graph)
    parts = PARTS.with_values({"box_200.asic_capacity_gbps": 3200})
    with pytest.raises(CatalogueError, match="0 needs 17 lanes, an ASIC of box_200 has 16: 1 short"):
        physical_paths(fabric, design(switch="box_200", host_link="aec"), parts)


def test_links_of_one_class_must_be_alike():
    graph = nx.Graph()
    graph.add_nodes_from("ab", kind="switch")
    graph.add_node("h", kind="host")
    graph.add_edge("h", "a", capacity_gbps=100)
    graph.add_edge("a", "b", capacity_gbps=400)
    fabric = optinet.Fabric.from_networkx(graph)
    with pytest.raises(CatalogueError) as caught:
        physical_paths(fabric, design(switch="box", optics="dr8", host_link="dac"), PARTS)
    kinds, rates = (str(problem) for problem in caught.value.problems)
    assert kinds.startswith("link class 'link': joins host to switch and switch to switch")
    assert rates.startswith("link class 'link': links of 100 and of 400 Gb/s")


def test_link_ends_put_hosts_and_lower_tiers_first():
    fabric = topologies.build("leaf_spine", **LEAF_SPINE)
    for index, kinds in ((0, (NodeKind.HOST, NodeKind.SWITCH)), (1, (NodeKind.SWITCH, NodeKind.SWITCH))):
        ends = link_ends(fabric, index)
        assert {tuple(row) for row in fabric.node_kind[ends]} == {kinds}
        assert {tuple(row) for row in fabric.node_tier[ends]} == {(index, index + 1)}
    turned = nx.DiGraph()
    turned.add_node("s", kind="switch", tier=1)
    turned.add_node("h", kind="host")
    turned.add_edge("s", "h", capacity_gbps=1)
    assert link_ends(optinet.Fabric.from_networkx(turned), 0).tolist() == [[1, 0]]


def test_spare_ends_are_at_the_nodes_of_their_fibers():
    fabric = topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=4)
    assert sorted(spare_end_nodes(fabric)) == [8, 9, 10, 11]
    assert len(spare_end_nodes(topologies.build("leaf_spine", **LEAF_SPINE))) == 0
