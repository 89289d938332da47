# SPDX-License-Identifier: Apache-2.0
"""No fiber, lane or port is lost: every builder, random shapes and rates, all optics, through OCS or not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topologies
from optinet.fabric import NodeKind
from optinet.models.bom import bill_of_materials
from optinet.models.conservation import Balance, balances
from optinet.models.physical_path import physical_paths
from tests.support.parts import PARTS, design

ROOMY = PARTS.with_values(
    {"box_200.asic_capacity_gbps": 1e7, "box_200.capacity_gbps": 1e7, "mems.ports": 4096, "dac.reach_m": 100}
)
few = st.integers(1, 4)
gbps = st.sampled_from([100.0, 150.0, 200.0, 400.0, 800.0])


def with_hosts(**shape):
    rates = {"hosts_per_switch": few, "host_gbps": gbps, "link_gbps": gbps}
    return st.fixed_dictionaries({**shape, **rates})


BUILDERS = {
    "leaf_spine": st.fixed_dictionaries(
        {
            "leaves": few,
            "spines": few,
            "hosts_per_leaf": few,
            "links_per_pair": few,
            "host_gbps": gbps,
            "uplink_gbps": gbps,
        }
    ),
    "fat_tree": st.fixed_dictionaries({"k": st.sampled_from([2, 4, 6]), "capacity_gbps": gbps}),
    "clos3": st.fixed_dictionaries(
        {"pods": few, "leaves_per_pod": few, "aggs_per_pod": few, "cores": few, "hosts_per_leaf": few}
        | {"host_gbps": gbps, "leaf_agg_gbps": gbps, "agg_core_gbps": gbps}
    ),
    "sized_clos": st.fixed_dictionaries(
        {
            "endpoints": st.integers(1, 54),  # what three tiers of 6 ports carry
            "radix": st.sampled_from([6, 8]),
            "oversubscription": st.sampled_from([1.0, 2.0]),
            "link_gbps": gbps,
        }
    ),
    "torus": st.fixed_dictionaries(
        {"dims": st.lists(st.integers(1, 5), min_size=1, max_size=3).filter(lambda dims: max(dims) > 1)}
        | {"capacity_gbps": gbps}
    ),
    "tpu_pod": st.fixed_dictionaries(
        {"cubes": st.tuples(few, few, few), "cube_side": st.integers(2, 3), "link_gbps": gbps}
    ),
    "ocs_mesh": st.fixed_dictionaries(
        {
            "blocks": st.integers(2, 6),
            "hosts_per_block": few,
            "uplinks_per_block": st.sampled_from([6, 8]),
        }
        | {"host_gbps": gbps, "uplink_gbps": gbps}
    ),
    "multiplane": st.fixed_dictionaries(
        {"planes": few, "leaves": few, "spines": few, "hosts_per_leaf": few, "host_gbps": gbps, "uplink_gbps": gbps}
    ),
    "hypercube": with_hosts(dimensions=few),
    "full_mesh": with_hosts(switches=st.integers(2, 6), links_per_pair=few),
    "hyperx": with_hosts(dims=st.lists(st.integers(2, 4), min_size=1, max_size=3)),
    "slim_fly": with_hosts(q=st.sampled_from([4, 5])),
    "random_regular": with_hosts(switches=st.sampled_from([6, 8, 10]), degree=st.integers(2, 5)),
    "dragonfly": st.fixed_dictionaries(
        {"switches_per_group": st.integers(2, 4), "global_links_per_switch": st.integers(1, 2), "hosts_per_switch": few}
        | {"host_gbps": gbps, "local_gbps": gbps, "global_gbps": gbps}
    ),
    "rail_optimized": st.fixed_dictionaries(
        {"gpus_per_server": few, "servers_per_segment": few, "segments": few, "spines": few, "planes": few}
        | {"host_gbps": gbps, "leaf_spine_gbps": gbps}
    ),
}
designs = st.fixed_dictionaries(
    {
        "switch": st.sampled_from(["box_200", "box_of_4_roomy"]),
        "optics": st.sampled_from(["engine_1t6", "dr8_1t6", "dr4_200g"]),
        "host_link": st.sampled_from(["dr4_200g", "aec_200g"]),
        "ocs_optics": st.sampled_from(["fr4_bidi", "fr8_bidi", "dr8", "engine_1t6"]),
        "connector": st.sampled_from(["mpo_low_loss", "mpo12_low_loss"]),
    }
)


def test_every_builder_is_here():
    assert set(BUILDERS) == {
        name for name in topologies.names() if topologies.registry.builder(name).__module__.startswith("topologies.")
    }


def strands_of(fabric, module, rates):
    """Fibers of links of these rates, from the module's own numbers."""
    lanes = np.ceil(rates / PARTS.value(module, "lane_gbps"))
    fibers = np.ceil(lanes / PARTS.value(module, "lanes_per_fiber"))
    return fibers * (1 if PARTS.text(module, "bidirectional") == "yes" else 2)


@pytest.mark.parametrize("topology", BUILDERS)
@settings(max_examples=12)
@given(data=st.data())
def test_nothing_is_lost(topology, data):
    fabric = topologies.build(topology, **data.draw(BUILDERS[topology]))
    roles = data.draw(designs)
    asics = 4 if roles["switch"] == "box_of_4_roomy" else 1
    parts = ROOMY.with_values({"box_200.asics": asics})
    roles["switch"] = "box_200"
    made = design(chip="ici", cube_link="dac", ocs="mems", **roles)
    paths = physical_paths(fabric, made, parts)
    bom = bill_of_materials(fabric, paths, made, parts)
    assert [balance for balance in balances(fabric, paths, bom, made, parts) if not balance.holds] == []

    # the same from the fabric's arrays alone: every link end has its fibers, every fiber two ends
    circuits = np.zeros(fabric.n_links, dtype=bool)
    idle = 0
    if fabric.plant is not None:
        circuits[fabric.plant.circuit_link] = True
        idle = fabric.plant.n_ends - 2 * fabric.plant.n_circuits
    kinds = np.sort(np.column_stack((fabric.node_kind[fabric.arc_tail[::2]], fabric.node_kind[fabric.arc_head[::2]])))
    to_host = (kinds[:, 0] == NodeKind.HOST) & ~circuits
    chips = (kinds[:, 0] == NodeKind.CHIP) & ~circuits
    optical = ~chips & ~(to_host if made.get("host_link") == "aec_200g" else np.zeros_like(to_host))
    rates = fabric.arc_capacity_gbps[::2]
    strands = np.where(
        circuits, strands_of(fabric, roles["ocs_optics"], rates), strands_of(fabric, roles["optics"], rates)
    )
    needed = (strands * np.where(circuits, 2, 1))[optical].sum()
    needed += idle * (strands[circuits].max() if circuits.any() else 0)
    assert bom.fibers == needed
    if circuits.any():
        assert bom.ocs_ports_used == fabric.plant.n_ends * strands[circuits].max()
        assert bom.count("ocs") == fabric.plant.n_ocs * strands[circuits].max()
    assert bom.count("nic") >= np.count_nonzero(fabric.node_kind == NodeKind.HOST)
    assert bom.count("switch") * asics >= np.count_nonzero(fabric.node_kind == NodeKind.SWITCH)


def test_a_balance_holds_or_not():
    assert Balance("x", "fibers", 4, 4, exact=True).holds
    assert not Balance("x", "fibers", 4, 5, exact=True).holds
    assert Balance("x", "fibers", 4, 5).holds
    assert not Balance("x", "fibers", 4, 3).holds


def test_a_bill_that_lost_a_fiber_is_found():
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=1)
    made = design(switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    paths = physical_paths(fabric, made, PARTS)
    bom = bill_of_materials(fabric, paths, made, PARTS)

    def without_one(role):
        lines = [
            type(line)(line.role, line.component, line.where, line.count - 1) if line.role == role else line
            for line in bom.lines
        ]
        return [b.what for b in balances(fabric, paths, type(bom)(tuple(lines)), made, PARTS) if not b.holds]

    assert without_one("fiber") == ["ends of fibers", "ends of fibers"]
    assert without_one("module") == ["Gb/s of modules", "lanes of modules", "fibers of modules"] * 2
    assert without_one("pm_fiber") == ["polarization-maintaining fibers"]
    assert without_one("nic") == ["Gb/s of NIC"]
    assert "fibers of fiber arrays" in without_one("fiber_array")
    assert "ASICs" in without_one("switch")
