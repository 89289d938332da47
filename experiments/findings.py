# SPDX-License-Identifier: Apache-2.0
"""What a comparison comes to, in sentences: which design is best at what, how surely, and what that hangs on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from experiments.charts import TornadoChart
from experiments.columns import SAME_RATE
from experiments.compare import Row, Table
from experiments.failed import failed_parts
from experiments.labels import counted, label_of
from experiments.plain_values import percent_text
from experiments.saved import reopened
from experiments.uncertainty import probability_better, spreads, tornado
from optinet.errors import OptinetError
from optinet.metric import Metric, higher_is_better

_MOST_DOWN = 6
_DELIVERED = "delivered_gbps_per_endpoint"
_DRAWS = 2000  # engineering estimate: a probability is good to a percent
_QUESTIONS = (
    ("network_kw", "Least network power"),
    ("cost_per_endpoint_usd", "Least cost per endpoint"),
    ("latency_mean_ns", "Least mean latency at zero load"),
)


def findings(table: Table) -> list[str]:
    """Return the main results of a comparison, designs whose links close alone."""
    closing = [row for row in table.rows if row.closes]
    rivals = _rivals(closing)
    lines = [line for key, what in _QUESTIONS for line in _best(rivals, key, what)]
    front = [row.case for row in rivals if row.on_front]
    if front:
        shown = "; ".join(front[:6]) + (f"; and {len(front) - 6} more" if len(front) > 6 else "")
        goals = ", ".join(dict.fromkeys(map(str, table.goals)))
        lines.append(f"No other design surpasses in all of {goals}: {shown}.")
    lines += _with_parts_down(table.rows)
    lost = len(table.rows) - len(closing)
    if lost:
        have = "has" if lost == 1 else "have"
        whole = counted(len(table.rows), "design")
        lines.append(f"{lost} of {whole} {have} links that do not close with three sigma to spare.")
    return lines or ["No design has links that close."]


def _rivals(rows: list[Row]) -> list[Row]:
    """Return the designs that compete: whole ones, since one with parts down carries less and so draws less power."""
    return [row for row in rows if not failed_parts(row.run.scenario)] or rows


def _with_parts_down(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what designs with parts down deliver, beside the same designs whole where they are there."""
    whole = {_apart_from_failed(row): row for row in rows if not failed_parts(row.run.scenario)}
    down = [row for row in rows if failed_parts(row.run.scenario)]
    for row in down[:_MOST_DOWN]:
        gbps, same = row.run.metrics[_DELIVERED].value, whole.get(_apart_from_failed(row))
        text = f"delivers {gbps:,.1f} Gb/s per endpoint with {failed_parts(row.run.scenario).text} down"
        before = same.run.metrics[_DELIVERED].value if same else 0.0
        share = f", {percent_text(gbps / before)} of what it does whole" if before else ""
        yield f"{(same or row).case} {text}{share}."
    if len(down) > _MOST_DOWN:
        more = len(down) - _MOST_DOWN
        yield f"{counted(more, 'other design')} {'has' if more == 1 else 'have'} parts down."


def _apart_from_failed(row: Row) -> str:
    plan = {key: value for key, value in row.run.scenario.items() if key not in ("failed", "title", "tags", "caveat")}
    return json.dumps(plan, sort_keys=True)


def drivers_of_best(table: Table, most: int) -> Iterator[tuple[TornadoChart, str]]:
    """Yield for the best design in power and in cost what its number hangs on, with a caption."""
    rivals = _rivals([row for row in table.rows if row.closes])
    for key, what in _QUESTIONS[:2]:
        order = _ordered(rivals, key)
        if not order:
            continue
        try:
            drivers = tornado(reopened(order[0].run), [key])[key]
        except OptinetError:
            continue  # a run of an older optinet, or one without a catalogue
        metric = order[0].run.metrics[key]
        if drivers:
            bars = tuple((f"{d.name} {d.low:g} to {d.high:g}", d.metric_low, d.metric_high) for d in drivers[:most])
            label = label_of(key)
            chart = TornadoChart(f"{label.partition(', ')[0]} of {order[0].case}", label, metric.value, bars)
            yield chart, f"{what}, {order[0].case}: one component value at a time at the ends of its range."


def _best(rivals: list[Row], key: str, what: str) -> Iterator[str]:
    """Yield which design is best, and where it delivers less than others which of those that deliver most is."""
    order = _ordered(rivals, key)
    if not order:
        return
    rates_gbps = {row.case: row.run.metric_values.get(_DELIVERED, math.nan) for row in order}
    most_gbps = max((rate for rate in rates_gbps.values() if not math.isnan(rate)), default=math.nan)
    as_much = [row for row in order if rates_gbps[row.case] >= (1 - SAME_RATE) * most_gbps]
    best = order[0]
    if not as_much or best in as_much:
        yield _sentence(order, key, what)
        return
    less = f"where it delivers {_number(rates_gbps[best.case])} of {_number(most_gbps)} Gb/s per endpoint"
    yield _sentence(order, key, what, f", {less} under {best.run.scenario['workload']['name']}")
    yield _sentence(as_much, key, f"{what} of those that deliver most")


def _sentence(order: list[Row], key: str, what: str, but: str = "") -> str:
    best = order[0]
    text = f"{what}: {best.case}, {_with_interval(best.run.metrics[key])}{but}"
    if len(order) == 1:
        return f"{text}."
    ties = [row for row in order[1:] if row.values[key] == best.values[key]]
    if ties:
        return f"{text}; {len(ties)} other design{'s have' if len(ties) > 1 else ' has'} the same."
    probability = _probability(best, order[1], key)
    beaten = f"; next is {order[1].case} with {_number(order[1].values[key])}"
    share = "more than 99 %" if probability > 0.99 else percent_text(probability, 0)
    sure = "" if math.isnan(probability) else f", which it beats with a probability of {share}"
    return f"{text}{beaten}{sure}."


def _ordered(rows: list[Row], key: str) -> list[Row]:
    known = [row for row in rows if row.values.get(key) is not None and key in row.run.metrics]
    return sorted(known, key=lambda row: row.values[key], reverse=higher_is_better(key))


def _probability(one: Row, other: Row, key: str) -> float:
    try:
        both = [spreads(reopened(row.run), _DRAWS)[key] for row in (one, other)]
    except OptinetError:
        return math.nan
    return probability_better(*both)


def _with_interval(metric: Metric) -> str:
    unit = "" if metric.unit == "1" else f" {metric.unit}"
    if math.isnan(metric.low) or metric.low == metric.high:
        return f"{_number(metric.value)}{unit}"
    return f"{_number(metric.value)}{unit} ({_number(metric.low)} to {_number(metric.high)})"


def _number(value: float) -> str:
    """Return a number to three digits, of a large one all before the point: ranges of components hold no more."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
