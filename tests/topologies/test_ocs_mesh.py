# SPDX-License-Identifier: Apache-2.0
"""Block meshes through OCS."""

import numpy as np
import pytest

import topologies
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
    ],
)
def test_what_cannot_be_wired_is_refused(change, words):
    with pytest.raises(TopologyError, match=words):
        topologies.build("ocs_mesh", **({"blocks": 3, "hosts_per_block": 1, "uplinks_per_block": 4} | change))
