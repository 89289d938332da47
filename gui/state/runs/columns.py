# SPDX-License-Identifier: Apache-2.0
"""The columns of the runs table: what they are called, their units and how their values are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from experiments.labels import title_and_unit
from experiments.plain_values import format_number
from gui.state.runs.frame import Frame

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
    help
        What it is; empty where the runs or the engine's models say so, see `gui.state.runs.meanings`.
    """

    id: str
    title: str
    unit: str = ""
    numeric: bool = False
    decimals: int = -1
    shown: bool = True
    help: str = ""

    @property
    def header(self) -> str:
        """Title and unit on two lines."""
        return f"{self.title}\n{self.unit}"

    @property
    def heading(self) -> str:
        """Title and unit on one line, for menus and exported tables."""
        if self.title.endswith(")"):  # the section of a scenario
            return f"{self.title}, {self.unit}" if self.unit else self.title
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def text(self, frame: Frame, row: int) -> str:
        """Return the value of a run as it is shown; empty where it is not at hand yet or a text is empty."""
        if not frame.has(self.id):
            return ""
        if not self.numeric:
            text = frame.texts(self.id)[row]
            if self.id == "design" and not text and frame.has("title"):  # a run of no study
                return frame.texts("title")[row]
            if self.id == "verdict":  # there is none where no link is optical
                return text or MISSING
            return (STAR if text == "yes" else NO_STAR) if self.id == "star" else text
        return format_number(float(frame.numbers(self.id)[row]), self.decimals) or MISSING

    def value(self, frame: Frame, row: int) -> str | float:
        """Return the value of a run at full precision; empty where there is none."""
        if not self.numeric:
            return frame.texts(self.id)[row]
        number = float(frame.numbers(self.id)[row])
        return "" if np.isnan(number) else number


def _number(name: str, decimals: int = -1, shown: bool = True) -> Column:
    return Column(name, *title_and_unit(name), numeric=True, decimals=decimals, shown=shown)


def _text(name: str, title: str, help_: str, shown: bool = True) -> Column:
    return Column(name, title, shown=shown, help=help_)


COLUMNS = (
    _text("star", "Star", "yes for the runs that you have marked"),
    _text("title", "Title", "of the scenario", shown=False),
    _text("design", "Design", "name of the design in its study, or the title of a scenario that is of none"),
    _text("workload", "Workload", "what the endpoints send to each other"),
    _text("topology", "Topology", "how switches and endpoints are joined"),
    _text("routing", "Routing", "what paths the traffic takes"),
    _text("switching", "Switching", "EPS, or the technology of the optical circuit switches", shown=False),
    _text(
        "packaging", "Optics", "where the optics are: pluggable, or how they are packaged with the switch", shown=False
    ),
    _number("delivered_gbps_per_endpoint", 1),
    _number("throughput", 3),
    _number("latency_mean_ns", 0),
    _number("latency_p99_ns", 0),
    _number("network_kw", 1),
    _number("network_without_nic_and_chip_kw", 1, shown=False),
    _number("facility_kw", 1, shown=False),
    _number("energy_pj_per_bit", 1),
    _text("verdict", "Worst link", "closes with 3 sigma to spare, is at risk, or infeasible even typically"),
    _number("worst_link_3sigma_margin_db", 2),
    _number("worst_link_typical_margin_db", 2, shown=False),
    _number("cost_per_endpoint_usd", 0),
    _number("ocs_boxes", 0, shown=False),
    _number("ocs_ports_used", 0, shown=False),
    _number("reconfiguration_ms", 1, shown=False),
    _number("fibers", 0, shown=False),
    _number("failures_per_day", 2, shown=False),
    _text("tag", "Tags", "of the scenario, and those that you have given the run"),
    _text("note", "Note", "what you have written about the run", shown=False),
    _text("caveat", "Caveat", "what you must know beside the numbers"),
    _text("file", "File", "name of the run file", shown=False),
)


def fitted(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths with which a column ends where the room does, rather than one being cut off there.

    Parameters
    ----------
    wanted, least
        Width that each column would like to have, and that it can do with, pixels.
    room
        What can be seen of them without scrolling, pixels.
    """
    ends = list(accumulate(least))
    count = sum(end <= room for end in ends)  # of the columns that can be seen whole
    slack = sum(wanted[:count]) - sum(least[:count])
    if count == 0 or slack == 0 or sum(wanted) <= room:
        return list(wanted)
    spare = room - ends[count - 1]
    shared = [round(part * spare / slack) for part in accumulate(w - s for w, s in zip(wanted, least, strict=True))]
    more = [after - before for before, after in pairwise([0, *shared[:count]])]
    return [*(s + part for s, part in zip(least, more, strict=False)), *wanted[count:]]


def columns_for(frame: Frame) -> tuple[Column, ...]:
    """Return the known columns, then one hidden column for everything else that a run has.

    These are all other metrics, and then what the scenarios say, such as ``topology.leaves``.
    """
    known = {column.id for column in COLUMNS}
    numbers = (_number(name, shown=False) for name in frame.number_names - known)
    texts = (
        Column(name, title_and_unit(name)[0], shown=False) for name in frame.text_names - known - frame.number_names
    )
    return (*COLUMNS, *sorted((*numbers, *texts), key=lambda column: ("." in column.id, column.id)))
