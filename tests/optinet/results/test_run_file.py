# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from optinet.results import open_run, write_run
from optinet.results.content import fabric_groups, solution_groups
from optinet.results.schema import GROUPS, PROVENANCE
from optinet.results.writer import run_bytes
from optinet.units import unit_of
from tests.support.waiting import wait_for_the_next_second

GOLDEN = Path(__file__).with_name("structure.txt")


@pytest.fixture
def run_path(example, tmp_path):
    return write_run(tmp_path / "pod.h5", example.content)


def all_datasets(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: dict(item.attrs)}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def test_what_was_written_is_read_back(example, run_path):
    run, fabric = open_run(run_path), example.fabric
    assert (run.title, run.case, run.routing, run.verdict) == ("Pod", "3 torus", "dor", "closes")
    assert run.scenario == {"title": "Pod", "seed": 0}
    assert run.notes == ("text 0", "text 1", "text 2")
    for name in (
        "node_kind",
        "node_tier",
        "node_group",
        "arc_tail",
        "arc_head",
        "arc_capacity_gbps",
        "link_class",
        "link_length_m",
    ):
        stored = getattr(run, name)
        np.testing.assert_array_equal(stored, getattr(fabric, name))
        assert stored.dtype == getattr(fabric, name).dtype, name
    assert run.structure == fabric.structure
    assert run.node_names == [str(name) for name in fabric.node_names]
    assert run.link_class_names == fabric.link_class_names
    np.testing.assert_array_equal(run.arc_load_gbps, np.arange(fabric.n_arcs))
    np.testing.assert_array_equal(run.arc_utilization, np.arange(fabric.n_arcs) / 100)
    assert run.power_categories == ("category 0", "category 1", "category 2")
    np.testing.assert_array_equal(run.power_w, [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(run.cost_usd, [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(run.latency_ns, [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_array_equal(run.table("plant")["circuit_ends"], fabric.plant.circuit_ends)
    assert run.table("plant")["n_ocs"] == 12
    (budget,) = run.budgets
    assert budget["verdict"] == "the verdict"
    assert budget["component"] == ["component 0", "component 1", "component 2"]


def test_some_columns_are_read_without_the_others_and_complete_the_table_later(run_path):
    whole, some = open_run(run_path), open_run(run_path)
    some.read("power", bom=("price_usd", "role"), link_budgets=("verdict", "link_class"), nodes=("kind", "absent"))
    assert list(some.columns("bom", "role", "price_usd", "absent")) == ["role", "price_usd"]
    assert some.columns("bom", "role")["role"] == whole.table("bom")["role"]
    assert [list(each) for each in some.budget_columns("verdict")] == [["verdict"]]
    assert dict(some.columns("nowhere", "role")) == {} == dict(some.table("nowhere"))
    for group in ("bom", "nodes", "power", "link_budgets/cube-ocs"):
        table, wanted = some.table(group), whole.table(group)
        assert list(table) == list(wanted)
        assert all(np.array_equal(table[name], wanted[name]) for name in wanted)
    assert [each.keys() for each in some.budgets] == [each.keys() for each in whole.budgets]
    assert some.budgets[0]["verdict"] == whole.budgets[0]["verdict"]


def test_metrics_are_rows_with_units(run_path):
    run = open_run(run_path)
    assert list(run.metrics) == ["name 0", "name 1", "name 2"]
    metric = run.metric("name 1")
    assert (metric.value, metric.low, metric.high, metric.unit, metric.meaning) == (
        1.5,
        1.5,
        1.5,
        "unit 1",
        "meaning 1",
    )
    with pytest.raises(Exception, match="did you mean 'name 2'"):
        run.metric("name_2")


def test_an_array_longer_than_the_limit_is_compressed_and_a_short_one_is_not(example, tmp_path):
    rng = np.random.default_rng(1)
    long = {"latency_ns": rng.random(10_000), "weight": rng.random(10_000)}
    groups = example.content.groups | {"latency": example.content.groups["latency"] | long}
    path = write_run(tmp_path / "long.h5", dataclasses.replace(example.content, groups=groups))
    with h5py.File(path) as file:
        stored = file["latency/latency_ns"]
        assert (stored.compression, stored.compression_opts, stored.shuffle) == ("gzip", 1, True)
        assert file["arcs/load_gbps"].compression is None
    np.testing.assert_array_equal(open_run(path).latency_ns, long["latency_ns"])


def test_the_structure_is_the_one_on_record(run_path):
    lines = []
    with h5py.File(run_path) as file:
        lines += [f"/@{name}" for name in sorted(file.attrs)]
        for name, attributes in sorted(all_datasets(run_path).items()):
            data = file[name]
            bare = str(data.attrs.get("NAME", b"")).startswith("b'This is a netCDF dimension")
            kind = "dimension" if bare else "text" if h5py.check_string_dtype(data.dtype) else str(data.dtype)
            dims = ",".join(scale.name.rsplit("/", 1)[-1] for dim in data.dims for scale in dim.values()) or "-"
            dims = name.rsplit("/", 1)[-1] if data.is_scale else dims
            lines.append(f"/{name} {kind} ({dims}) [{attributes['units']}]")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_array_has_units_that_fit_its_name(run_path):
    found = all_datasets(run_path)
    assert len(found) > 80
    for name, attributes in found.items():
        assert attributes["units"] == unit_of(name.rsplit("/", 1)[-1]), name


def test_every_column_of_the_schema_says_what_it_is():
    for group, table in GROUPS.items():
        for name, column in table.items():
            assert column.meaning, (group, name)
            assert column.type != "flag" or column.flags, (group, name)


def test_xarray_opens_every_group_with_its_dimensions(example, run_path):
    groups = [*open_run(run_path).groups, "/"]
    assert {"nodes", "arcs", "plant", "link_budgets/cube-ocs", PROVENANCE} <= set(groups)
    for group in groups:
        with xarray.open_dataset(run_path, engine="h5netcdf", group=group) as dataset:
            assert not any(str(dim).startswith("phony") for dim in dataset.sizes), group
            dataset.load()
    with xarray.open_dataset(run_path, engine="h5netcdf", group="plant") as plant:
        assert plant["circuit_ends"].dims == ("circuit", "side")
        assert plant.sizes["circuit"] == example.fabric.plant.n_circuits
    with xarray.open_dataset(run_path, engine="h5netcdf", group="power") as power:
        assert float(power["power_w"].sel(category="category 1")) == 1.5
        assert power["power_w"].attrs["units"] == "W"


def test_missing_values_are_nan_with_a_fill_value(example, tmp_path):
    metrics = dict(example.content.groups["metrics"], low=[np.nan, 1.0, np.nan])
    content = dataclasses.replace(example.content, groups=example.content.groups | {"metrics": metrics})
    path = write_run(tmp_path / "r.h5", content)
    with h5py.File(path) as file:
        assert np.isnan(file["metrics/low"].attrs["_FillValue"])
    assert np.isnan(open_run(path).metric("name 0").low)
    assert open_run(path).metric("name 1").low == 1.0


def test_a_table_without_rows_is_written_and_read(example, tmp_path):
    groups = example.content.groups | {
        "notes": {"text": []},
        "bom": {key: [] for key in GROUPS["bom"]},
    }
    path = write_run(tmp_path / "r.h5", dataclasses.replace(example.content, groups=groups))
    assert open_run(path).notes == ()
    assert open_run(path).table("bom")["role"] == []
    with xarray.open_dataset(path, engine="h5netcdf", group="bom") as bom:
        assert bom.sizes["line"] == 0


def test_two_writes_of_one_content_are_the_same_bytes(example):
    first = run_bytes(example.content)
    wait_for_the_next_second()  # HDF5 would stamp its objects with whole seconds
    assert run_bytes(example.content) == first


def test_the_content_hash_covers_everything_but_the_provenance(example, tmp_path):
    def written(**changes):
        content = dataclasses.replace(example.content, **changes)
        return open_run(write_run(tmp_path / f"{next(serial)}.h5", content))

    serial = itertools.count()
    first = written()
    assert first.computed_sha256() == first.content_sha256
    other_clock = written(provenance=dict(example.content.provenance, host="another", stage_s=[9.0, 8.0, 7.0]))
    assert other_clock.content_sha256 == other_clock.computed_sha256() == first.content_sha256
    assert other_clock.table(PROVENANCE)["host"] == "another"
    changed = [
        written(title="other"),
        written(groups=example.content.groups | {"notes": {"text": ["text 0", "text 1", "text 3"]}}),
        written(groups=example.content.groups | {"notes": {"text": ["text 0", "text 1"]}}),
        written(groups={name: group for name, group in example.content.groups.items() if name != "notes"}),
        written(
            groups=example.content.groups
            | {"power": dict(example.content.groups["power"], power_w=[0.5, 1.5, np.nextafter(2.5, 3)])}
        ),
    ]
    hashes = {run.content_sha256 for run in changed}
    assert len(hashes) == len(changed) and first.content_sha256 not in hashes
    assert all(run.computed_sha256() == run.content_sha256 for run in changed)


def test_the_user_block_is_readable_text_with_the_hash_of_the_rest(run_path):
    data = run_path.read_bytes()
    lines = data[:512].decode("ascii").split("\n")
    assert lines[:4] == [
        "optinet-run",
        "format_version 1",
        f"length {len(data) - 512}",
        f"sha256 {hashlib.sha256(data[512:]).hexdigest()}",
    ]
    with h5py.File(run_path) as file:
        assert file.userblock_size == 512
        assert file.attrs["Conventions"] == "CF-1.11"
        assert file.attrs["format_version"] == 1


def test_text_that_hdf5_cannot_hold_is_made_harmless(example, tmp_path):
    path = write_run(tmp_path / "r.h5", dataclasses.replace(example.content, title="a\0b\udcffc", case="größe μ"))
    run = open_run(path)
    assert run.title == "a\ufffdb?c"
    assert run.case == "größe μ"
    assert run.computed_sha256() == run.content_sha256


@pytest.mark.parametrize(
    ("group", "columns"),
    [
        ("power", {"category": ["a"]}),
        ("power", {"category": ["a"], "power_w": [1.0, 2.0]}),
        ("power", {"category": ["a"], "power_w": [[1.0]]}),
        ("power", {"category": ["a"], "power_w": [1.0], "power_kw": [1.0]}),
        ("nonsense", {}),
    ],
)
def test_content_that_does_not_fit_the_schema_is_a_fault(example, group, columns):
    with pytest.raises(ValueError, match=group):
        run_bytes(dataclasses.replace(example.content, groups={group: columns}))


def test_a_solution_is_kept_with_the_routing_that_was_used(example, tmp_path):
    import optinet

    fabric = example.fabric
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 10.0), routing="best")
    groups = example.content.groups | fabric_groups(fabric) | solution_groups(solution)
    run = open_run(write_run(tmp_path / "r.h5", dataclasses.replace(example.content, groups=groups)))
    tried = run.table("routing")
    assert [name for name, used in zip(tried["name"], tried["used"], strict=True) if used] == [solution.routing]
    assert dict(zip(tried["name"], tried["throughput"], strict=True)) == solution.alternatives
    np.testing.assert_array_equal(run.arc_load_gbps, solution.loads.arc_load_gbps)
    np.testing.assert_array_equal(run.table("paths")["hops"], solution.paths.hops)


def test_the_fabric_comes_back_whole(example, run_path):
    fabric = open_run(run_path).fabric
    assert fabric.graph_sha256 == example.fabric.graph_sha256
    assert fabric.plant.sha256 == example.fabric.plant.sha256
    assert list(fabric.node_names) == [str(name) for name in example.fabric.node_names]


def test_loads_are_those_of_the_solver(example, tmp_path):
    import optinet

    solution = optinet.solve(example.fabric, optinet.Demand.uniform(example.fabric, 10.0), routing="dor")
    metrics = dict(made_up_metrics("throughput"), value=[solution.throughput])
    groups = example.content.groups | solution_groups(solution) | {"metrics": metrics}
    run = open_run(write_run(tmp_path / "r.h5", dataclasses.replace(example.content, groups=groups)))
    np.testing.assert_array_equal(run.loads.arc_load_gbps, solution.loads.arc_load_gbps)
    np.testing.assert_array_equal(run.loads.utilization, solution.loads.utilization)
    assert (run.loads.throughput, run.loads.routing) == (solution.throughput, "dor")


def made_up_metrics(*names):
    nothing = [np.nan] * len(names)
    return {
        "name": list(names),
        "value": nothing,
        "low": nothing,
        "high": nothing,
        "unit": ["1"] * len(names),
        "meaning": [""] * len(names),
    }


def test_a_run_as_a_networkx_graph_has_an_edge_for_every_arc_with_its_load(example, run_path):
    run, fabric = open_run(run_path), example.fabric
    graph = run.to_networkx()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (fabric.n_nodes, fabric.n_arcs)
    edges = list(graph.edges(data=True))
    arc = 5
    tail, head, data = next(edge for edge in edges if edge[2]["load_gbps"] == arc)  # the example loads arc i with i
    assert (tail, head) == (str(fabric.node_names[fabric.arc_tail[arc]]), str(fabric.node_names[fabric.arc_head[arc]]))
    assert data["link"] == arc // 2
    assert data["utilization"] == arc / 100
    assert data["capacity_gbps"] == fabric.arc_capacity_gbps[arc]
    assert data["link_class"] == fabric.link_class_names[fabric.link_class[arc // 2]]
    group = int(fabric.node_group[fabric.arc_tail[arc]])
    assert graph.nodes[tail] == {"kind": "chip", "tier": 0, "group": group, "up": True}
    assert {data["link"] for *_, data in edges if not data["up"]} == {0, 1}  # as the example says
    assert [name for name, data in graph.nodes(data=True) if not data["up"]] == [str(fabric.node_names[3])]


def test_a_run_as_xarray_is_what_netcdf_readers_see(run_path):
    tree = open_run(run_path).to_xarray()
    assert tree.attrs["title"] == "Pod"
    with xarray.open_datatree(run_path, engine="h5netcdf", decode_cf=False) as read:
        assert {node.path for node in tree.leaves} == {node.path for node in read.leaves}
        for node in read.leaves:
            ours = tree[node.path].to_dataset()
            theirs = node.to_dataset()
            assert set(ours.variables) == set(theirs.variables), node.path
            for name, variable in theirs.variables.items():
                assert ours[name].dims == variable.dims, (node.path, name)
                assert ours[name].attrs["units"] == variable.attrs["units"]
                np.testing.assert_array_equal(ours[name].values, variable.values)
    assert float(tree["power"]["power_w"].sel(category="category 1")) == 1.5
