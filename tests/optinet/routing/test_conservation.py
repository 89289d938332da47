# SPDX-License-Identifier: Apache-2.0
"""Whatever the routing, what enters a node leaves it, but for what its endpoint sends and receives."""

import numpy as np
import pytest

import optinet
import topologies
from optinet import routing as routings
from optinet.errors import SolverError

FABRICS = {
    "clos3": {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 4, "hosts_per_leaf": 2},
    "multiplane": {"planes": 3, "leaves": 3, "spines": 2, "hosts_per_leaf": 2},
    "torus": {"dims": (4, 5)},
    "tpu_pod": {"cubes": (2, 1, 2), "cube_side": 2},
    "ocs_mesh": {"blocks": 5, "hosts_per_block": 2, "uplinks_per_block": 9},
}
# what cannot route a fabric says so
REFUSED = {
    ("clos3", "dor"), ("multiplane", "dor"), ("ocs_mesh", "dor"),
    ("torus", "up_down"), ("tpu_pod", "up_down"), ("ocs_mesh", "up_down"),
    ("clos3", "direct_transit"), ("multiplane", "direct_transit"), ("torus", "direct_transit"),
    ("tpu_pod", "direct_transit"),
}  # fmt: skip


@pytest.mark.parametrize("failures", [False, True])
@pytest.mark.parametrize("routing", routings.names())
@pytest.mark.parametrize("name", FABRICS)
def test_flow_is_conserved(name, routing, failures):
    fabric = topologies.build(name, **FABRICS[name])
    arc_up = fabric.arc_mask(failed_links=[fabric.n_links - 1]) if failures else None
    rng = np.random.default_rng(9)
    n = fabric.n_endpoints
    for demand in (
        optinet.Demand.rank_one(fabric, rng.random(n), rng.random(n)),
        optinet.Demand.from_matrix(fabric, rng.random((n, n)) * (rng.random((n, n)) < 0.3)),
    ):
        if (name, routing) in REFUSED or (routing == "dor" and failures):
            with pytest.raises(SolverError):
                optinet.link_loads(fabric, demand, routing, arc_up=arc_up)
            continue
        load = optinet.link_loads(fabric, demand, routing, arc_up=arc_up).arc_load_gbps
        assert load.min() >= 0
        assert arc_up is None or np.all(load[~arc_up] == 0)
        sent, received = (
            np.bincount(end, weights=load, minlength=fabric.n_nodes) for end in (fabric.arc_tail, fabric.arc_head)
        )
        expected = np.zeros(fabric.n_nodes)
        expected[fabric.endpoints] = demand.out_gbps - demand.in_gbps
        assert sent - received == pytest.approx(expected, abs=1e-9)
        assert np.all(sent[fabric.endpoints] >= demand.out_gbps * (1 - 1e-9))
