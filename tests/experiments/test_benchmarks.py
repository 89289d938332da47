# SPDX-License-Identifier: Apache-2.0
"""The benchmarks compute what they say, on sizes too small to time: all sides that are installed agree."""

import numpy as np
import pytest

import optinet
import topologies
from experiments.benchmarks import first_calls, flow_simulation, growth, link_loads, max_min, report, throughput
from experiments.benchmarks.measure import Effort, Measurement, measured
from experiments.benchmarks.peers import (
    highs_lp,
    igraph_loads,
    networkx_loads,
    ngraph_loads,
    numpy_filling,
    simgrid_torus,
)
from experiments.benchmarks.rows import Row, Target, relative_difference, seconds_text

TINY = Effort(quick=True, repeats=2, isolated=False)


def agrees(row, version):
    """A row agrees to 1e-9 with a peer that is installed, and names one that is not as absent."""
    if version is None:
        assert row.peer.endswith("(absent)")
        assert (row.peer_s, row.ratio, row.difference) == (None, None, None)
    else:
        assert row.peer.endswith(version)
        assert row.peer_s > 0
        assert row.difference < 1e-9
    assert row.ours.runs == 2


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("peer", [igraph_loads, networkx_loads], ids=["igraph", "networkx"])
def test_torus_loads(peer, symmetry):
    agrees(link_loads.torus_row(peer, (4, 6), TINY, symmetry=symmetry), peer.version())


def test_clos_loads():
    for tunnels in (False, True):
        row = link_loads.ngraph_row(4, 3, TINY, Target(ratio=500), tunnels=tunnels)
        agrees(row, ngraph_loads.version())


def test_first_calls_compile_into_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = first_calls.first_call("path_metrics", TINY)
    assert found.answer.tolist() == [5]  # 2 + 2 + 1 hops across a 4 x 4 x 3 torus
    assert found.runs == 1
    assert list(tmp_path.iterdir()) == []


def test_throughput_beside_a_linear_program():
    torus = ("torus", {"dims": (3, 4)}, throughput.UNIFORM)
    agrees(throughput.beside_highs(*torus, "symmetric", TINY, Target(), peer="highs-ds"), highs_lp.version())
    row = throughput.beside_highs(*torus, "fptas", TINY, Target(difference=throughput.GAP), peer="highs-ipm")
    assert row.difference <= throughput.GAP
    assert row.met is None
    # hosts below the switches, whose own links are the limit
    mesh = ("ocs_mesh", {"blocks": 4, "hosts_per_block": 4, "uplinks_per_block": 6})
    grid = {"name": "grid_neighbors", "dims": [4, 2, 2]}
    agrees(throughput.beside_highs(*mesh, grid, "auto", TINY, Target(), peer="highs-ds"), highs_lp.version())


def test_throughput_beside_greedy_placement():
    row = throughput.beside_netgraph({"k": 4}, TINY)
    assert row.difference <= throughput.GAP
    if ngraph_loads.version():
        assert row.peer_s > 0


def test_throughput_alone():
    torus = ("torus", {"dims": (4, 4)})
    assert throughput.alone(*torus, throughput.UNIFORM, TINY, Target(), 1 / 8).difference < 1e-9
    assert throughput.alone(*torus, throughput.PERMUTATION, TINY, Target()).difference <= throughput.GAP


def test_fat_tree_loads_against_the_closed_form():
    row = link_loads.fat_tree_row(6, TINY, Target())
    assert row.difference < 1e-12
    # each of 54 hosts sends to 53 others
    assert row.ours.answer.max() == pytest.approx(53)


@pytest.mark.parametrize("latency_s", [0.0, 1e-7])
def test_simulation(latency_s):
    agrees(flow_simulation.simgrid_row((3, 4, 5), 2, TINY, latency_s), simgrid_torus.version())


def test_max_min():
    agrees(max_min.numpy_row(4, 60, TINY), numpy_filling.version())
    assert max_min.alone_row(4, 60, TINY, Target()).difference < 1e-12


def test_numpy_filling_by_hand():
    # three flows on an arc of 3, one of which also crosses an arc of 0.5; the fourth crosses nothing
    rate = numpy_filling.max_min_rates(np.array([3.0, 0.5]), np.array([0, 2, 3, 4, 4]), np.array([0, 1, 0, 0]))
    assert list(rate) == [0.5, 1.25, 1.25, np.inf]


def test_certificate_rejects_rates_that_are_not_fair():
    arcs = np.array([3.0]), np.array([0, 1, 2]), np.array([0, 0])
    assert max_min.certificate(*arcs, np.array([1.5, 1.5])) == 0
    assert max_min.certificate(*arcs, np.array([1.0, 2.0])) == pytest.approx(0.5)
    assert max_min.certificate(*arcs, np.array([1.0, 1.0])) == pytest.approx(1 / 3)
    assert max_min.certificate(*arcs, np.array([1.8, 1.8])) == pytest.approx(0.2)


def test_paths_are_dimension_order_but_for_ties():
    dims = (4, 3, 5)
    fabric = topologies.build("torus", dims=dims)
    source, target, _ = flow_simulation.random_flows(dims, 3)
    offsets, arcs = flow_simulation.simgrid_paths(dims, source, target)
    usual = optinet.flow_paths(fabric, source, target, routing="dor", tie="positive")
    assert list(offsets) == list(usual[0])
    path_of = np.repeat(np.arange(len(source)), np.diff(offsets))
    differ = np.unique(path_of[arcs != usual[1]])
    # only the first axis has ties; SimGrid goes back from 2 to 0
    start, goal = np.array(np.unravel_index(source, dims)), np.array(np.unravel_index(target, dims))
    assert list(differ) == list(np.flatnonzero((start[0] == 2) & (goal[0] == 0)))
    assert len(differ) > 0
    # every path is connected from end to end
    for flow in range(len(source)):
        path = arcs[offsets[flow] : offsets[flow + 1]]
        nodes = [source[flow], *fabric.arc_head[path]]
        assert list(fabric.arc_tail[path]) == nodes[:-1]
        assert nodes[-1] == target[flow]


def test_growth_and_its_plots(tmp_path):
    studies = [
        growth.loads_growth(((2, 2), (3, 3)), TINY),
        growth.max_min_growth(4, (5, 50), TINY),
        growth.simulation_growth((((3, 3), 1), ((3, 3), 2)), TINY),
        growth.throughput_growth((2, 3), TINY),
    ]
    report.write([max_min.numpy_row(4, 20, TINY)], studies, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    for study in studies:
        assert f"({report.plot_name(study)})" in page
        assert (tmp_path / report.plot_name(study)).read_bytes().startswith(b"\x89PNG")
    assert "max_min_rates, 20 random flows on fat_tree(k=4)" in page


def test_exponent_of_a_power_law():
    curve = growth.Curve("square", tuple(growth.Point(n, 1e-6 * n**2, 100.0) for n in (10, 100, 300, 1000)))
    assert curve.exponent == pytest.approx(2)


def test_a_measurement_has_a_process_of_its_own():
    alone = measured(max_min.rates, (4, 10), Effort(repeats=1))
    together = measured(max_min.rates, (4, 10), TINY)
    assert alone.peak_mb > 10
    assert np.isnan(together.peak_mb)
    assert list(alone.answer) == list(together.answer)


def test_what_takes_too_long_is_stopped():
    stopped = measured(max_min.rates, (4, 10), Effort(limit_s=0.01))
    assert (stopped.seconds, stopped.runs) == (np.inf, 0)
    assert seconds_text(stopped.seconds) == "stopped"
    assert Row("", "", 5.0, stopped, Target(ratio=1)).met is False


def row(peer_s=None, difference=None, seconds=2.0, peak_mb=500.0, **target):
    return Row("work", "peer", peer_s, Measurement(seconds, 1, peak_mb, np.zeros(0)), Target(**target), difference)


@pytest.mark.parametrize(
    ("made", "met"),
    [
        (row(), None),
        (row(peer_s=20.0, ratio=10), True),
        (row(peer_s=19.0, ratio=10), False),
        (row(peer_s=20.0, ratio=10, difference=1e-3), False),
        (row(peer_s=None, ratio=10), None),
        (row(difference=np.nan), False),
    ],
)
def test_whether_a_target_is_met(made, met):
    assert made.met is met


def test_targets_of_time_and_memory():
    assert Row("", "", None, Measurement(2, 1, 500, np.zeros(0)), Target(seconds=3, peak_mb=600)).met is True
    assert Row("", "", None, Measurement(2, 1, 500, np.zeros(0)), Target(seconds=3, peak_mb=400)).met is False
    assert Row("", "", None, Measurement(2, 1, 500, np.zeros(0)), Target(seconds=1)).met is False
    assert str(Target(seconds=0.02, peak_mb=2000, ratio=4)) == ">= 4 x, < 20 ms, < 2 GB"


def test_differences_and_times():
    assert relative_difference(np.array([1.0, 0.0]), np.array([0.5, 0.0])) == 0.5
    assert relative_difference(np.zeros(2), np.zeros(3)) == np.inf
    assert [seconds_text(s) for s in (12.34, 0.01234, 1.234e-5)] == ["12.3 s", "12.3 ms", "12.3 us"]


def test_an_absent_peer_is_named(monkeypatch):
    monkeypatch.setattr(simgrid_torus, "_found", lambda: ("", None))
    agrees(flow_simulation.simgrid_row((3, 3), 1, TINY, 0.0), None)
    monkeypatch.setattr(igraph_loads, "version", lambda: None)
    agrees(link_loads.torus_row(igraph_loads, (3, 3), TINY), None)


def test_the_command_names_its_subjects(capsys):
    from experiments.benchmarks.__main__ import app

    with pytest.raises(SystemExit) as stop:
        app(["max_mim"])
    assert stop.value.code != 0
    told = capsys.readouterr()
    assert "max_min" in told.out + told.err
