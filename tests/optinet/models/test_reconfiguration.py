# SPDX-License-Identifier: Apache-2.0
"""Reconfiguration time: the three parts follow one another."""

import pytest

import topologies
from optinet.catalogue import load_catalogue
from optinet.models.reconfiguration import reconfiguration, switching_time_ms
from optinet.physical_path import physical_paths
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
