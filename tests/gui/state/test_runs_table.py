# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import io

import pytest

from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable


@pytest.fixture
def session(make_entry):
    session = Session()
    session.add(
        [
            make_entry("mesh", topology="ocs_mesh", network_kw=90.0, throughput=0.5, caveat="ports, short"),
            make_entry("Clos", topology="clos3", network_kw=700.0),
            make_entry("pod A", topology="tpu_pod", network_kw=1000.0, throughput=0.25),
            make_entry("bare", topology="clos3"),
        ]
    )
    return session


@pytest.fixture
def table(session):
    return RunsTable(session)


def names(table):
    return [table.row(i).texts["design"] for i in range(len(table.order))]


def test_rows_are_in_the_order_of_opening(table):
    assert names(table) == ["mesh", "Clos", "pod A", "bare"]
    assert table.row_of("/runs/pod A.h5") == 2
    assert table.row_keys[3] == "/runs/bare.h5"


def test_numbers_sort_as_numbers_and_missing_ones_come_last(table):
    table.sort("network_kw")
    assert names(table) == ["mesh", "Clos", "pod A", "bare"]
    table.sort("network_kw", descending=True)
    assert names(table) == ["pod A", "Clos", "mesh", "bare"]
    table.sort(None)
    assert names(table) == ["mesh", "Clos", "pod A", "bare"]


def test_texts_sort_without_regard_to_case_and_ties_keep_the_order_of_opening(table):
    table.sort("design")
    assert names(table) == ["bare", "Clos", "mesh", "pod A"]
    table.sort("topology", descending=True)
    assert names(table) == ["pod A", "mesh", "Clos", "bare"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["mesh", "Clos", "pod A", "bare"]),
        ("CLOS", ["Clos", "bare"]),
        ("topology:clos", ["Clos", "bare"]),
        ("network_kw<800", ["mesh", "Clos"]),
        ("network_kw>=700 network_kw<=700", ["Clos"]),
        ("throughput=0.25", ["pod A"]),
        ('"pod a"', ["pod A"]),
        ('design:"pod a"', ["pod A"]),
        ("-topology:clos3 -mesh", ["pod A"]),
        ("nothing-like-it", []),
    ],
)
def test_the_filter_keeps_the_runs_for_which_all_terms_hold(table, text, expected):
    table.set_filter(text)
    assert names(table) == expected
    assert table.filter_problem == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("netwrk_kw<5", "no number column 'netwrk_kw'; did you mean 'network_kw'?"),
        ("topolgy:clos", "no text column 'topolgy'; did you mean 'topology'?"),
        ("network_kw<many", "'network_kw<many' needs a number"),
    ],
)
def test_a_filter_that_makes_no_sense_says_so_and_hides_nothing(table, text, problem):
    table.set_filter(text)
    assert table.filter_problem == problem
    assert len(table.order) == 4


@pytest.mark.parametrize("text", ["network_kw<", "network_kw<-", '"po'])
def test_a_filter_half_typed_is_no_problem(table, text):
    table.set_filter(text)
    assert table.filter_problem == ""


def test_filter_and_sort_stay_when_runs_are_added(table, session, make_entry):
    table.set_filter("clos")
    table.sort("network_kw", descending=True)
    session.add([make_entry("big", topology="clos3", network_kw=2000.0)])
    assert names(table) == ["big", "Clos", "bare"]


def test_columns_can_be_chosen_and_other_metrics_are_offered(table, session, make_entry):
    session.add([make_entry("new", fibers_per_rack=12.5)])
    assert table.all_columns[-1].id == "fibers_per_rack"
    assert table.all_columns[-1].heading == "Fibers per rack"  # the unit "1" is none
    assert "fibers_per_rack" not in [column.id for column in table.columns]
    table.show_columns(["design", "fibers_per_rack"])
    assert [column.id for column in table.columns] == ["design", "fibers_per_rack"]
    table.reset_columns()
    assert [column.id for column in table.columns][:2] == ["star", "design"] and len(table.columns) > 10


def test_numbers_of_a_column_have_the_same_decimals(table, session, make_entry):
    session.add([make_entry(str(value), share_ratio=value) for value in (26.47, 6.3712, 100.0)])
    table.show_columns(["share_ratio"])
    shown = {table.text(row, table.columns[0]) for row in range(len(table.order))}
    assert shown == {"26.5", "6.4", "100.0", "–"}


def test_the_table_as_csv_has_units_in_its_header_and_full_numbers(table, session, make_entry):
    session.add([make_entry("third", network_kw=1 / 3)])
    table.show_columns(["design", "network_kw", "caveat"])
    table.set_filter("-clos3 -tpu_pod")
    rows = list(csv.reader(io.StringIO(table.as_csv())))
    assert rows == [
        ["Design", "Power (kW)", "Caveat"],
        ["mesh", "90.0", "ports, short"],
        ["third", repr(1 / 3), ""],
    ]


def test_an_empty_session_has_an_empty_table():
    table = RunsTable(Session())
    table.sort("design")
    table.set_filter("x network_kw<3")
    assert len(table.order) == 0 and table.filter_problem == ""
