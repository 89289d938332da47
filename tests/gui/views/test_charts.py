# SPDX-License-Identifier: Apache-2.0
"""Charts, comparison, notes and growing folders in a real window, on runs of real studies."""

from __future__ import annotations

import csv
import io
import shutil
from itertools import pairwise
from xml.etree import ElementTree as ET

import h5py
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QGuiApplication

from experiments.notes import read_notes
from gui.state.charts.sensitivity import STOP
from gui.views.charts.drawing import BOTTOM, LEFT, NumberAxis
from gui.views.widgets.elided_combo import ElidedCombo

STUDY = """\
title = "three designs"
[base.topology]
name = "leaf_spine"
leaves = 4
spines = 2
hosts_per_leaf = 4
[base.workload]
name = "uniform"
[base.design]
switch = "switch_51t2"
host_link = "aec_800g"
[base.failures]
samples = 20
[[case]]
name = "LPO"
design.optics = "lpo_800g_dr8"
[[case]]
name = "retimed"
design.optics = "retimed_800g_dr8"
[grid]
"topology.spines" = [2, 4]
"topology.hosts_per_leaf" = [2, 4]
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    from experiments.runner import sweep
    from experiments.study import study_of
    from optinet.toml_source import TomlSource

    folder = tmp_path_factory.mktemp("study") / "runs"
    sweep(study_of(TomlSource.from_text(STUDY, "study")), folder, workers=1)
    return folder


@pytest.fixture
def window(make_window, swept, tmp_path):
    folder = tmp_path / "runs"
    shutil.copytree(swept, folder)
    return make_window(folder)


@pytest.fixture
def chart(window, wait, qtbot):
    """Return a function that shows a chart and returns its view."""

    def chart(name):
        window.panels[name].show()
        qtbot.waitUntil(window.panels[name].widget.isVisible)
        wait(window)
        return window.panels[name].widget

    return chart


SHOWN = ("power", "cost", "latency", "loads", "budget", "availability", "intervals", "pareto", "parallel", "heat_map")


def scene_of(view, x, y):
    return view.plot.getViewBox().mapViewToScene(QPointF(x, y))


def click(qtbot, view, x, y, keys=Qt.KeyboardModifier.NoModifier):
    at = view.plot.mapFromScene(scene_of(view, x, y))
    qtbot.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, keys, at)


def test_every_chart_draws_these_runs_in_the_colors_of_the_theme(window, chart, wait):
    for name in SHOWN:
        view = chart(name)
        assert view.shown.chart is not None, (name, view.shown.message)
        assert view.export().table().count("\n") > 2
        grounds = []
        for theme in ("light", "dark"):
            window.commands.run(f"appearance.{theme}")
            wait(window)
            image = view.plot.grab().toImage()
            grounds.append(image.pixelColor(image.width() - 3, 3))
            assert grounds[-1] == window.theme.canvas
            seen = {
                image.pixelColor(x, y).rgb() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
            }
            assert len(seen) > 8, name
        assert grounds[0] != grounds[1]
    assert window.messages.messages == []
    empty = chart("break_even")
    assert empty.shown.chart is None and "optinet sweep reconfiguration_break_even" in empty.message.text()
    assert empty.export() is None
    asked = []
    window.work.ask_about_study = asked.append
    empty.button.click()
    assert asked == ["reconfiguration_break_even"]


def test_a_point_says_what_it_is_and_a_click_selects_its_run(window, chart, qtbot, wait):
    view = chart("pareto")
    assert view.shown.chart.y_label == "Power, W/endpoint"  # the runs have more or fewer endpoints
    view.choose("y", "network_kw")
    view.choose("scope", "table")
    wait(window)
    points = view.shown.chart
    at = 3
    hit = view.hit(scene_of(view, points.x[at], points.y[at]))
    assert points.labels[at] in hit.text and "Cost, USD/endpoint: " in hit.text and "Power, kW: " in hit.text
    assert view.hit(scene_of(view, points.x[at], points.y.max() * 2)) is None
    window.selection.set([view.shown.keys[0]])
    click(qtbot, view, points.x[at], points.y[at])
    wait(window)
    chosen = window.selection.current
    assert window.selection.keys == (chosen,) and chosen != view.shown.keys[0]
    assert window.session.get(chosen).numbers["network_kw"] == pytest.approx(points.y[at])
    click(qtbot, view, points.x[0], points.y[0], Qt.KeyboardModifier.ControlModifier)
    assert len(window.selection.keys) == 2
    assert {index.row() for index in window.runs.view.selectionModel().selectedRows()} == set(
        window.table.rows_of(window.selection.keys)
    )
    click(qtbot, view, points.x.mean(), 0.0)  # beside everything; Qt remembers the Ctrl key until the next event


def test_the_numbers_of_charts_are_those_in_the_files_and_a_picture_says_what_it_is(window, chart, wait, tmp_path):
    window.selection.set(window.session.keys[:3])
    wait(window)
    files = [h5py.File(key) for key in window.session.keys]
    metric = [
        {
            name: row
            for name, *row in zip(
                f["metrics/name"].asstr()[()], *(f[f"metrics/{c}"][()] for c in ("value", "low", "high")), strict=True
            )
        }
        for f in files
    ]
    power = chart("power")
    for per, name in (
        ("all", "network_kw"),
        ("endpoint", "network_w_per_endpoint"),
        ("delivered", "energy_pj_per_bit"),
    ):
        power.choose("per", per)
        wait(window)
        totals = [total.value for total in power.shown.chart.totals]
        assert totals == pytest.approx([each[name][0] for each in metric[:3]]), per
    pareto = chart("pareto")
    pareto.choose("y", "network_kw")
    wait(window)
    points = pareto.shown.chart
    place = [window.session.keys.index(key) for key in pareto.shown.keys]
    for values, ends, name in (
        (points.x, points.x_ends, "cost_per_endpoint_usd"),
        (points.y, points.y_ends, "network_kw"),
    ):
        assert values.tolist() == [metric[i][name][0] for i in place]
        assert ends.tolist() == [metric[i][name][1:] for i in place]
    assert f"({points.y_ends[2, 0]:.4g} to" in pareto.hit(scene_of(pareto, points.x[2], points.y[2])).text
    loads = chart("loads")
    (left, right), _ = loads.plot.viewRange()
    assert left < 0.0 and right > 100.0  # a load of 50 % is seen to be half, and what does not fit to be beyond
    budget = chart("budget")
    waterfall, found = budget.shown.chart, [g for f in files[:3] for g in f["link_budgets"].values()]
    assert waterfall.worst_margin_db in [g["worst_margin_db"][()] for g in found]
    export = budget.export()
    assert waterfall.designs[0] in export.title and export.size.height() > budget.canvas.height()
    export.write(tmp_path / "budget.svg")
    assert waterfall.title in "".join(ET.parse(tmp_path / "budget.svg").getroot().itertext())
    for file in files:
        file.close()


def test_runs_that_are_no_rivals_and_links_that_do_not_close_are_told(make_window, make_run, wait, qtbot):
    sizes = {"small": (64.0, 800.0, "closes"), "large": (4096.0, 66.7, "infeasible")}
    for name, (endpoints, gbps, verdict) in sizes.items():
        metrics = {"network_kw": endpoints, "endpoints": endpoints, "delivered_gbps_per_endpoint": gbps}
        saving = {"switch": 1000.0 * endpoints + 9000.0, "serdes difference": -9000.0}
        make_run(name, metrics=metrics, verdict=verdict, power_w=saving)
    window = make_window(make_run("other", metrics={}).parent)
    window.selection.set([key for key in window.session.keys if "other" not in key])
    window.panels["power"].show()
    wait(window)
    view = window.panels["power"].widget
    told = "Not like for like: the runs have 64 to 4,096 endpoints and deliver 66.7 to 800 Gb/s per endpoint."
    assert told in view.remark.text()
    assert view.shown.chart.labels == ("large (infeasible)", "small")
    assert view.shown.chart.unit == "W/endpoint"  # a small one always draws less
    view.resize(330, 500)
    view.choose("per", "delivered")
    wait(window)
    label = view.plot.getAxis(BOTTOM).label
    assert label.mapRectToScene(label.boundingRect()).right() <= view.plot.width()
    view.choose("per", "all")
    wait(window)
    assert "SerDes difference: −9 kW" in view.hit(scene_of(view, -4.0, 0)).text  # left of zero, on nothing else
    window.panels["pareto"].show()
    wait(window)
    view = window.panels["pareto"].widget
    view.choose("x", "endpoints")
    wait(window)
    assert view.shown.chart.closes.tolist() == [False, True] and "hollow" in view.legend.text()
    assert "links infeasible" in view.hit(scene_of(view, 4096.0, 4096.0)).text


def test_a_chart_follows_the_filter_and_its_own_choices(window, chart, wait):
    view = chart("heat_map")
    view.choose("x", "topology.spines")
    view.choose("y", "design")
    wait(window)
    assert view.shown.chart.x_ticks == ("2", "4") and view.shown.chart.y_ticks == ("LPO", "retimed")
    window.runs.filter.setText("design:lpo")
    wait(window)
    assert view.shown.chart is None or "design" not in view.shown.chart.y_label
    window.commands.run("copy.heat_map_data")
    wait(window)
    assert QGuiApplication.clipboard().text() == view.export().table()


def test_two_runs_are_compared_line_by_line(window, chart, wait):
    view = chart("compare")
    assert "8 runs are selected: at most four" in view.message.text()
    designs = window.session.frame.texts("design")
    keys = [window.session.keys[designs.index(name)] for name in ("LPO", "retimed")]
    window.selection.set(keys)
    wait(window)
    names = [line.name for line in view.model.comparison.lines]
    assert "design.optics" in names and "network_kw" in names
    rows = list(csv.DictReader(io.StringIO(view.export().table())))
    power = next(row for row in rows if row["name"] == "network_kw")
    values = [window.session.get(key).numbers["network_kw"] for key in keys]
    first, second = view.model.comparison.names
    assert [float(power[first]), float(power[second])] == values and power["unit"] == "kW"
    assert float(power[f"{second}, difference"]) == pytest.approx(values[1] / values[0] - 1)
    low, high = (getattr(window.session.get(keys[1]).run.metrics["network_kw"], end) for end in ("low", "high"))
    assert [float(power[f"{second}, {end}"]) for end in ("low", "high")] == [low, high]
    view.filter.setText("component retimed")
    sources = {view.model.data(view.model.index(row, 4)) for row in range(view.model.rowCount())}
    assert sources and all(text.endswith(")") for text in sources)
    tip = view.model.data(view.model.index(0, 4), Qt.ItemDataRole.ToolTipRole)
    assert tip and tip.partition(":")[0] in view.model.data(view.model.index(0, 4))
    view.filter.setText("metrics network_kw")
    assert view.model.rowCount() == 1
    assert view.model.data(view.model.index(0, 3)).endswith("%)")
    window.selection.set(keys[:1])
    view.filter.clear()
    wait(window)
    held = {(line.part, line.name) for line in view.model.comparison.lines}
    assert {
        ("metrics", "network_kw"),
        ("latency", "propagation"),
        ("cost", "switch"),
        ("scenario", "design.optics"),
    } <= held
    assert view.model.headerData(1, Qt.Orientation.Horizontal) == "What it holds"
    view.filter.setText("metrics network_kw")
    assert " to " in view.model.data(view.model.index(0, 2))


def test_notes_are_written_undone_and_found(window, wait):
    keys = window.table.row_keys[:2]
    window.selection.set(keys)
    window.commands.run("notes.star")
    wait(window)
    window.commands.run("notes.tag")
    wait(window)
    column = {c.id: i for i, c in enumerate(window.table.columns)}
    model = window.runs.model
    assert [model.data(model.index(row, column["star"])) for row in range(3)] == ["★", "★", "☆"]
    assert [model.data(model.index(row, column["tag"])) for row in range(3)] == ["tag", "tag", None]
    assert model.setData(model.index(0, column["tag"]), "tag, final")
    wait(window)
    window.runs.filter.setText("star:yes tag:final")
    wait(window)
    assert window.table.row_keys == keys[:1]
    window.runs.filter.clear()
    for _ in range(3):
        window.commands.run("edit.undo")
        wait(window)
    assert [window.session.get(key).texts["star"] for key in keys] == ["no", "no"]
    assert read_notes(window.session.get(keys[0]).run.path).tags == ()
    model.toggle_star(model.index(0, column["star"]))
    wait(window)
    assert read_notes(window.session.get(keys[0]).run.path).star


def test_a_folder_grows_on_the_screen_as_a_sweep_writes(window, swept, tmp_path, qtbot, wait):
    window.selection.set([window.table.row_keys[5]])
    window.runs.view.scrollToBottom()
    resets = []
    window.runs.model.modelReset.connect(lambda: resets.append(1))
    (tmp_path / "runs" / "part").write_bytes(b"")  # a folder changes without a run
    for file in sorted(swept.glob("*.h5"))[:2]:
        shutil.copy(file, tmp_path / "runs" / f"new-{file.name}")
    qtbot.waitUntil(lambda: window.table.total == 10)
    wait(window)
    assert window.runs.model.rowCount() == 10 and resets == []  # rows are added; nothing else moves
    assert window.table.key(9).split("/")[-1].startswith("new-")
    assert window.selection.keys == (window.table.row_keys[5],)
    (tmp_path / "runs" / window.table.key(9).split("/")[-1]).unlink()
    qtbot.waitUntil(lambda: window.table.total == 9)
    wait(window)


def test_what_a_run_hangs_on_is_worked_out_by_another_process(window, chart, qtbot, wait):
    view = chart("sensitivity")
    assert view.shown.chart is None and view.button.isVisible()
    view.button.click()
    wait(window)
    assert view.button.text() == STOP
    view.button.click()
    wait(window)
    assert view.button.text() != STOP
    view.button.click()
    qtbot.waitUntil(lambda: view.shown.chart is not None)
    strongest = view.shown.chart.drivers[0]
    assert (
        strongest[1] < view.shown.chart.center < strongest[2] or strongest[2] < view.shown.chart.center < strongest[1]
    )
    assert view.hit(scene_of(view, view.shown.chart.center, 0)).text.startswith(strongest[0])


def test_dialogs_show_any_column_and_the_words_of_the_filter(window, wait):
    dialog = window.runs.column_dialog()
    dialog.text.setText("topology spines")
    (item,) = [item for item in dialog._items() if not item.isHidden()]
    item.setCheckState(Qt.CheckState.Checked)
    wait(window)
    column = [c.id for c in window.table.columns].index("topology.spines")
    model = window.runs.model
    assert {model.data(model.index(row, column)) for row in range(8)} == {"2", "4"}
    dialog.reject()
    window.commands.run("edit.filter_help")


def test_the_names_of_many_rows_never_lie_on_each_other(window, chart, wait):
    window.resize(900, 500)
    window.selection.set(window.session.keys)
    wait(window)
    view = chart("power")
    (ticks,) = view.plot.getAxis(LEFT)._tickLevels
    ends = [scene_of(view, 0.0, row).y() for row, _ in ticks]
    assert len(ticks) == len(window.session) == 8
    assert min(abs(b - a) for a, b in pairwise(ends)) >= view.fontMetrics().height()


def test_numbers_on_an_axis_are_written_as_in_the_tables(qtbot):
    axis = NumberAxis(BOTTOM)
    assert axis.tickStrings([0.0, 5000.0, 10000.0], 1.0, 5000.0) == ["0", "5,000", "10,000"]
    assert axis.tickStrings([-0.25, 0.0, 0.25], 1.0, 0.25) == ["−0.25", "0.00", "0.25"]
    axis.setLogMode(x=True, y=False)
    assert axis.tickStrings([-8.0, -7.5, 0.0, 4.0], 1.0, 1.0) == ["10⁻⁸", "", "10⁰", "10⁴"]


@pytest.mark.parametrize("high", [0.014, 1.0, 14.0, 1166.0, 9.9e6])
def test_an_even_axis_has_the_least_round_step_whose_numbers_keep_a_gap(qtbot, high):
    axis = NumberAxis(BOTTOM)
    axis.even = True
    widths = QFontMetricsF(QFont())

    def room(step):
        return step / high * 260.0 - widths.horizontalAdvance(axis.tickStrings([high // step * step], 1.0, step)[0])

    ((step, offset),) = axis.tickSpacing(0.0, high, 260.0)
    assert offset == 0.0 and room(step) >= 8.0 and step <= high
    assert f"{step:e}"[0] in "125" and room(step / 2.5) < 12.5


def test_what_can_be_chosen_takes_a_second_line_where_it_would_be_cut_off(chart):
    view = chart("pareto")
    for width, columns in ((1200, 10), (1000, 8), (500, 4)):
        view.resize(width, 500)
        places = {view.bar.getItemPosition(i)[:2] for i in range(view.bar.count())}
        assert len(places) == 10 and {column for _, column in places} == set(range(columns)), width


def test_a_box_says_by_an_ellipsis_that_its_text_goes_on(qtbot):
    combo = ElidedCombo()
    qtbot.addWidget(combo)
    combo.addItem("Carried by following, share of the demand")
    combo.resize(combo.sizeHint())
    assert combo.shown_text() == combo.currentText()
    combo.resize(combo.width() - 60, combo.height())
    begin, mark = combo.shown_text()[:-1], combo.shown_text()[-1]
    assert mark == "…" and begin and combo.currentText().startswith(begin)
