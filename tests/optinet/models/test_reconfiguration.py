# SPDX-License-Identifier: Apache-2.0
"""Reconfiguration time: the three parts follow one another."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.catalogue import load_catalogue
from optinet.models.physical_path import physical_paths
from optinet.models.reconfiguration import reconfiguration, switching_time_ms, timed_change
from tests.support.parts import PARTS, design

MESH = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}


def pause_of(topology, parameters, **roles):
    made = design(**roles)
    return reconfiguration(physical_paths(topologies.build(topology, **parameters), made, PARTS), made, PARTS)


@pytest.mark.parametrize(
    ("optics", "more", "total_ms"),
    [
        ("fr4_bidi", {}, 10 + 6 + 50),
        ("engine_1t6", {}, 10 + 5 + 50),  # no DSP to lock again
        ("engine_1t6", {"ocs_control": "ocs_control_dsp"}, 66),
        ("fr4_bidi", {"ocs": "unrated_ocs"}, 100 + 6 + 50),
    ],
)
def test_sum_of_parts(optics, more, total_ms):
    roles = {"switch": "box_200", "host_link": "aec", "optics": optics, "ocs": "mems", **more}
    assert pause_of("ocs_mesh", MESH, **roles).total_ms == total_ms


def test_nothing_to_set_without_an_ocs():
    shape = {"leaves": 2, "spines": 1, "hosts_per_leaf": 1}
    assert pause_of("leaf_spine", shape, switch="box", optics="dr8", host_link="aec") is None


@pytest.mark.parametrize(
    ("ocs", "circuits", "ms"),
    [
        ("palomar", 0, 0.0),
        ("palomar", 1, 10.0),
        ("palomar", 64, 10.0),  # all mirrors turn at once
        ("calient_s320", 1, 25.0),
        ("calient_s320", 2, 200.0),  # a bulk change
        ("telescent_1008", 3, 360_000.0),  # one robot
        ("polatis_576_mixnet", 16, 46.75),  # as measured, commands inside
        ("epiphotonics_plzt_16", 8, 1e-5),
    ],
)
def test_switching_several_circuits_in_one_command(ocs, circuits, ms):
    assert switching_time_ms(ocs, load_catalogue(), circuits) == pytest.approx(ms)


def test_a_rewiring_in_time():
    """Three blocks, two circuits to each other; one between 0 and 2 and one between 1 and 2 become one from 0 to 1.

    20 Gbit from block 0 to block 1 over all circuits there are, 1 Gb/s each: two until the change at 1 s, those that
    stay while the others are dark for 4 s, and three from 5 s.
    """
    mesh = topologies.build("ocs_mesh", blocks=3, hosts_per_block=1, uplinks_per_block=4, uplink_gbps=1.0)
    links = np.array([[0, 3, 1], [3, 0, 1], [1, 1, 0]])
    moved = optinet.rewire(mesh, links)
    timed = timed_change(moved, start_s=1.0, dark_s=4.0)
    after = moved.fabric
    stays = moved.link_before.repeat(2) >= 0
    assert np.array_equal(after.arc_capacity_gbps[stays], timed.capacity_gbps[timed.arc_after[stays]])
    assert np.all(timed.capacity_gbps[timed.arc_after[~stays]] == 0)
    block0, block1 = 3, 4
    arcs = np.flatnonzero((after.arc_tail == block0) & (after.arc_head == block1))
    assert len(arcs) == 3
    result = optinet.simulate_flows(
        timed.capacity_gbps,
        np.arange(4),
        timed.arc_after[arcs],
        [20.0],
        subflow_of=[0, 0, 0],
        capacity_changes=timed.capacity_changes,
    )
    staying = sum(1 for arc in arcs if moved.link_before[arc // 2] >= 0)
    sent = 2.0 * 1.0 + staying * 4.0
    assert result.finish_s[0] == pytest.approx(5.0 + (20.0 - sent) / 3.0)
