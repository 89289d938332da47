# SPDX-License-Identifier: Apache-2.0
"""Dragonflies: wiring port by port, counts, distances."""

from fractions import Fraction

import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.structure import Dragonfly, structure_from_dict, structure_to_dict


def dragonfly(a, h, p=0, **more):
    return topologies.build("dragonfly", switches_per_group=a, global_links_per_switch=h, hosts_per_switch=p, **more)


def global_pairs(fabric):
    ends = np.column_stack((fabric.arc_tail, fabric.arc_head))[::2]
    return ends[fabric.link_class == fabric.link_class_names.index("global")].tolist()


@pytest.mark.parametrize(
    ("a", "h", "switches", "links", "degree", "mean"),
    [(4, 2, 36, 90, 5, Fraction(82, 35)), (8, 4, 264, 1452, 11, Fraction(1413, 526))],
)
def test_counts_and_distances(a, h, switches, links, degree, mean):
    fabric = dragonfly(a, h)
    assert (fabric.n_endpoints, fabric.n_nodes, fabric.n_links) == (switches, switches, links)
    assert set(np.bincount(fabric.arc_tail)) == {degree}
    metrics = optinet.path_metrics(fabric)
    counts = metrics.distance_counts
    assert metrics.diameter == 3
    assert Fraction(sum(int(n) * hops for hops, n in enumerate(counts)), int(counts.sum())) == mean


def test_hosts_of_a_balanced_dragonfly():
    fabric = dragonfly(4, 2, 2)
    assert (fabric.n_endpoints, fabric.n_links) == (72, 162)
    assert fabric.link_class_names == ("host-switch", "local", "global")
    assert np.bincount(fabric.link_class).tolist() == [72, 54, 36]
    assert fabric.node_group.tolist() == [i // 8 for i in range(72)] + [i // 4 for i in range(36)]
    assert optinet.path_metrics(fabric).diameter == 5
    assert fabric.structure == Dragonfly(9, 4, 2)
    assert structure_from_dict(structure_to_dict(fabric.structure)) == fabric.structure


@pytest.mark.parametrize(("a", "h"), [(4, 2), (3, 1), (1, 4), (8, 4)])
def test_global_ports_meet_their_peers(a, h):
    # port n of group i, on switch n // h, meets port a h - 1 - n of group (i + n + 1) mod g
    g = a * h + 1
    expected = set()
    for i in range(g):
        for n in range(a * h):
            j, peer = (i + n + 1) % g, a * h - 1 - n
            assert (j + peer + 1) % g == i
            expected.add(frozenset((i * a + n // h, j * a + peer // h)))
    pairs = global_pairs(dragonfly(a, h))
    assert len(pairs) == g * a * h // 2
    assert {frozenset(pair) for pair in pairs} == expected


@pytest.mark.parametrize(("groups", "copies"), [(9, 1), (5, 2), (4, 2), (3, 4), (2, 8)])
def test_fewer_groups_share_the_global_ports(groups, copies):
    fabric = dragonfly(4, 2, groups=groups)
    trunks = np.zeros((groups, groups), dtype=int)
    for a, b in global_pairs(fabric):
        trunks[a // 4, b // 4] += 1
    assert np.array_equal(trunks + trunks.T, copies * (1 - np.eye(groups, dtype=int)))
    used = np.bincount(np.array(global_pairs(fabric)).ravel(), minlength=4 * groups)
    assert used.max() <= 2
    assert used.sum() == groups * (groups - 1) * copies


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(TopologyError) as caught:
        dragonfly(2, 1, groups=9, local_gbps=0, routers=3)
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "dragonfly.groups: 9, but the 2 global ports" in text
    assert "allowed: 2 to 3" in text
    assert "local_gbps" in text
    assert "routers" in text
