# SPDX-License-Identifier: Apache-2.0
"""Demands and flows in files: in, out and in again, and what is said of a file that is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import optinet
import topologies
from optinet import workloads
from optinet.errors import DemandError
from optinet.workloads.files import read_demand, read_flows, write_demand

FABRIC = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=2, links_per_pair=1, host_gbps=100.0)
NAMES = [FABRIC.node_names[node] for node in FABRIC.endpoints]


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
@pytest.mark.parametrize("name", ["uniform", "random_permutation", "all_reduce", "all_to_all"])
def test_what_goes_out_comes_in_again(tmp_path, name, suffix):
    path = tmp_path / f"demand{suffix}"
    demand = workloads.demand(FABRIC, name, {}, seed=3)
    write_demand(demand, path, NAMES)
    again = workloads.demand(FABRIC, "matrix_file", {"path": str(path)})
    assert np.array_equal(again.to_matrix(), demand.to_matrix())


def test_a_matrix_and_a_list_of_pairs_say_the_same(tmp_path):
    gbps = np.array([[9, 1, 2.5, 0], [0, 0, 0, 3], [0, 0, 0, 0], [4, 0, 0, 0]])  # what is sent to oneself is dropped
    (tmp_path / "m.csv").write_text("\n".join(",".join(map(str, row)) for row in gbps))
    np.savez(tmp_path / "m.npz", gbps=gbps)
    (tmp_path / "p.csv").write_text("source,target,gbps\nhost0,host1,1\n0,2,2.5\n1,host3,2\n1,3,1\nhost3,0,4\n")
    expected = gbps.copy()
    np.fill_diagonal(expected, 0)
    for name in ("m.csv", "m.npz", "p.csv"):
        assert np.array_equal(read_demand(FABRIC, tmp_path / name).to_matrix(), expected)


def test_flows_are_replayed_with_what_they_wait_for(tmp_path):
    # 100 Gbit at 100 Gb/s; two share the link of host0, the third waits for the first and 1 s more
    path = tmp_path / "flows.csv"
    path.write_text(
        "source,target,size_gbit,start_s,after,wait_s\n0,1,100,,,\n0,2,100,0,,\n1,0,50,,0,1\n1,1,0,,2,0.5\n"
    )
    flows = read_flows(FABRIC, path)
    found = flows.routed(FABRIC).simulated()
    assert found.finish_s == pytest.approx([2.0, 2.0, 3.5, 4.0], abs=1e-6)
    assert (found.makespan_s, flows.computing_s) == pytest.approx((4.0, 0.5), abs=1e-6)
    assert flows.n_flows == 3
    # at line rate host0 sends 100 Gb/s in all
    assert flows.line_rate_demand(FABRIC).out_gbps == pytest.approx([100.0, 25.0, 0, 0])


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["it is empty"]),
        ("1,2\n3,4\n", ["a matrix of 2 x 2; allowed: one row and column for each of 4 endpoints"]),
        ("0,1,x,0\n", ["has no column source, target, gbps"]),
        ("0,1,0,0\n0,0\n", ["line 2 has another number of entries"]),
        ("0,-1,0,0\n" * 4, ["-1.0; allowed: finite numbers of at least 0"]),
        ("source,target,gbs\n0,1,1\n", ["unknown column 'gbs'", "did you mean 'gbps'", "has no column gbps"]),
        (
            "source,target,gbps\n\n0,hots1,1\n4,1,nan\n",
            ["d.csv:3: target: 'hots1'", "did you mean 'host1'", "d.csv:4: source: '4'", "d.csv:4: gbps: 'nan'"],
        ),
    ],
)
def test_mistakes_of_a_file_are_told_with_their_line(tmp_path, text, messages):
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(DemandError) as caught:
        read_demand(FABRIC, tmp_path / "d.csv")
    assert [message for message in messages if message not in str(caught.value)] == []


def test_files_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "no.npz").write_bytes(b"PK\x03\x04 not a zip file")
    with pytest.raises(DemandError, match=r"no\.npz: is no npz file"):
        read_demand(FABRIC, tmp_path / "no.npz")
    np.savez(tmp_path / "objects.npz", gbps=np.array([{}], dtype=object))
    with pytest.raises(DemandError, match="is no npz file"):
        read_demand(FABRIC, tmp_path / "objects.npz")
    (tmp_path / "later.csv").write_text("source,target,size_gbit,after\n0,1,1,0\n1,0,1,0 x\n")
    with pytest.raises(DemandError, match=r"later.csv:2: after: '0'; .* below 0(.|\n)*later.csv:3: after: 'x'"):
        read_flows(FABRIC, tmp_path / "later.csv")


def test_a_file_that_has_changed_is_told(tmp_path):
    path = tmp_path / "d.csv"
    write_demand(optinet.Demand.from_matrix(FABRIC, sparse.eye_array(4, k=1)), path)
    with pytest.raises(DemandError, match=r"workload.sha256: .*d.csv has changed"):
        workloads.demand(FABRIC, "matrix_file", {"path": str(path), "sha256": "0" * 64})
    with pytest.raises(DemandError, match=r"workload.path: .*nowhere.csv: no such file"):
        workloads.demand(FABRIC, "matrix_file", {"path": "nowhere.csv"})
