# SPDX-License-Identifier: Apache-2.0
"""Following a demand on a plant: what moves, how long it is dark, and break-even points that can be checked."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.engineering.phases import Change
from optinet.errors import SolverError
from optinet.models.following import PlantChange, circuits_of, follow_on_plant, layer_of, phase_metrics
from optinet.models.physical_path import physical_paths
from optinet.traffic.blocks import between_blocks, of_blocks
from tests.support.parts import PARTS, design


def mesh(**more):
    shape = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 12, "host_gbps": 1200.0, "uplink_gbps": 100.0}
    return topologies.build("ocs_mesh", **(shape | {"circuits": "full"} | more))


def pairs(step):
    """Blocks in pairs, each sending its partner all it can: 2,400 Gb/s over 1,200 Gb/s of uplinks."""
    gbps = np.zeros((4, 4))
    for a in range(4):
        gbps[a, a ^ step] = 1200.0
    return gbps


def test_what_is_known_of_the_plant():
    fabric = mesh(uplink_gbps=(100.0, 100.0, 400.0, 400.0), uplinks_per_block=(12, 12, 6, 6))
    layer = layer_of(fabric, 4)
    assert layer.uplinks.tolist() == [12, 12, 6, 6]
    assert layer.uplink_gbps.tolist() == [100, 100, 400, 400]
    assert circuits_of(fabric, 4).sum(axis=1).tolist() == [12, 12, 6, 6]


def test_traffic_of_blocks():
    fabric = mesh()
    block = fabric.node_group[fabric.endpoints]
    assert np.allclose(of_blocks(between_blocks(fabric, pairs(1)), block, 4), pairs(1))
    uniform = of_blocks(optinet.Demand.uniform(fabric), block, 4)
    assert np.allclose(uniform, 4 * (1 - np.eye(4)))


def test_circuits_follow_pairs_of_blocks():
    fabric = mesh()
    changes = follow_on_plant(fabric, [between_blocks(fabric, pairs(step)) for step in (1, 2)])
    for each in changes:
        assert each.change.new_fraction == pytest.approx(1.0)
        # 4 circuits to each other block: direct 400, over two others 400 each way round
        assert each.built_fraction == pytest.approx(8 / 12, rel=0.01)
        assert each.moves >= each.change.circuits_moved
    assert changes[1].change.stay_fraction < 0.01  # circuits of the other pairing
    assert changes[1].moves == 24  # all of them
    stale = follow_on_plant(fabric, [between_blocks(fabric, pairs(step)) for step in (1, 2)], lag=2)
    assert [each.moves for each in stale] == [0, 0]
    with pytest.raises(SolverError, match="ocs_mesh"):
        follow_on_plant(topologies.build("torus", dims=(4, 4)), [])


def test_metrics_of_phases():
    """Two equal changes; 66 ms dark (10 + 6 + 50), a quarter carried meanwhile, half when staying, all after."""
    made = design(switch="box_200", host_link="aec", optics="fr4_bidi", ocs="mems")
    paths = physical_paths(topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=4), made, PARTS)
    one = PlantChange(Change(0.4, 0.25, 1.0, 100.0, 3, 9), built_fraction=0.5, moves=5, moves_per_ocs=2)
    values = {m.name: m.value for m in phase_metrics([one, one], 0.132, paths, made, PARTS)}
    assert values["dark_ms"] == pytest.approx(66.0)
    assert values["following_fraction"] == pytest.approx((0.25 + 1.0) / 2)
    assert values["staying_fraction"] == 0.5
    assert values["circuits_moved"] == 5
    assert values["break_even_s"] == pytest.approx(0.066 * 0.75 / 0.5)
    assert values["break_even_gbit"] == pytest.approx(0.099 * 0.5 * 100)
    still = PlantChange(Change(0.5, 0.5, 0.5, 100.0, 0, 9), built_fraction=0.5, moves=0, moves_per_ocs=0)
    values = {m.name: m.value for m in phase_metrics([still], 1.0, paths, made, PARTS)}
    assert (values["dark_ms"], values["break_even_s"]) == (0.0, np.inf)
