# SPDX-License-Identifier: Apache-2.0
"""What a report says of failures: the availability curves, and what holds at each level of availability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from experiments.charts import Chart, availability_curves
from experiments.charts.reliability import QUANTITIES, sampled_run
from experiments.compare import Row
from experiments.plain_values import percent_text
from optinet.metric import Metric
from optinet.reliability.curve import LEVELS, level_name
from optinet.results import Run

_MOST_CURVES = 8
_CAPTIONS = {
    "delivered": "What is delivered but for so much of the time, failures sampled; a dot marks 99.9 %.",
    "cost": "What a Gb/s costs that is delivered but for so much of the time.",
    "power": "What a Gb/s draws that is delivered but for so much of the time.",
}
LEVEL_HEADS = ("at least so long", "Gb/s per endpoint", "5 to 95 %", "USD per Gb/s", "W per Gb/s", "endpoints served")
STEP_HEADS = ("step, median (ms)", "99 % of the time (ms)", "99 % of the time it runs (ms)", "stopped")


def availability_charts(rows: Sequence[Row]) -> Iterator[tuple[Chart, str]]:
    """Yield the availability curves of the designs whose runs looked at failures: rate, cost and power."""
    for quantity in QUANTITIES:
        chart = availability_curves(rows, quantity=quantity, most=_MOST_CURVES)
        if chart.curves:
            more = f" {chart.left_out} designs are not shown." if chart.left_out else ""
            yield chart, f"{_CAPTIONS[quantity]}{more}"


def level_rows(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield design and what holds 99, 99.9 and 99.99 % of the time, as `LEVEL_HEADS` has it."""
    for case, run in _sampled(rows):
        for level in LEVELS:
            name = level_name(level)
            rate, cost, power, served = (
                run.metrics.get(f"{key}_at_{name}_{unit}")
                for key, unit in (
                    ("delivered", "gbps_per_endpoint"),
                    ("cost", "usd_per_gbps"),
                    ("power", "w_per_gbps"),
                    ("served", "fraction"),
                )
            )
            ends = f"{rate.low:,.1f} to {rate.high:,.1f}" if rate else "-"
            numbers = _text(rate, ",.1f"), ends, _text(cost, ",.2f"), _text(power, ",.3f"), _percent(served, 2)
            yield case, f"{100 * level:g} %", *numbers


def step_rows(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield design, time of a step over failures and the share of the time in which it stops, as `STEP_HEADS`."""
    for case, run in _sampled(rows):
        if "step_time_p50_ms" in run.metrics:
            times = (_text(run.metrics.get(f"step_time_{each}_ms"), ",.4g") for each in ("p50", "p99", "running_p99"))
            yield case, *times, _percent(run.metrics.get("step_stopped_time_fraction"), 3)


def _sampled(rows: Sequence[Row]) -> Iterator[tuple[str, Run]]:
    yield from ((row.case, run) for row in rows if (run := sampled_run(row)) is not None)


def _text(metric: Metric | None, form: str) -> str:
    if metric is None or math.isnan(metric.value):
        return "-"
    return "never" if math.isinf(metric.value) else format(metric.value, form)


def _percent(metric: Metric | None, decimals: int) -> str:
    return "-" if metric is None or math.isnan(metric.value) else percent_text(metric.value, decimals)
