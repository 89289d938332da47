# SPDX-License-Identifier: Apache-2.0
"""The page about a folder, the charts in it, and what it says in words."""

from __future__ import annotations

import json
import math
import re
import shutil
from html.parser import HTMLParser
from typing import get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from experiments.charts import (
    Bars,
    Chart,
    Curve,
    Curves,
    HeatMap,
    Interval,
    Intervals,
    Parallel,
    Points,
    TornadoChart,
    breakdown,
    heat_map,
    scatter,
    waterfalls,
)
from experiments.charts.sweeps import fullest_pair, parameters
from experiments.compare import comparison
from experiments.drawing import png, svg
from experiments.findings import drivers_of_best, findings
from experiments.pareto import front, goals_of
from experiments.report import report_html
from optinet.errors import OptinetError
from optinet.results import find_runs, open_run


@pytest.fixture(scope="module")
def table(swept):
    return comparison(map(open_run, swept)).with_front(["network_kw", "cost_per_endpoint_usd"])


@pytest.fixture(scope="module")
def page(swept):
    return report_html(swept, baseline="retimed")


class Outside(HTMLParser):
    """Collects what a browser would load, and the ids of the page."""

    def __init__(self):
        super().__init__()
        self.loaded, self.ids, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if (name in ("src", "srcset", "data") or (name.endswith("href") and tag != "a")) and value[0] != "#":
                self.loaded.append((tag, value))
            if name == "id":
                self.ids.append(value)


def test_the_page_is_complete_by_itself(page):
    parser = Outside()
    parser.feed(page)
    assert parser.loaded == []
    assert "<script" not in page and "@import" not in page and "url(http" not in page
    assert len(parser.ids) == len(set(parser.ids)) > 50
    for target in re.findall(r'(?:href="|url\()#([^")]+)', page):
        assert target in set(parser.ids)


def test_the_page_has_question_designs_figures_budgets_and_assumptions(page, swept):
    assert "<h1>Tiny</h1>" in page  # the title of the study
    for design in ("retimed", "LPO", "pod"):
        assert f"<td>{design}" in page
    assert page.count("<svg") == page.count("Figure ") >= 8
    for words in ("Least network power", "5th to 95th percentile", "cube-ocs", "leaf-spine"):
        assert words in page, words
    used = open_run(swept[0]).table("catalogue")
    assert used["component"][0] in page and used["source"][0].split()[0] in page
    for path in swept:
        assert open_run(path).content_sha256 in page
    assert re.search(r"\(-\d+ %\)", page)  # differences from the baseline


def test_designs_that_do_not_close_and_points_that_failed_are_told_with_the_reason(made_run, tmp_path):
    note = "leaf-spine: infeasible, typical margin -1.00 dB, 3 sigma margin -3.00 dB, about 9 of 9 links do not close"
    runs = [
        made_run("fine", metrics={"network_kw": 1.0, "cost_per_endpoint_usd": 2.0}, notes=(note, "something else")),
        made_run(
            "dark", metrics={"network_kw": 0.5, "cost_per_endpoint_usd": 1.0}, verdict="infeasible", notes=(note,)
        ),
        made_run(
            "short", metrics={"network_kw": 0.4, "ocs_boxes": 2.0, "ocs_ports_short": 12.0}, notes=("OCS: 12 short",)
        ),
    ]
    (tmp_path / "failures.json").write_text(json.dumps([{"point": "odd / <b>", "error": "does not fit"}]))
    page = report_html([run.path for run in runs])
    section = page[page.index("Designs that do not close") : page.index("<h2>Assumptions")]
    assert "<td>dark</td>" in section and "infeasible" in section
    assert "<td>short</td>" in section and "12 short" in section
    assert "<td>fine</td>" not in section and "something else" not in section
    assert "odd / &lt;b&gt;" in section and "does not fit" in section
    assert "Hollow: links do not close" in page
    assert "No other design surpasses in all of least power in kW, least cost in USD/endpoint: fine." in page


def test_texts_of_a_run_are_never_markup(made_run):
    run = made_run("<script>alert(1)</script>", metrics={"network_kw": 1.0, "cost_per_endpoint_usd": 2.0})
    page = report_html([run.path])
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_baseline_or_goal_that_names_nothing_is_refused(swept):
    with pytest.raises(OptinetError, match=r"--baseline: unknown design 'retimd'.*did you mean 'retimed'"):
        report_html(swept, baseline="retimd")
    with pytest.raises(OptinetError, match=r"--pareto: unknown metric 'netwrk_kw'.*did you mean 'network_kw'"):
        report_html(swept, goals=["netwrk_kw", "cost_usd"])
    with pytest.raises(OptinetError, match="two or more"):
        report_html(swept, goals=["network_kw"])


def test_the_front_is_what_brute_force_finds():
    rng = np.random.default_rng(4)
    rows = [{"a": float(a), "b": float(b), "c": float(c)} for a, b, c in rng.integers(0, 6, (60, 3))]
    rows += [{"a": 0.0, "b": None, "c": 9.0}, {"a": "text"}]
    goals = goals_of(["a", "b:min", "c:max"], ["a", "b", "c"])

    def beats(one, other):
        pairs = [(one["a"], other["a"]), (one["b"], other["b"]), (-one["c"], -other["c"])]
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    whole = rows[:60]
    expected = [not any(beats(other, row) for other in whole) for row in whole] + [False, False]
    assert front(rows, goals).tolist() == expected
    assert sum(expected) > 1


def test_sense_of_a_metric():
    assert [goal.higher for goal in goals_of(["network_kw", "throughput"], ["network_kw", "throughput"])] == [
        False,
        True,
    ]


def test_bars_add_up_and_small_categories_are_put_together(table):
    bars = breakdown(table.rows, "power", most=2)
    assert (bars.labels, bars.left_out, bars.unit) == (("retimed", "LPO"), 1, "kW")
    assert len(bars.categories) <= 9
    for row, values, total in zip(table.rows, bars.values, bars.totals, strict=False):
        assert sum(values) == pytest.approx(row.run.metrics["network_kw"].value)
        assert total.value == pytest.approx(sum(values))
        assert total.low < total.value < total.high


def test_bars_of_an_endpoint_and_of_a_bit_are_the_metrics_of_the_runs(table):
    for group, per, metric in (
        ("power", "endpoint", "network_w_per_endpoint"),
        ("power", "delivered", "energy_pj_per_bit"),
        ("cost", "endpoint", "cost_per_endpoint_usd"),
        ("cost", "delivered", "cost_usd_per_gbps"),
        ("place", "endpoint", "cost_per_endpoint_usd"),
        ("latency", "all", "latency_mean_ns"),
    ):
        bars = breakdown(table.rows, group, per=per, most=9)
        values = [row.run.metrics[metric].value for row in table.rows]
        assert [total.value for total in bars.totals] == pytest.approx(values), (group, per)
        assert list(map(sum, bars.values)) == pytest.approx(values), (group, per)


def test_what_is_saved_stands_left_of_zero_and_is_never_part_of_what_is_small(made_run):
    big = {f"part {i}": 10.0 + i for i in range(9)}
    run = made_run("CPO", metrics={}, power_w={**big, "serdes difference": -1.0, "ocs": 0.5, "fan": 0.25})
    lopsided = made_run("pod", metrics={}, power_w={"chip network": 5.0, "part 0": 1.0})
    bars = breakdown(comparison([run, lopsided]).rows, "power", most=9)
    assert {"SerDes difference", "chip network"} <= set(bars.categories) and len(bars.categories) == 9
    assert min(value for name, value in zip(bars.categories, bars.values[0], strict=True) if name == "other") > 0
    starts, widths = bars.stacks()
    place = bars.categories.index("SerDes difference")
    assert (starts[0, place], widths[0, place]) == (-1e-3, 1e-3)
    needed = np.delete(starts[0] + widths[0], place)
    assert needed.max() == pytest.approx(bars.totals[0].value + 1e-3)
    assert np.delete(starts[0], place)[1:] == pytest.approx(needed[:-1])  # no gap, and nothing on something else
    assert bars.axis_label in [part.text for part in ET.fromstring(svg(bars, 1)).iter() if part.text]


def test_a_scatter_has_every_design_that_has_both_numbers(table):
    columns = {column.key: column for column in table.columns}
    chart = scatter(table, columns["cost_per_endpoint_usd"], columns["network_kw"], "t")
    assert [mark.label for mark in chart.marks] == ["retimed", "LPO", "pod"]
    assert chart.x_label == "Cost, USD/endpoint"
    assert [mark.on_front for mark in chart.marks] == [row.on_front for row in table.rows]


def test_a_waterfall_ends_at_the_margin_and_is_shown_once_for_designs_alike(table):
    charts = waterfalls(table.rows)
    assert [chart.margin_3sigma_db for chart in charts] == sorted(chart.margin_3sigma_db for chart in charts)
    for chart in charts:
        assert chart.steps[-1].left_db == pytest.approx(chart.typical_margin_db)
        assert chart.budget_db - sum(step.loss_db for step in chart.steps) == pytest.approx(chart.typical_margin_db)
        by_label = {row.label: row for row in chart.rows}
        sigma_db = math.sqrt(sum(step.sigma_db**2 for step in chart.steps))
        assert by_label["3 sigma of all parts"].loss_db == pytest.approx(3 * sigma_db)
        assert by_label["3-sigma margin"].end_db == chart.margin_3sigma_db
        assert chart.allowance_db - sum(s.worst_db for s in chart.steps) == pytest.approx(chart.worst_margin_db)
        assert by_label["worst-case margin"].end_db == chart.worst_margin_db
    assert "of such links close" in charts[0].told
    twice = waterfalls([table.rows[0], table.rows[0]])
    assert len(twice) == len(waterfalls([table.rows[0]]))


def test_findings_are_of_designs_that_close_alone(table, made_run):
    lines = findings(table)
    least = min(table.rows, key=lambda row: row.values["network_kw"])
    assert lines[0].startswith(f"Least network power: {least.case}, ")
    assert "probability of" in lines[0]
    dark = comparison([made_run("dark", metrics={"network_kw": 1.0}, verdict="infeasible")])
    assert findings(dark) == ["1 of 1 design has links that do not close with three sigma to spare."]


def test_a_design_that_saves_by_delivering_less_says_so(made_run):
    def row(case, kw, gbps):
        return made_run(case, metrics={"network_kw": kw, "delivered_gbps_per_endpoint": gbps})

    runs = [row("slow", 79.0981, 66.65), row("fast", 417.53, 800.0), row("faster", 818.9, 799.8)]
    less = "where it delivers 66.7 of 800 Gb/s per endpoint under uniform"
    assert findings(comparison(runs)) == [
        f"Least network power: slow, 79.1, {less}; next is fast with 418.",
        "Least network power of those that deliver most: fast, 418; next is faster with 819.",
    ]


def test_drivers_of_the_best_design(table):
    (chart, caption), *_ = drivers_of_best(table, 5)
    assert 1 <= len(chart.drivers) <= 5
    spans = [abs(high - low) for _, low, high in chart.drivers]
    assert spans == sorted(spans, reverse=True)
    assert "one component value at a time" in caption


def test_charts_are_drawn_as_svg_and_png_and_equal_charts_are_equal_bytes(table):
    bars = Bars("t", "kW", ("a",), ("x", "y"), ((1.0, 2.0),), (Interval.of(3.0, 2.5, 4.0),))
    assert svg(bars, 3) == svg(bars, 3)
    assert 'id="c3-' in svg(bars, 3) and 'id="c4-' in svg(bars, 4)
    assert png(TornadoChart("t", "kW", 1.0, (("a", 0.5, 2.0),))).startswith(b"\x89PNG")
    assert png(waterfalls(table.rows)[0]).startswith(b"\x89PNG")


def charts_of_every_kind(table):
    columns = {column.key: column for column in table.columns}
    group = np.array([0, 1])
    two, groups = ("a", "b"), ("g", "h")
    return (
        scatter(table, columns["cost_per_endpoint_usd"], columns["network_kw"], "Scatter"),
        breakdown(table.rows, "power", most=9),
        waterfalls(table.rows)[0],
        TornadoChart("Tornado", "kW", 1.0, (("a", 0.5, 2.0),)),
        Points("Points", "cost, USD", "power, kW", two, group + 1.0, group + 2.0, groups, group, two, group > 0),
        Curves("Curves", "ns", "%", (Curve("c", np.array([1.0]), np.array([100.0]), (1.0, 50.0)),), log_x=True),
        Parallel("Parallel", ("power, kW", "x"), (False, True), two, np.array([[1, 2], [1, np.nan]]), groups, group),
        heat_map("leaves", "design", "power, kW", [1.0, 2.0], two, np.array([3.5, 4.5])),
        Intervals("Intervals", "cost, USD", ("a",), (Interval.of(1.0, 0.5, 2.0),)),
    )


def test_every_kind_of_chart_is_drawn_with_its_labels(table):
    charts = charts_of_every_kind(table)
    assert {type(chart) for chart in charts} == set(get_args(Chart))
    for number, chart in enumerate(charts):
        parts = ET.fromstring(svg(chart, number)).iter()
        texts = " ".join(part.text or "" for part in parts if part.tag.endswith("text"))
        assert chart.title.split()[0] in texts
        for name in ("x_label", "y_label", "value_label", "axis_label"):
            assert getattr(chart, name, "") in texts, (chart.title, name)
    loads = Curves("L", "%", "%", (Curve("c", np.array([1200.0]), np.array([100.0])),), x_range=(0.0, 100.0))
    assert {"0", "1200"} <= {part.text for part in ET.fromstring(svg(loads, 1)).iter()}
    drawn = svg(next(chart for chart in charts if isinstance(chart, HeatMap)), 1)
    assert ">3.5<" in drawn and ">4.5<" in drawn


def test_charts_of_sweeps_are_on_the_page_where_the_runs_hold_what_they_show(page, made_run):
    for words in ("Latency at zero load", "Link loads", "Designs over several metrics", "Power over "):
        assert page.count(f">{words}") == 1, words
    assert "Following a demand" not in page
    phases = {"phase_length_s": 1.0, "following_fraction": 0.5, "staying_fraction": 0.4, "break_even_s": 0.2}
    runs = [
        made_run(case, metrics={"network_kw": 1.0, "cost_per_endpoint_usd": 2.0, "dark_ms": 10.0, **phases})
        for case in ("slow", "quick")
    ]
    of_phases = report_html([run.path for run in runs])
    told = "slow = quick (same line): 10 ms dark, pays from 200 ms"
    assert ">Following a demand whose phases change<" in of_phases and told in of_phases
    assert ">Power over " not in of_phases  # the optics go with the design: nothing to map


def test_the_map_of_a_sweep_is_over_the_two_parameters_that_fill_it():
    columns = {
        "topology.leaves": [2.0, 2.0, 4.0, 4.0],
        "topology.spines": [1.0, 2.0, 1.0, 2.0],
        "topology.pods": [1.0, 1.0, 2.0, 2.0],  # goes with the leaves, so that half the cells with them stay empty
        "seed": [7.0] * 4,
        "design": ["a", "b", "c", "d"],
    }
    names = parameters(columns)
    assert names == ["design", "topology.leaves", "topology.spines", "topology.pods"]
    assert set(fullest_pair({name: columns[name] for name in names[1:]})) == {"topology.leaves", "topology.spines"}


def test_an_interval_holds_its_value():
    assert Interval.of(3.0, 4.0, 5.0) == Interval(3.0, 3.0, 5.0)
    assert Interval.of(3.0) == Interval(3.0, 3.0, 3.0)


def test_a_folder_copied_elsewhere_gives_the_same_page(swept, tmp_path, page):
    shutil.copytree(swept[0].parent, tmp_path / "copy")
    again = report_html([tmp_path / "copy" / path.name for path in swept], baseline="retimed")
    assert again == page
    assert len(find_runs([tmp_path / "copy"])) == 6
