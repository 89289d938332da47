# SPDX-License-Identifier: Apache-2.0
"""What may fail in a design: how many of each, and what one of them takes down, counted by hand."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.models.risks import DesignRisks
from optinet.reliability.risks import Risks
from optinet.reliability.settings import CAUSES


def risks_of(topology, roles, racks, power_domains, **shape):
    catalogue = load_catalogue()
    fabric = topologies.build(topology, **shape)
    design = Design.from_roles(roles, catalogue, racks)
    assessment = optinet.assess(optinet.solve(fabric, optinet.Demand.uniform(fabric), "ecmp"), design)
    parts = DesignRisks(fabric, assessment.paths, assessment.racks, design, catalogue, power_domains)
    return Risks(fabric, parts.causes())


def down(risks, kind, index=0):
    """Links and nodes that one risk takes down, the first cause of its kind."""
    at = next(i for i, cause in enumerate(risks.causes) if cause.kind == kind)
    found = risks.damage([risks.first[at] + np.array([index])])
    return np.flatnonzero(found.links[0]), np.flatnonzero(found.nodes[0])


@pytest.fixture(scope="module")
def pluggable():
    """4 leaves of 16 hosts on copper, two a rack, and 2 spines in one rack, 8 links between each pair."""
    roles = {"switch": "switch_102t4", "host_link": "aec_800g", "optics": "retimed_800g_dr4_200g"}
    racks = {"tier_1": 2, "tier_2": 2}
    shape = {"leaves": 4, "spines": 2, "hosts_per_leaf": 16, "links_per_pair": 8}
    return risks_of("leaf_spine", roles, racks, 2, **shape)


@pytest.fixture(scope="module")
def mesh():
    """4 blocks of 8 hosts, one a rack, whose 6 uplinks each go to 3 OCS of 8 ports that stand in one rack."""
    roles = {"switch": "switch_102t4", "host_link": "aec_800g", "ocs_optics": "bidi_800g_fr4", "ocs": "palomar"}
    shape = {"blocks": 4, "hosts_per_block": 8, "uplinks_per_block": 6, "ocs_ports": 8}
    return risks_of("ocs_mesh", roles, {"tier_1": 1}, 2, **shape)


def test_counts_and_extents_of_a_leaf_spine_fabric(pluggable):
    assert [(c.kind, c.where, c.count, c.extent) for c in pluggable.causes] == [
        ("module", "leaf-spine", 2 * 64, 1.0),  # one at each end
        ("cable", "host-leaf", 64, 1.0),
        ("switch", "tier 1", 4, 1.0),
        ("switch", "tier 2", 2, 1.0),
        ("nic", "hosts", 64, 1.0),
        ("host", "hosts", 64, 1.0),
        ("rack", "tier 1", 2, 2.0),
        ("rack", "tier 2", 1, 2.0),
        ("power_domain", "racks", 2, 3.0),
        ("trunk", "leaf-spine", 2, 32.0),  # from each of two racks of leaves to the rack of spines
    ]


def test_trunks_racks_and_power_domains_take_down_what_shares_them(pluggable):
    fabric = pluggable.fabric
    leaves, spines = (np.flatnonzero(fabric.node_tier == tier) for tier in (1, 2))
    links, nodes = down(pluggable, "trunk")
    ends = np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2]))
    of_trunk = np.isin(ends, leaves[:2]).any(axis=1) & np.isin(ends, spines).any(axis=1)
    assert links.tolist() == np.flatnonzero(of_trunk).tolist() and len(nodes) == 0
    assert down(pluggable, "rack")[1].tolist() == leaves[:2].tolist()
    # of the racks of each tier in turn: leaves are split over both domains, the spines' one rack is in the first
    assert down(pluggable, "power_domain", 0)[1].tolist() == [*leaves[:2], *spines]
    assert down(pluggable, "power_domain", 1)[1].tolist() == leaves[2:].tolist()


def test_an_ocs_its_ports_and_its_trunks_take_down_the_circuits_on_them(mesh):
    plant = mesh.fabric.plant
    counts = {(c.kind, c.where): (c.count, c.extent) for c in mesh.causes}
    assert counts["ocs", "plant"] == (plant.n_ocs, 8.0) == (3, 8.0)
    assert counts["ocs_port", "block-ocs"] == (24, 1.0)
    assert counts["module", "block-ocs"] == (24, 1.0)
    assert counts["trunk", "block-ocs"] == (4, 6.0)
    assert counts["rack", "plant"] == (1, 24.0)
    on_first = (plant.end_ocs[plant.circuit_ends] == 0).any(axis=1)
    assert sorted(down(mesh, "ocs")[0]) == sorted(plant.circuit_link[on_first])
    assert len(down(mesh, "ocs_port")[0]) == 1
    # a block without its trunk loses all six circuits, and no block is down
    links, nodes = down(mesh, "trunk")
    block = np.flatnonzero(mesh.fabric.node_tier == 1)[0]
    of_block = (mesh.fabric.arc_tail[::2] == block) | (mesh.fabric.arc_head[::2] == block)
    assert set(links) == set(np.flatnonzero(of_block)) & set(plant.circuit_link) and len(links) == 6
    assert len(nodes) == 0


def test_every_cause_is_explained():
    text = DesignRisks.causes.__globals__["__doc__"]
    assert [name for name in CAUSES if f"**{name}**" not in text] == []
