# SPDX-License-Identifier: Apache-2.0
"""Two to four selected runs side by side: what differs in scenario, components and results; all that one run holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.difference import Line, side_by_side
from experiments.plain_values import format_number, percent_text
from gui.state.charts.kinds import Inputs, selected_rows
from gui.state.csv_text import csv_text
from gui.state.runs.columns import MISSING

MOST_RUNS = 4
SELECT_ONE_OR_MORE = (
    "Select a run in the table to see all that it holds, or two to four (Ctrl+click) to compare them: "
    "the first is what the others differ from."
)
TOO_MANY = "{} runs are selected: at most four can be compared. Take some out of the selection (Ctrl+click)."
SAME = "These runs are the same in scenario, components and results."
_PARTS = {
    "scenario": "Scenario",
    "bom": "Bill of materials",
    "latency": "Mean latency by part",
    "notes": "Notes",
    "catalogue": "Component values",
    "result": "Result",
    "metrics": "Metrics",
    "power": "Power",
    "cost": "Cost",
}
_SMALLEST_SHARE = 0.0005  # of a difference that is shown


@dataclass(frozen=True, eq=False)
class Comparison:
    """A table of what differs, or of what one run holds.

    Parameters
    ----------
    names, keys
        The runs.
    lines
        What differs.
    message
        Why there is no table.
    titles
        What each source is called, by its id.
    """

    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    message: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What the lines are."""
        return "What it holds" if len(self.names) == 1 else "What differs"

    def only(self, text: str) -> tuple[Line, ...]:
        """Return the lines whose part or name hold all words of a text."""
        words = text.lower().split()
        return tuple(
            line for line in self.lines if all(word in f"{part_title(line.part)} {line.name}".lower() for word in words)
        )

    def sources(self, line: Line) -> str:
        """Return what the sources of a line are called, one below the other."""
        ids = dict.fromkeys(word for each in line.sources for word in each.partition(" (")[0].split())
        return "\n".join(f"{name}: {self.titles[name]}" if name in self.titles else name for name in ids)

    def as_csv(self) -> str:
        """Return the table as comma-separated text, numbers at full precision."""
        others = [f"{name}, difference" for name in self.names[1:]]
        known = [f"{name}, {what}" for name in self.names for what in ("low", "high", "source")]
        rows = (  # what is None is written as nothing
            [part_title(line.part), line.name, line.unit, *line.values, *line.shares[1:], *_known(line)]
            for line in self.lines
        )
        return csv_text(["part", "name", "unit", *self.names, *others, *known], rows)


def _known(line: Line) -> Iterator[Any]:
    for ends, source in zip(line.ends, line.sources, strict=True):
        yield from (*(ends or (None, None)), source)


def compared(inputs: Inputs) -> Comparison:
    """Read the selected runs and return what differs between them, or all of one."""
    if not 1 <= len(inputs.selected) <= MOST_RUNS:
        count = len(inputs.selected)
        return Comparison(message=TOO_MANY.format(count) if count > MOST_RUNS else SELECT_ONE_OR_MORE)
    rows, keys, _ = selected_rows(inputs, MOST_RUNS)
    if len(rows) < len(inputs.selected) and len(rows) < 2:
        return Comparison(message="Only one of the selected runs can be read.")
    lines = tuple(side_by_side([row.run for row in rows]))
    titles: dict[str, str] = {}
    for row in rows:
        table = row.run.table("sources")
        titles |= dict(zip(table.get("id", ()), table.get("title", ()), strict=True))
    return Comparison(tuple(row.case for row in rows), keys, lines, "" if lines else SAME, titles)


def part_title(part: str) -> str:
    """Return what people call a part of a run."""
    return _PARTS.get(part, part)


def cell_text(line: Line, run: int) -> str:
    """Return the value of a run, and how far it is from that of the first."""
    text = value_text(line.values[run])
    if (line.part == "catalogue" or len(line.values) == 1) and line.ends[run] is not None:
        text += f"  [{range_text(line, run)}]"
    share = line.shares[run] if run else None
    if share is None or abs(share) < _SMALLEST_SHARE or line.part == "scenario":
        return text
    if line.unit == "dB":  # a share of decibels says nothing
        difference = f"{line.values[run] - line.values[0]:+.2f}"
    else:
        difference = (
            percent_text(share, signed=True) if abs(share) < 10 else f"×{line.values[run] / line.values[0]:,.4g}"
        )
    return f"{text}  ({difference})".replace("-", "−")


def range_text(line: Line, run: int) -> str:
    """Return the range of a value; empty where it has none."""
    ends = line.ends[run]
    return "" if ends is None else f"{format_number(ends[0])} to {format_number(ends[1])}"


def source_text(line: Line) -> str:
    """Return where the values of a component are from, each source once; empty for what is no such value."""
    return "; ".join(dict.fromkeys(filter(None, line.sources)))


def value_text(value: Any) -> str:
    """Return a value as people read it; a dash where a run has none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_number(float(value))
    if isinstance(value, list | tuple):
        return " × ".join(map(str, value))
    return str(value)
