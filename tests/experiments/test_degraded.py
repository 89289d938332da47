# SPDX-License-Identifier: Apache-2.0
"""A saved run with parts down, against loads by hand, and as a command."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments import cli
from experiments.degraded import degraded
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from optinet.errors import OptinetError
from optinet.reliability.settings import FailedParts
from optinet.results import open_run

ROW = """
title = "Row"
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 8, links_per_pair = 4}
workload = {name = "uniform"}
design = {switch = "switch_51t2", host_link = "aec_800g", optics = "lpo_800g_dr8"}
"""


@pytest.fixture(scope="module")
def row(tmp_path_factory):
    folder = tmp_path_factory.mktemp("row")
    (folder / "row.toml").write_text(ROW)
    (folder / "row.h5").write_bytes(evaluation_bytes(evaluate(load_scenario(folder / "row.toml"))))
    return open_run(folder / "row.h5")


# what a leaf sends to the others: its 8 hosts, 24 of the 31 others, 800 Gb/s each in all
UP_GBPS = 8 * 800.0 * 24 / 31


def test_half_the_spines_carry_what_their_links_do(row):
    found = degraded(row, FailedParts(nodes=("spine1",)))
    assert found.throughput_before == pytest.approx(1.0)
    assert found.throughput == pytest.approx(4 * 800.0 / UP_GBPS)
    assert found.delivered_gbps == pytest.approx(32 * 800.0 * found.throughput)
    assert (found.lost_endpoints, found.endpoints, found.links_down) == (0, 32, 16)
    fabric = row.fabric
    up = (fabric.arc_tail == list(fabric.node_names).index("leaf0")) & found.arc_up
    to_spine = up & np.isin(fabric.arc_head, [i for i, name in enumerate(fabric.node_names) if name == "spine0"])
    assert found.arc_load_gbps[to_spine] == pytest.approx(UP_GBPS / 4)
    assert set(np.flatnonzero(to_spine)) < set(found.limiting) and len(found.limiting) == 32
    assert (found.arc_load_gbps[~found.arc_up] == 0).all()


def test_what_no_routing_surpasses_is_proven(row):
    found = degraded(row, FailedParts(nodes=("spine1",)), bound=True)
    assert found.bound == pytest.approx(4 * 800.0 / UP_GBPS, rel=0.011)
    assert "leaf-spine" in found.limit


def test_hosts_below_a_lost_leaf_are_not_served(row):
    found = degraded(row, FailedParts(nodes=("leaf3",), links=(("leaf0", "spine1"),)))
    assert (found.lost_endpoints, found.links_down) == (8, 8 + 8 + 4)
    # from leaf 0: 8 hosts to 16 others of other leaves, over the 4 links that are left
    assert found.throughput == pytest.approx(4 * 800.0 / (8 * 800.0 / 31 * 16))


def test_where_nothing_is_left_nothing_is_delivered(row):
    found = degraded(row, FailedParts(nodes=("leaf*",)))
    assert (found.throughput, found.delivered_gbps, found.lost_endpoints) == (0.0, 0.0, 32)


def test_every_part_that_is_not_there_is_named(row):
    parts = FailedParts(nodes=("spine3",), links=(64, ("leaf0", "leaf1")), ocs=(1,))
    with pytest.raises(OptinetError) as caught:
        degraded(row, parts)
    text = str(caught.value)
    for words in ("'spine3'", "did you mean 'spine1'?", "64; allowed: 0 to 63", "'leaf0' and 'leaf1'", "failed.ocs: 1"):
        assert words in text, words


def test_the_command_prints_and_writes_the_same(row, tmp_path, capsys):
    words = ["fail", str(row.path), "--node", "spine1", "--link", "0", "--loads", str(tmp_path / "loads.npz")]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--json"])
    assert ended.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["lost_endpoints"], said["links_down"]) == (1, 17) and said["bound"] is None
    with np.load(tmp_path / "loads.npz") as arrays:
        assert arrays["arc_up"].sum() == 2 * (64 - 17) and not arrays["arc_load_gbps"][~arrays["arc_up"]].any()
    with pytest.raises(SystemExit):
        cli.main(["fail", str(row.path), "--node", "spine1"])
    assert "throughput        1         0.6458" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        cli.main(["fail", str(row.path), "--link", "leaf0-spine1"])
    assert ended.value.code == 2 and "NODE--NODE" in capsys.readouterr().err
