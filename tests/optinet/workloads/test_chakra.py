# SPDX-License-Identifier: Apache-2.0
"""Chakra traces: read as the schema says, turned into flows, and told when they are cut short or of another kind."""

from __future__ import annotations

import json

import numpy as np
import pytest

import topologies
from optinet import workloads
from optinet.errors import DemandError
from optinet.workloads.chakra import COLLECTIVES, NodeType, TraceNode, read_trace
from optinet.workloads.trace import trace_flows

FABRIC = topologies.build("leaf_spine", leaves=1, spines=1, hosts_per_leaf=4, links_per_pair=1, host_gbps=100.0)
GBIT = 125_000_000  # bytes


def node(number, kind, after=(), duration_s=0.0, **attributes):
    return TraceNode(number, f"node {number}", kind, tuple(after), duration_s, attributes)


def collective(number, name, gbit, after=(), **attributes):
    return node(
        number, NodeType.COMM_COLL, after, comm_type=COLLECTIVES.index(name), comm_size=int(gbit * GBIT), **attributes
    )


def makespan_s(traces, startup_s=0.0, **options):
    return trace_flows(FABRIC, traces, **options).routed(FABRIC).simulated(startup_s).makespan_s


def messages():
    """The bytes of metadata, of a computing node of 100 us, and of an all-reduce of 300 bytes that waits for it.

    Put down by hand after the encoding of protobuf, so that reading does not only agree with our own writing.
    """
    yield bytes.fromhex("0a05") + b"0.0.4"
    yield bytes.fromhex("08011203") + b"fwd" + bytes.fromhex("18043864")
    kind = bytes.fromhex("0a09") + b"comm_type" + bytes.fromhex("4800")
    size = bytes.fromhex("0a09") + b"comm_size" + bytes.fromhex("48ac02")
    attributes = b"".join(b"\x52" + bytes([len(each)]) + each for each in (kind, size))
    yield bytes.fromhex("08021202") + b"ar" + bytes.fromhex("18072a0101") + attributes


def test_a_trace_is_read_as_the_schema_says(tmp_path):
    pytest.importorskip("google.protobuf")
    data = b"".join(bytes([len(each)]) + each for each in messages())
    (tmp_path / "t.0.et").write_bytes(data)
    expected = [
        TraceNode(1, "fwd", NodeType.COMP, (), 1e-4, {}),
        TraceNode(2, "ar", NodeType.COMM_COLL, (1,), 0.0, {"comm_type": 0, "comm_size": 300}),
    ]
    assert read_trace(tmp_path / "t.0.et") == expected
    same = [
        {"version": "0.0.4"},
        {"id": "1", "name": "fwd", "type": "COMP_NODE", "durationMicros": "100"},
        {
            "id": "2",
            "name": "ar",
            "type": "COMM_COLL_NODE",
            "dataDeps": ["1"],
            "inputs": {"values": "not looked at"},
            "attr": [{"name": "comm_type", "int64Val": "0"}, {"name": "comm_size", "int64Val": "300"}],
        },
    ]
    (tmp_path / "t.json").write_text("\n".join(json.dumps(each, indent=1) for each in same) + "\n")
    assert read_trace(tmp_path / "t.json") == expected
    # cut anywhere but between messages, it is told
    ends = np.cumsum([1 + len(each) for each in messages()])
    for length in set(range(1, len(data))) - set(ends):
        (tmp_path / "cut.et").write_bytes(data[:length])
        with pytest.raises(DemandError, match=r"cut\.et: byte [\d,]+: (after 1 nodes the trace is cut|it is no trace)"):
            read_trace(tmp_path / "cut.et")
    for foreign in (b"", b"\x7fELF\x02\x01\x01" + bytes(100), b"source,target\n" * 9):
        (tmp_path / "x.et").write_bytes(foreign)
        with pytest.raises(DemandError, match="it is no trace"):
            read_trace(tmp_path / "x.et")


def test_a_step_of_computing_and_an_all_reduce():
    traces = [
        [node(1, 4, duration_s=1.0), collective(2, "all_reduce", 100, [1]), node(3, 4, [2], duration_s=0.5)]
        for _ in range(4)
    ]
    # six steps of a quarter at 100 Gb/s
    assert makespan_s(traces, algorithm="ring") == pytest.approx(1.0 + 6 * 0.25 + 0.5, abs=1e-6)
    assert makespan_s(traces, algorithm="ring", startup_s=0.1) == pytest.approx(3.0 + 0.6, abs=1e-6)
    # one rank is late: all end after its transfers have gone round
    traces[2][0] = node(1, 4, duration_s=3.0)
    assert makespan_s(traces, algorithm="ring") == pytest.approx(3.0 + 1.5 + 0.5, abs=1e-6)


def test_collectives_of_a_group_follow_each_other_beside_computing():
    # gradients of two layers: the first exchange beside the computing of the second
    traces = [
        [
            node(1, 4, duration_s=1.0),
            collective(2, "reduce_scatter", 40, [1], pg_name=f"pair {rank // 2}"),
            node(3, 4, [1], duration_s=1.0),
            collective(4, "all_gather", 20, [3], pg_name=f"pair {rank // 2}"),
        ]
        for rank in range(4)
    ]
    # in pairs: 20 Gbit, then 20 Gbit of its own from each, at 100 Gb/s
    assert makespan_s(traces, algorithm="ring") == pytest.approx(2.0 + 0.2, abs=1e-6)


def test_messages_and_computing_on_one_processor():
    send = node(2, NodeType.COMM_SEND, [1], comm_dst=1, comm_size=50 * GBIT, comm_tag=7)
    receive = node(1, NodeType.COMM_RECV, comm_src=0, comm_size=50 * GBIT, comm_tag=7)
    traces = [
        [node(1, 4, duration_s=1.0), send],
        [receive, node(2, 4, [1], num_ops=2_000_000_000_000), node(3, 4, duration_s=0.25)],
    ]
    assert makespan_s(traces, tflops=1.0) == pytest.approx(1.0 + 0.5 + 2.0 + 0.25, abs=1e-6)
    with pytest.raises(DemandError, match=r"workload.tflops: node 2 .* tells its operations and no time"):
        trace_flows(FABRIC, traces)


@pytest.mark.parametrize(
    ("traces", "message"),
    [
        ([[node(1, 4)]] * 5, "5 ranks on 4 endpoints"),
        ([[collective(1, "all_reduce", 1)], [collective(1, "all_reduce", 2)]], "meet in different collectives"),
        ([[collective(1, "barrier", 0), collective(2, "barrier", 0)], [collective(1, "barrier", 0)]], "1 of the 2"),
        ([[node(1, 4), collective(2, "barrier", 0)], [node(1, 4)]], "all ranks: rank 1 takes part in 0 of the 1"),
        ([[collective(1, "scatter", 1)]], "node 1 of rank 0: collective scatter; allowed: all_reduce, .*, barrier"),
        ([[node(1, NodeType.COMM_SEND, comm_dst=0, comm_size=1)]], "1 sends and 0 receives from rank 0 to rank 0"),
        ([[node(1, NodeType.COMM_SEND, comm_dst=3, comm_size=1)]], "names rank 3; allowed: 0 to 0"),
        ([[node(1, NodeType.COMM_COLL, comm_type=0)]], "node 1 'node 1' of rank 0 has no comm_size"),
        ([[node(1, 4, [2]), node(2, 4, [1])]], "nodes of rank 0 wait for each other in a cycle"),
        (
            [
                [collective(1, "barrier", 0, pg_name="a"), collective(2, "barrier", 0, [1], pg_name="b")],
                [collective(1, "barrier", 0, pg_name="b"), collective(2, "barrier", 0, [1], pg_name="a")],
            ],
            "can never begin: ranks wait for each other",
        ),
    ],
)
def test_traces_that_do_not_fit_are_told(traces, message):
    with pytest.raises(DemandError, match=message):
        trace_flows(FABRIC, traces)


def test_there_is_a_trace_of_every_rank(tmp_path):
    (tmp_path / "t.0.et").touch()
    (tmp_path / "t.2.et").touch()
    with pytest.raises(DemandError, match="no trace of rank 1; allowed: a trace of every rank from 0"):
        workloads.demand(FABRIC, "chakra_trace", {"path": str(tmp_path / "t.*.et")})
