# SPDX-License-Identifier: Apache-2.0
"""What makes the numbers of one run unsure: a tornado, worked out by another process when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from experiments.charts import TornadoChart
from experiments.labels import label_of
from experiments.plain_values import format_number
from gui.state.charts.kinds import Inputs, Shown, chosen, labels_of
from gui.state.charts.of_selection import metric_options

MOST_DRIVERS = 14
COMPUTE, STOP = "Work it out", "Stop"


class Sensitivity:
    """Keeps what has been worked out, by run; `make` is the chart of it."""

    def __init__(self) -> None:
        self._found: dict[str, Mapping[str, Any]] = {}
        self._failed: dict[str, str] = {}
        self.running: str | None = None

    def depends(self, inputs: Inputs, _wanted: Mapping[str, str]) -> tuple[object, ...]:
        """Return what the chart is made from."""
        key = inputs.current
        return key, key in self._found, self._failed.get(key or ""), key == self.running

    @staticmethod
    def arguments(key: str) -> list[str]:
        """Return the command that works a run out, after the name of the program."""
        return ["uncertainty", key, "--json"]

    def take(self, key: str, output: str) -> None:
        """Take what that command has printed.

        Raises
        ------
        ValueError
            If it is not what it prints.
        """
        self._found[key] = json.loads(output)
        self._failed.pop(key, None)

    def fail(self, key: str, problem: str) -> None:
        """Remember why a run could not be worked out."""
        self._failed[key] = problem

    def make(self, inputs: Inputs, wanted: Mapping[str, str]) -> Shown:
        """Return the tornado of the current run, or how to get it."""
        if inputs.current is None:
            return Shown(message="Select a run in the table to see what its numbers hang on.")
        found = self._found.get(inputs.current)
        if found is None and inputs.current == self.running:
            return Shown(message="Working it out …", action=STOP)
        if found is None and inputs.current in self._failed:
            return Shown(message=self._failed[inputs.current], action=COMPUTE)
        if found is None:
            return Shown(
                message="What makes the numbers of this run unsure: each component value at the ends of its range, and "
                "10,000 draws of all. This takes some seconds, in a process of its own.",
                action=COMPUTE,
            )
        names = [name for name, entry in found.items() if entry["drivers"]]
        if not names:
            return Shown(message="No component value of this run has a range that moves its metrics.")
        choice = chosen("metric", "Metric", metric_options(names), wanted, "network_kw")
        entry = found[choice.value]
        drivers = tuple(
            (f"{each['name']}  {each['low']:g} to {each['high']:g}", each["metric_low"], each["metric_high"])
            for each in entry["drivers"][:MOST_DRIVERS]
        )
        label, name = label_of(choice.value), _name(inputs)
        chart = TornadoChart(
            f"What {label.rpartition(', ')[0] or label} of {name} hangs on", label, float(entry["value"]), drivers
        )
        low, high = entry["percentiles"]["5"], entry["percentiles"]["95"]
        all_drawn = f"{format_number(low)} to {format_number(high)}"
        remark = f"Of {name}: one component value at a time at the ends of its range. All drawn: {all_drawn} (90 %)."
        more = len(entry["drivers"]) - len(drivers)
        return Shown(chart, choices=(choice,), remark=remark + (f" {more} weaker ones are not shown." if more else ""))


def _name(inputs: Inputs) -> str:
    """Return what people call the current run."""
    frame, key = inputs.frame, str(inputs.current)
    if key not in frame.keys:
        return key
    return labels_of(inputs, [frame.keys.index(key)])[0]
