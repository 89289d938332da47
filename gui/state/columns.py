# SPDX-License-Identifier: Apache-2.0
"""The columns of the runs table: what they are called, their units and how their values are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.labels import title_and_unit
from experiments.plain_values import format_number
from gui.state.frame import Frame

STAR, NO_STAR = "★", "☆"
MISSING = "–"  # in the place of a value that there is none of


@dataclass(frozen=True)
class Column:
    """One column of the runs table.

    Parameters
    ----------
    id
        The name used in filters; for a number, the name of the metric.
    title, unit
        The header; the unit is empty for text and for a dimensionless number.
    numeric
        Whether values are numbers, aligned right and sorted as numbers.
    decimals
        Decimals shown; -1 shows four significant digits.
    shown
        Whether the column is shown until the user chooses otherwise.
    """

    id: str
    title: str
    unit: str = ""
    numeric: bool = False
    decimals: int = -1
    shown: bool = True

    @property
    def header(self) -> str:
        """Title and unit on two lines."""
        return f"{self.title}\n{self.unit}"

    @property
    def heading(self) -> str:
        """Title and unit on one line, for menus and exported tables."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def text(self, frame: Frame, row: int) -> str:
        """Return the value of a run as it is shown; empty where there is none or it is not at hand yet."""
        if not frame.has(self.id):
            return ""
        if not self.numeric:
            text = frame.texts(self.id)[row]
            if self.id == "design" and not text and frame.has("title"):  # a run of no study
                return frame.texts("title")[row]
            return (STAR if text == "yes" else NO_STAR) if self.id == "star" else text
        return format_number(float(frame.numbers(self.id)[row]), self.decimals)

    def value(self, frame: Frame, row: int) -> str | float:
        """Return the value of a run at full precision; empty where there is none."""
        if not self.numeric:
            return frame.texts(self.id)[row]
        number = float(frame.numbers(self.id)[row])
        return "" if np.isnan(number) else number


def _number(name: str, decimals: int = -1, shown: bool = True) -> Column:
    return Column(name, *title_and_unit(name), numeric=True, decimals=decimals, shown=shown)


COLUMNS = (
    Column("title", "Title", shown=False),
    Column("design", "Design"),
    Column("workload", "Workload"),
    Column("topology", "Topology"),
    Column("routing", "Routing"),
    Column("switching", "Switching", shown=False),
    Column("packaging", "Optics", shown=False),
    _number("delivered_gbps_per_endpoint", 1),
    _number("throughput", 3),
    _number("latency_mean_ns", 0),
    _number("latency_p99_ns", 0),
    _number("network_kw", 1),
    _number("network_without_nic_and_chip_kw", 1, shown=False),
    _number("facility_kw", 1, shown=False),
    _number("energy_pj_per_bit", 1),
    Column("verdict", "Worst link"),
    _number("worst_link_3sigma_margin_db", 2),
    _number("worst_link_typical_margin_db", 2, shown=False),
    _number("cost_per_endpoint_usd", 0),
    _number("ocs_boxes", 0, shown=False),
    _number("ocs_ports_used", 0, shown=False),
    _number("reconfiguration_ms", 1, shown=False),
    _number("fibers", 0, shown=False),
    _number("failures_per_day", 2, shown=False),
    Column("star", "Star"),
    Column("tag", "Tags"),
    Column("note", "Note", shown=False),
    Column("caveat", "Caveat"),
    Column("file", "File", shown=False),
)


def columns_for(frame: Frame) -> tuple[Column, ...]:
    """Return the known columns, then one hidden column for everything else that a run has.

    These are all other metrics, and then what the scenarios say, such as ``topology.leaves``.
    """
    known = {column.id for column in COLUMNS}
    numbers = (_number(name, shown=False) for name in frame.number_names - known)
    texts = (Column(name, name, shown=False) for name in frame.text_names - known - frame.number_names)
    return (*COLUMNS, *sorted((*numbers, *texts), key=lambda column: ("." in column.id, column.id)))
