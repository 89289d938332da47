# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import pytest

from experiments.compare import comparison, in_order
from experiments.present import comparison_markdown, comparison_text, rows_text
from optinet.results import open_run

POD = {"name": "tpu_pod", "cubes": [2, 1, 1], "cube_side": 2, "link_gbps": 400.0}


def delivered(gbps, **metrics):
    return {"delivered_gbps_per_endpoint": gbps, **metrics}


def test_designs_stand_in_the_order_of_their_study_whatever_their_files_are_called(swept, made_run):
    files = sorted(swept)
    assert files != swept
    found = in_order(map(open_run, files))
    assert [run.path for run in found] == swept
    assert [row.case for row in comparison(found).rows] == ["retimed", "LPO", "pod"]
    first, last = made_run("first"), made_run("last")  # of no study
    mixed = in_order([first, open_run(files[0]), last, open_run(files[1])])
    assert mixed[:2] == [first, last] and {run.path for run in mixed[2:]} == set(files[:2])


def test_workloads_of_one_design_are_one_row(made_run):
    runs = [
        made_run("A", "random_permutation", delivered(300.0, latency_mean_ns=9.0), routing="valiant"),
        made_run("A", "uniform", delivered(800.0, latency_mean_ns=5.0)),
        made_run("B", "uniform", delivered(700.0, latency_mean_ns=6.0)),
    ]
    table = comparison(runs)
    assert [row.case for row in table.rows] == ["A", "B"]
    # the uniform workload comes first, whatever the order of the files
    uniform, permutation, latency, verdict = table.columns
    names = [column.key.rsplit(".", maxsplit=1)[-1] for column in table.columns]
    assert names == ["uniform", "random_permutation", "latency_mean_ns", "verdict"]
    assert table.cell(b := table.rows[1], verdict) == "closes"
    a = table.rows[0]
    assert (table.cell(a, uniform), table.cell(a, permutation), table.cell(a, latency)) == (
        "800.0 ecmp",
        "300.0 valiant",
        "5",
    )
    assert (table.cell(b, uniform), table.cell(b, permutation), table.cell(b, latency)) == ("700.0 ecmp", "-", "6")
    assert "under the workload uniform" in table.remarks[1]
    assert not table.footnotes


def test_rows_keep_the_order_of_the_runs(made_run):
    table = comparison([made_run(case, metrics=delivered(1.0)) for case in "CAB"])
    assert [row.case for row in table.rows] == ["C", "A", "B"]


def test_a_design_without_the_reference_workload_says_so(made_run):
    table = comparison([made_run("A", "uniform", delivered(1.0)), made_run("B", "random_permutation", delivered(2.0))])
    assert table.marks(table.rows[0]) == ""
    assert table.marks(table.rows[1]) == "[1]"
    assert table.footnotes == ("latency, power and energy are under the workload random_permutation",)


def test_workloads_of_one_name_are_told_apart_by_what_differs(made_run):
    slow, fast = ({"name": "uniform", "gbps_per_endpoint": gbps, "same": 1} for gbps in (100.0, 800.0))
    table = comparison([made_run("A", slow, delivered(100.0)), made_run("A", fast, delivered(800.0))])
    assert [column.key.split(".", 1)[1] for column in table.columns[:2]] == [
        "uniform gbps_per_endpoint=100.0",
        "uniform gbps_per_endpoint=800.0",
    ]
    assert table.rows[0].values["delivered_gbps_per_endpoint.uniform gbps_per_endpoint=800.0"] == 800.0


def test_designs_of_one_name_are_two_rows_when_they_differ(made_run):
    runs = [made_run("A", metrics=delivered(s), name=f"file{s}", scenario={"seed": s}) for s in (1, 2)]
    assert [row.case for row in comparison(runs).rows] == ["A, seed=1", "A, seed=2"]


def test_what_a_reader_must_know_is_a_footnote(made_run):
    runs = [
        made_run("fine", metrics=delivered(1.0)),
        made_run("dark", metrics=delivered(1.0), verdict="infeasible"),
        made_run("dim", metrics=delivered(1.0, ocs_boxes=4.0), verdict="at risk"),
        made_run("odd", metrics=delivered(1.0), caveat="not like for like: a toy"),
        made_run("also dark", metrics=delivered(1.0), verdict="infeasible"),
        made_run("pod", metrics=delivered(1.0), topology=POD),
    ]
    table = comparison(runs)
    marks = {row.case: [table.footnotes[number - 1] for number in row.notes] for row in table.rows}
    assert marks == {
        "fine": [],
        "dark": ["links do not close: typical losses exceed the power budget"],
        "dim": ["links at risk: they close typically, not at 3 sigma"],
        "odd": ["not like for like: a toy"],
        "also dark": ["links do not close: typical losses exceed the power budget"],
        # 16 chips with six links of 400 Gb/s each, where the others are 4 hosts with 800 Gb/s
        "pod": ["not like for like: 16 endpoints with links of 2,400 Gb/s each, most others 4 with 800 Gb/s"],
    }
    assert [table.marks(row) for row in table.rows] == ["", "[1]", "[2]", "[3]", "[1]", "[4]"]


def test_columns_nobody_has_a_value_for_are_left_out(made_run):
    table = comparison([made_run(metrics=delivered(1.0, fibers=10.0))])
    assert [column.key for column in table.columns] == ["delivered_gbps_per_endpoint.uniform", "verdict", "fibers"]
    with_ocs = comparison([made_run(metrics=delivered(1.0, ocs_boxes=48.0)), made_run("B", metrics=delivered(1.0))])
    column = next(column for column in with_ocs.columns if column.key == "ocs_boxes")
    assert [with_ocs.cell(row, column) for row in with_ocs.rows] == ["48", "-"]


def test_nothing_to_compare_is_an_empty_table():
    table = comparison([])
    assert table.rows == table.columns == ()
    assert comparison_text(table, 80) == comparison_text(table) == "\n"


def test_json_has_numbers_and_no_nan(made_run):
    row = made_run("A", metrics=delivered(800.0, reconfiguration_ms=math.nan, fibers=4.0))
    data = json.loads(json.dumps(comparison([row]).to_json(), allow_nan=False))
    (only,) = data["rows"]
    assert only["case"] == "A"
    assert only["delivered_gbps_per_endpoint.uniform"] == 800.0
    assert only["routing"] == {"uniform": "ecmp"}
    assert only["reconfiguration_ms"] is None
    assert only["verdict"] == "closes"
    assert only["footnotes"] == []


@pytest.fixture
def wide(made_run):
    metrics = {
        "latency_mean_ns": 2345.6,
        "latency_p99_ns": 3456.7,
        "network_kw": 512.34,
        "energy_pj_per_bit": 98.76,
        "worst_link_3sigma_margin_db": -1.234,
        "cost_per_endpoint_usd": 12_345.0,
        "fibers": 1_048_576.0,
    }
    names = ("a design with quite a long name, indeed", "short")
    return comparison([made_run(name, metrics=delivered(800.0, **metrics), verdict="at risk") for name in names])


VALUES = ("800.0 ecmp", "2,346", "3,457", "512.3", "98.8", "-1.23", "at risk", "12,345", "1,048,576")


def test_without_a_width_the_table_is_one_block(wide):
    lines = comparison_text(wide).splitlines()
    (line,) = [line for line in lines if line.startswith("a design")]
    assert line.startswith("a design with quite a long name, indeed [1]")
    assert all(value in line for value in VALUES)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_at_any_width_nothing_is_cut_and_no_line_is_too_long(wide, width):
    text = comparison_text(wide, width)
    assert max(map(len, text.splitlines())) <= width
    assert all(text.count(value) >= 2 for value in VALUES)
    words = text.split()
    assert all(word in words for word in ("quite", "indeed", "[1]", "short"))


def test_a_terminal_too_narrow_for_anything_still_gets_every_value(wide):
    text = comparison_text(wide, 10)
    assert all(text.count(value) >= 2 for value in VALUES)


def test_markdown_has_as_many_cells_in_every_row(wide):
    lines = comparison_markdown(wide).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    assert {line.count("|") for line in rows} == {len(wide.columns) + 2}
    assert "| ---: |" in rows[1]
    assert lines[-1] == "- [1] links at risk: they close typically, not at 3 sigma"


def test_a_plain_table_folds_its_last_column():
    text = rows_text(("key", "remark"), [("a", "some words that do not fit"), ("bcd", "")], width=24)
    assert text == "key  remark\na    some words that do\n     not fit\nbcd\n"
    assert rows_text(("key", "remark"), [("a", "x " * 200)]).count("\n") == 2
