# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest

from experiments.labels import unit_text
from gui.state.columns import COLUMNS, format_number
from gui.state.session import Session


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
        (3.2e-9, -1, "3.200e−09"),
        (1000.04, 1, "1,000.0"),
        (math.nan, 2, ""),
        (math.inf, 1, "∞"),
    ],
)
def test_numbers_are_written_for_people(value, decimals, text):
    assert format_number(value, decimals) == text


def test_every_number_with_a_unit_shows_it_in_the_header():
    units = {column.id: column.unit for column in COLUMNS if column.numeric}
    assert units["delivered_gbps_per_endpoint"] == "Gb/s/endpoint"
    for name, unit in units.items():
        suffix = {"_kw": "kW", "_ns": "ns", "_db": "dB", "_ms": "ms", "_pj_per_bit": "pJ/bit"}
        assert all(unit == word for end, word in suffix.items() if name.endswith(end)), name
    assert all(column.header.endswith(column.unit) for column in COLUMNS)


def test_a_value_that_a_run_does_not_have_is_empty(make_entry):
    by_id = {column.id: column for column in COLUMNS}
    session = Session()
    session.add([make_entry("a", network_kw=1234.56)])
    frame = session.frame
    assert by_id["network_kw"].text(frame, 0) == "1,234.6" and by_id["network_kw"].value(frame, 0) == 1234.56
    frame.numbers("throughput")
    assert by_id["throughput"].text(frame, 0) == "" == by_id["throughput"].value(frame, 0)
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
