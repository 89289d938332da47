# SPDX-License-Identifier: Apache-2.0
"""Runs passed on: packs, differences between two, and formats of other programs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil

import h5py
import networkx as nx
import pytest
import xarray

from experiments.difference import differences
from experiments.export import exported
from experiments.notes import Notes, read_notes, write_notes
from experiments.pack import pack, unpack
from experiments.scenario import load_scenario
from optinet.errors import RunFileError
from optinet.results import find_runs, open_run


@pytest.fixture
def folder(swept, tmp_path):
    target = tmp_path / "runs"
    shutil.copytree(swept[0].parent, target)
    return target


def test_a_pack_gives_back_every_byte_and_its_notes(folder, tmp_path):
    first = find_runs([folder])[0]
    write_notes(first, Notes(tags=("paper",)))
    assert pack(folder, tmp_path / "runs.pack.h5") == 6
    assert unpack(tmp_path / "runs.pack.h5", tmp_path / "out") == 6
    for path in find_runs([folder]):
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    assert read_notes(tmp_path / "out" / first.name).tags == ("paper",)
    with xarray.open_dataset(tmp_path / "runs.pack.h5", engine="h5netcdf", group="runs") as table:
        kw = table["network_kw"].sel(file=first.name)
        assert float(kw) == open_run(first).metrics["network_kw"].value
        assert kw.attrs["units"] == "kW"


def test_a_damaged_or_foreign_pack_is_refused(folder, tmp_path):
    whole = tmp_path / "p.h5"
    pack(folder, whole)
    data = whole.read_bytes()
    damaged = tmp_path / "d.h5"
    for change, message in (
        (data[:-10], "is damaged"),
        (data[:5000] + b"\xff" + data[5001:], "is damaged"),
        (data.replace(b"format_version 1", b"format_version 9", 1), "made by a newer optinet"),
        (find_runs([folder])[0].read_bytes(), "is not a pack"),
        (b"", "is not a pack"),
    ):
        damaged.write_bytes(change)
        with pytest.raises(RunFileError, match=message):
            unpack(damaged, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    with pytest.raises(RunFileError, match="no such file"):
        unpack(tmp_path / "absent.h5", tmp_path / "out")
    with pytest.raises(RunFileError, match="is not empty"):
        unpack(whole, folder)


@pytest.mark.parametrize("name", ["..", ".hidden.h5", "x.py", "..\\x.h5"])
def test_a_pack_cannot_write_outside_its_folder(folder, tmp_path, name):
    path = tmp_path / "p.h5"
    pack(folder, path)
    with h5py.File(path, "r+") as file:
        file["files"].create_dataset(name, data=[1, 2, 3])
    image = path.read_bytes()[512:]
    head = f"optinet-pack\nformat_version 1\nlength {len(image)}\nsha256 {hashlib.sha256(image).hexdigest()}\n"
    path.write_bytes(head.encode().ljust(511) + b"\n" + image)
    with pytest.raises(RunFileError, match=r"is not as its format says|holds"):
        unpack(path, tmp_path / "out")
    assert [each for each in tmp_path.rglob("*") if each.name in (name, "x.h5", "x.py")] == []


def test_a_pack_with_a_damaged_run_is_not_made(folder, tmp_path):
    path = find_runs([folder])[2]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunFileError, match="cut short"):
        pack(folder, tmp_path / "p.h5")
    assert not (tmp_path / "p.h5").exists()


def test_a_run_differs_from_itself_in_nothing(swept):
    assert differences(open_run(swept[0]), open_run(swept[0])) == []


def test_differences_of_two_designs_are_in_scenario_components_and_results(swept):
    retimed, linear = open_run(swept[0]), open_run(swept[2])
    changes = {(change.part, change.name): change for change in differences(retimed, linear)}
    optics = changes["scenario", "design.optics"]
    assert (optics.before, optics.after, optics.share) == ("retimed_1t6_dr8", "lpo_1t6_dr8", None)
    assert [key for key in changes if key[0] == "scenario"] == [("scenario", "design.optics")]
    assert changes["bom", "module retimed_1t6_dr8 leaf-spine"].after is None
    power = changes["metrics", "network_kw"]
    assert power.before == retimed.metrics["network_kw"].value
    assert power.share == pytest.approx(power.after / power.before - 1)
    assert ("metrics", "throughput") not in changes
    assert not any(name.startswith(("nodes", "links", "arcs")) for part, name in changes if part == "arrays")


def test_differences_of_arrays_are_counted(swept):
    changes = {change.name: change for change in differences(open_run(swept[0]), open_run(swept[1]))}
    assert changes["arcs/load_gbps"].before == "16 entries"
    assert changes["arcs/load_gbps"].after.endswith(" differ")
    assert changes["workload.name"].after == "random_permutation"


def test_graphml_and_node_link_json_are_read_by_networkx(swept):
    run = open_run(swept[0])
    graph = nx.read_graphml(io.StringIO(exported(run, "graphml")))
    again = nx.node_link_graph(json.loads(exported(run, "node-link")), edges="links")
    for each in (graph, again):
        assert (each.number_of_nodes(), each.number_of_edges()) == (8, 16)
        loads = sorted(data["load_gbps"] for *_, data in each.edges(data=True))
        assert loads == pytest.approx(sorted(run.arc_load_gbps))
        assert all(data["kind"] in ("host", "switch") for _, data in each.nodes(data=True))


def test_the_scenario_of_a_run_can_be_run_again(swept, tmp_path):
    run = open_run(swept[0])
    (tmp_path / "again.toml").write_text(exported(run, "toml"))
    assert load_scenario(tmp_path / "again.toml").content_sha256 == run.scenario_sha256
