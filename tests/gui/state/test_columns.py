# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest

import optinet
from experiments.labels import title_and_unit, unit_text
from experiments.plain_values import decimals_of, format_number, percent_text
from gui.samples import own_samples
from gui.state.runs.columns import COLUMNS, MISSING, fitted
from gui.state.runs.frame import Batch
from gui.state.runs.library import Library
from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable
from optinet.units import unit_of

ENGINE = Path(optinet.__file__).parent


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0, -1, "0"),
        (1234567.0, -1, "1,234,567"),
        (12.3456, -1, "12.35"),
        (0.0123456, -1, "0.01235"),
        (800.0, -1, "800"),
        (133.3333, -1, "133.3"),
        (-0.5, 2, "−0.50"),
        (3.2e-9, -1, "3.2×10⁻⁹"),
        (1.3836e-5, -1, "1.384×10⁻⁵"),
        (1e-8, -1, "10⁻⁸"),
        (-2e17, -1, "−2×10¹⁷"),
        (1000.04, 1, "1,000.0"),
        (math.nan, 2, ""),
        (math.inf, 1, "∞"),
    ],
)
def test_numbers_are_written_for_people(value, decimals, text):
    assert format_number(value, decimals) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([389.0, 79.82, 818.94], ["389.0", "79.8", "818.9"]),
        ([20.8, 5.651, math.nan], ["20.80", "5.65", ""]),
        ([900.0, 0.012], ["900.000", "0.012"]),
        ([3.5, 4.5], ["3.5", "4.5"]),
        ([4096.0, 64.0], ["4,096", "64"]),
        ([1e-9, 1.0], ["10⁻⁹", "1"]),
    ],
)
def test_numbers_that_stand_together_have_the_same_decimals(values, texts):
    assert [format_number(value, decimals_of(values)) for value in values] == texts


def test_a_share_that_misses_the_whole_is_not_rounded_to_it():
    assert [percent_text(share, 2) for share in (0.0833, 1.0, 0.99999)] == ["8.33 %", "100.00 %", "more than 99.99 %"]
    assert percent_text(0.125, signed=True) == "+12.5 %" and percent_text(12.0, 0) == "1,200 %"


def test_every_number_with_a_unit_shows_it_in_the_header():
    units = {column.id: column.unit for column in COLUMNS if column.numeric}
    assert units["delivered_gbps_per_endpoint"] == "Gb/s/endpoint"
    for name, unit in units.items():
        suffix = {"_kw": "kW", "_ns": "ns", "_db": "dB", "_ms": "ms", "_pj_per_bit": "pJ/bit"}
        assert all(unit == word for end, word in suffix.items() if name.endswith(end)), name
    assert all(column.header.endswith(column.unit) for column in COLUMNS)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (1000, [300, 60, 200, 100]),  # all fit
        (560, [240, 60, 160, 100]),  # texts share what is left
        (300, [144, 60, 96, 100]),  # the last one is scrolled to, and the others end at the edge
        (150, [90, 60, 200, 100]),
        (20, [300, 60, 200, 100]),  # nothing can be done
    ],
)
def test_columns_end_where_the_table_does(room, expected):
    assert fitted([300, 60, 200, 100], [90, 60, 60, 100], room) == expected


def test_every_column_of_real_runs_has_a_title_of_its_own_and_says_what_it_is(tmp_path):
    samples = own_samples(tmp_path / "samples")
    library, session = Library(tmp_path / "packs"), Session()
    session.take(item for item in library.open([str(samples)]) if isinstance(item, Batch))
    library.forget()
    table = RunsTable(session)
    table.ask_meanings()
    assert len(table.all_columns) > 100
    for column in table.all_columns:
        assert "_" not in column.title and column.title[0].isupper() | (column.title[0] in "3p"), column.id
        assert len(table.help_of(column).splitlines()) > 1, column.id
    headings = [column.heading for column in table.all_columns]
    assert len(set(headings)) == len(headings)
    assert {"Bisection (links)", "Leaves (topology)", "Uplink length (topology), m", "Optics (design)"} <= set(headings)


def test_every_headline_metric_has_a_title_that_people_chose():
    """Their names are in the source, for no run has all of them."""
    calls = [
        node
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    named = [call.args[0] for call in calls if getattr(call.func, "id", "") == "_metric"]
    names = {name.value for name in named if isinstance(name, ast.Constant)}
    assert len(names) > 80
    for name in names:
        title, unit = title_and_unit(name)
        assert "_" not in title and (unit or unit_of(name) == "1"), name


def test_a_value_that_a_run_does_not_have_is_a_dash_and_nothing_in_exported_data(make_entry):
    by_id = {column.id: column for column in COLUMNS}
    session = Session()
    session.add([make_entry("a", network_kw=1234.56)])
    frame = session.frame
    assert by_id["network_kw"].text(frame, 0) == "1,234.6" and by_id["network_kw"].value(frame, 0) == 1234.56
    frame.numbers("throughput")
    assert by_id["throughput"].text(frame, 0) == MISSING and by_id["throughput"].value(frame, 0) == ""
    assert by_id["design"].text(frame, 0) == "a"
    session.add([make_entry("b", design="", title="B")])
    assert by_id["design"].text(session.frame, 1) == "B"


@pytest.mark.parametrize(
    ("name", "unit"),
    [("energy_pj_per_bit", "pJ/bit"), ("workload.gbps_per_endpoint", "Gb/s"), ("topology.leaves", ""),
     ("failures_per_day", "1/day"), ("energy_kwh_per_year", "kW h/year"), ("link_yield_fraction", "")],
)  # fmt: skip
def test_other_columns_have_the_unit_that_their_name_promises(name, unit):
    assert unit_text(name) == unit
