# SPDX-License-Identifier: Apache-2.0
"""Block meshes through OCS."""

import numpy as np
import pytest

import optinet
import topologies
from optinet import workloads
from optinet.errors import TopologyError


def test_uniform_mesh_of_64_blocks():
    fabric = topologies.build("ocs_mesh", blocks=64, hosts_per_block=64, uplinks_per_block=64)
    assert fabric.n_endpoints == 4096
    assert np.bincount(fabric.link_class).tolist() == [4096, 2016]
    plant = fabric.plant
    assert (plant.n_ends, plant.n_circuits, plant.ports_needed) == (4096, 2016, 128)  # one spare end per block
    assert plant.n_ocs == 32
    ends = np.column_stack((fabric.arc_tail, fabric.arc_head))[::2][plant.circuit_link]
    assert np.array_equal(np.sort(plant.end_node[plant.circuit_ends], axis=1), np.sort(ends, axis=1))


@pytest.mark.parametrize(("ports", "n_ocs", "used"), [(136, 32, 128), (300, 16, 256), (576, 8, 512), (384, 11, 384)])
def test_bigger_devices_need_fewer_boxes(ports, n_ocs, used):
    plant = topologies.build("ocs_mesh", blocks=64, hosts_per_block=1, uplinks_per_block=64, ocs_ports=ports).plant
    assert (plant.n_ocs, plant.ports_needed) == (n_ocs, used)


def test_a_given_matrix_of_circuits_is_built():
    counts = ((0, 3, 1), (3, 0, 1), (1, 1, 0))
    fabric = topologies.build("ocs_mesh", blocks=3, hosts_per_block=1, uplinks_per_block=4, circuits=counts)
    pairs = fabric.arc_tail[::2][3:] - 3, fabric.arc_head[::2][3:] - 3
    built = np.zeros((3, 3), dtype=int)
    np.add.at(built, pairs, 1)
    assert np.array_equal(built + built.T, counts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"circuits": ((0, 1), (1, 0))}, "2 rows"),
        ({"circuits": ((0, 1, 2), (2, 0, 0), (2, 0, 0))}, "symmetric"),
        ({"circuits": ((0, 9, 0), (9, 0, 0), (0, 0, 0))}, "at most its 4 uplinks"),
        ({"uplinks_per_block": 1}, "cannot reach"),
        ({"ocs_ports": 5}, "at least 6"),
        ({"uplinks_per_block": (4, 4)}, "one for each block"),
        ({"uplink_gbps": (100.0, 400.0)}, "one for each block"),
        ({"circuits": "engineered"}, "forecast"),
        ({"circuits": "engineered", "forecast": {"name": "gravitas"}}, "gravity"),
        ({"circuits": "engineerd"}, "engineered"),
    ],
)
def test_what_cannot_be_wired_is_refused(change, words):
    with pytest.raises(TopologyError, match=words):
        topologies.build("ocs_mesh", **({"blocks": 3, "hosts_per_block": 1, "uplinks_per_block": 4} | change))


def built_circuits(fabric, blocks):
    hosts = fabric.n_endpoints
    built = np.zeros((blocks, blocks), dtype=int)
    np.add.at(built, (fabric.arc_tail[2 * hosts :] - hosts, fabric.arc_head[2 * hosts :] - hosts), 1)
    return built


def test_a_full_mesh_leaves_nothing_spare():
    fabric = topologies.build("ocs_mesh", blocks=6, hosts_per_block=2, uplinks_per_block=12, circuits="full")
    built = built_circuits(fabric, 6)
    assert np.all(built.sum(axis=1) == 12)
    assert set(built[~np.eye(6, dtype=bool)]) == {2, 3}
    assert fabric.plant.n_ends == 2 * fabric.plant.n_circuits


def test_circuits_engineered_for_a_forecast_carry_it_better():
    shape = {"blocks": 12, "hosts_per_block": 8, "uplinks_per_block": 24}
    forecast = {"name": "gravity", "variation_fraction": 1.0, "seed": 5}
    meshes = [
        topologies.build("ocs_mesh", **shape, circuits="full"),
        topologies.build("ocs_mesh", **shape, circuits="engineered", forecast=forecast),
    ]
    demand = [workloads.demand(m, "gravity", {"blocks": 12, "variation_fraction": 1.0}, seed=5) for m in meshes]
    plain, made = (optinet.solve(m, d, "direct_transit", method="lp") for m, d in zip(meshes, demand, strict=True))
    assert made.throughput >= plain.throughput * 0.99
    assert made.paths.mean_hops < plain.paths.mean_hops - 0.1
    hedged = topologies.build("ocs_mesh", **shape, circuits="engineered", forecast=forecast, hedge_fraction=1.0)
    assert np.array_equal(built_circuits(hedged, 12), built_circuits(meshes[0], 12))


def test_blocks_of_three_generations():
    """Circuits run at the slower end; each speed is a link class; a block's ends are spread over the OCS two by two."""
    fabric = topologies.build(
        "ocs_mesh",
        blocks=4,
        hosts_per_block=1,
        uplinks_per_block=(8, 8, 4, 6),
        uplink_gbps=(100.0, 400.0, 400.0, 800.0),
        circuits="full",
        ocs_ports=10,
    )
    plant = fabric.plant
    assert plant.n_ends == 26
    assert plant.n_ocs == 3
    assert plant.ports_needed <= 10
    per_ocs = np.zeros((4, 3), dtype=int)
    np.add.at(per_ocs, (plant.end_node - 4, plant.end_ocs), 1)
    assert np.all(per_ocs % 2 == 0)
    assert np.all(per_ocs.max(axis=1) - per_ocs.min(axis=1) <= 2)
    names = np.array(fabric.link_class_names)[fabric.link_class]
    speed = np.array([100.0, 400.0, 400.0, 800.0])
    ends = np.column_stack((fabric.arc_tail, fabric.arc_head))[::2][4:] - 4
    assert np.array_equal(fabric.arc_capacity_gbps[::2][4:], speed[ends].min(axis=1))
    assert set(names) == {"host-leaf", "block-ocs-100g", "block-ocs-400g"}
