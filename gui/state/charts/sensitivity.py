# SPDX-License-Identifier: Apache-2.0
"""What makes the numbers of one run unsure, and whether another is surely better: a tornado and a probability.

Another process works them out when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from experiments.charts import TornadoChart
from experiments.labels import label_of, unit_text
from experiments.plain_values import format_number
from gui.state.charts.kinds import Inputs, Shown, chosen, labels_of
from gui.state.charts.of_selection import metric_options

MOST_DRIVERS = 14
COMPUTE, STOP = "Work it out", "Stop"


Question: TypeAlias = tuple[str, str]
"""A run, and the one it is measured against; empty for none."""


def question_of(selected: Sequence[str], current: str | None) -> Question | None:
    """Return what can be worked out: how sure the current run is, against the first other that is selected."""
    if current is None:
        return None
    return current, next((key for key in selected if key != current), "")


class Sensitivity:
    """Keeps what has been worked out, by question; `make` is the chart of it."""

    def __init__(self) -> None:
        self._found: dict[Question, Mapping[str, Any]] = {}
        self._failed: dict[Question, str] = {}
        self.running: Question | None = None

    def depends(self, inputs: Inputs, _wanted: Mapping[str, str]) -> tuple[object, ...]:
        """Return what the chart is made from."""
        asked = question_of(inputs.selected, inputs.current)
        return asked, asked in self._found, self._failed.get(asked) if asked else None, asked == self.running

    @staticmethod
    def arguments(question: Question) -> list[str]:
        """Return the command that works a run out, after the name of the program."""
        key, against = question
        return ["uncertainty", key, *(["--against", against] if against else []), "--json"]

    def take(self, question: Question, output: str) -> None:
        """Take what that command has printed.

        Raises
        ------
        ValueError
            If it is not what it prints.
        """
        self._found[question] = json.loads(output)
        self._failed.pop(question, None)

    def fail(self, question: Question, problem: str) -> None:
        """Remember why a run could not be worked out."""
        self._failed[question] = problem

    def make(self, inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
        """Return the tornado of the current run, or how to get it."""
        asked = question_of(inputs.selected, inputs.current)
        if asked is None:
            return Shown(message="Select a run in the table to see what its numbers hang on.")
        found, other = self._found.get(asked), _name(inputs, asked[1]) if asked[1] else ""
        if found is None and asked == self.running:
            return Shown(message="Working it out …", action=STOP)
        if found is None and asked in self._failed:
            return Shown(message=self._failed[asked], action=COMPUTE)
        if found is None:
            better = f", and how probably they are better than those of {other}" if other else ""
            return Shown(
                message="What makes the numbers of this run unsure: each component value at the ends of its range, and "
                f"10,000 draws of all{better}. This takes some seconds, in a process of its own.",
                action=COMPUTE,
            )
        names = [name for name, entry in found.items() if entry["drivers"]]
        if not names:
            return Shown(message="No component value of this run has a range that moves its metrics.")
        choice = chosen("metric", "Metric", metric_options(names), wanted, "network_kw")
        entry = found[choice.value]
        drivers = tuple(
            (_range_text(each), each["metric_low"], each["metric_high"]) for each in entry["drivers"][:MOST_DRIVERS]
        )
        label, name = label_of(choice.value), _name(inputs, asked[0])
        chart = TornadoChart(
            f"What {label.rpartition(', ')[0] or label} of {name} hangs on", label, float(entry["value"]), drivers
        )
        low, high = entry["percentiles"]["5"], entry["percentiles"]["95"]
        all_drawn = f"{format_number(low)} to {format_number(high)} {unit_text(choice.value)}".rstrip()
        remark = f"Of {name}: one component value at a time at the ends of its range. All drawn: {all_drawn} (90 %)."
        if other and "probability_better" in entry:
            remark += f" Better than {other} in {100 * entry['probability_better']:.0f} % of the draws."
        more = len(entry["drivers"]) - len(drivers)
        return Shown(chart, choices=(choice,), remark=remark + (f" {more} weaker ones are not shown." if more else ""))


def _range_text(driver: Mapping[str, Any]) -> str:
    """Return a component value with the ends of its range and their unit."""
    return f"{driver['name']}  {driver['low']:g} to {driver['high']:g} {unit_text(driver['name'])}".rstrip()


def _name(inputs: Inputs, key: str) -> str:
    """Return what people call a run."""
    frame = inputs.frame
    if key not in frame.keys:
        return key
    return labels_of(inputs, [frame.keys.index(key)])[0]
