# SPDX-License-Identifier: Apache-2.0
"""The whole window on real run files."""

from __future__ import annotations

import csv
import errno
import gc
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PyQt6 import sip
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtWidgets import QApplication, QTabBar, QToolButton

from gui.app import install_crash_dialog
from gui.views.window.command_palette import CommandPalette
from gui.views.window.crash_dialog import CrashDialog
from tests.gui.views.conftest import come_to_rest


def plain(action):
    """Return what an entry of a menu says, without the letter that is underlined."""
    return action.text().replace("&", "")


def cell(window, row, column_id):
    column = [column.id for column in window.table.columns].index(column_id)
    return window.runs.model.data(window.runs.model.index(row, column))


def designs(window):
    return [cell(window, row, "design") for row in range(window.runs.model.rowCount())]


def selected_rows(window):
    return sorted({index.row() for index in window.runs.view.selectionModel().selectedRows()})


def test_a_folder_opens_with_its_first_run_drawn_and_those_of_its_workload_compared(window):
    assert designs(window) == ["1b / LPO", "1a / retimed", "3 torus", "3 torus"]
    assert window.fabric_state.scene.key == window.table.row_keys[0]
    assert selected_rows(window) == [0, 1, 2]
    bars = window.panels["power"].widget.shown
    assert bars.chart.labels == ("1b / LPO", "1a / retimed (at risk)", "3 torus")
    assert bars.chart.categories == ("switch", "laser") and bars.remark == "Workload uniform."


def test_a_second_folder_has_its_runs_selected_unless_something_is_chosen_meanwhile(window, make_run, tmp_path, wait):
    for name in ("other", "third"):
        (tmp_path / name).mkdir()
    other = [make_run(f"other/{i}") for i in range(2)]
    make_run("third/0")
    window.open_paths([str(tmp_path / "other")])
    wait(window)
    assert list(window.selection.keys) == [str(path) for path in other]
    assert window.selection.current == str(other[0])
    assert window.runs.view.selectionModel().currentIndex().row() == 4
    window.commands.run("file.reload")
    window.open_paths([str(tmp_path / "third")])
    window.runs.view.selectRow(1)
    wait(window)
    assert (selected_rows(window), len(window.session)) == ([1], 7)


def test_numbers_stand_right_and_sort_as_numbers(window):
    model = window.runs.model
    column = [column.id for column in window.table.columns].index("network_kw")
    right = Qt.AlignmentFlag.AlignRight
    assert model.data(model.index(0, column), Qt.ItemDataRole.TextAlignmentRole) & right == right
    assert model.headerData(column, Qt.Orientation.Horizontal).split() == ["Power", "kW"]
    window.runs.view.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert [cell(window, row, "network_kw") for row in range(4)] == ["90.0", "400.0", "700.0", None]
    # the selection goes with the runs
    assert [window.table.row(row).key[-4:] for row in selected_rows(window)] == ["a.h5", "c.h5", "b.h5"]


def test_selecting_a_row_draws_its_fabric(window, wait):
    window.runs.view.selectRow(2)
    wait(window)
    assert window.selection.keys == (window.table.row_keys[2],)
    assert window.fabric_state.scene.census() == "27 chips, 81 links"
    assert window.panels["power"].widget.shown.chart.labels == ("3 torus",)


def test_a_right_click_offers_what_can_be_done_with_the_selected_runs(window, qtbot):
    window.commands.run("edit.select_all")
    window.commands.run("edit.invert_selection")
    assert not selected_rows(window) and window.selection.current is None
    window.commands.run("edit.invert_selection")
    assert selected_rows(window) == [0, 1, 2, 3]
    view = window.runs.view
    view.customContextMenuRequested.emit(view.visualRect(window.runs.model.index(1, 0)).center())
    menu = QApplication.activePopupWidget()
    offered = {plain(action) for action in menu.actions() if action.isEnabled()}
    assert {"Side by side", "Star", "Add tags…", "Close selected runs"} <= offered
    menu.close()
    panels = window.createPopupMenu()
    assert [plain(action) for action in panels.actions()] == [panel.spec.title for panel in window.panels.values()]
    panels.deleteLater()


def test_python_takes_nothing_for_garbage_that_qt_still_uses(make_window, folder):
    """What Qt has made is known to Python by what is connected to it alone; a function that holds it goes with it."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        window = make_window(folder)
        for panel in window.panels.values():
            panel.show()
        window.commands.run("help.palette")
        window.findChild(CommandPalette).reject()
        QApplication.processEvents()
        gc.collect()
        lost = [each for each in gc.garbage if isinstance(each, sip.simplewrapper) and not sip.isdeleted(each)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert lost == []


def test_the_tabs_of_docks_offer_the_panels_whatever_has_been_collected(window):
    gc.collect()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    bar = next(bar for bar in bars if bar.isVisible())
    bar.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert [plain(action) for action in menu.actions()] == [panel.spec.title for panel in window.panels.values()]
    menu.close()


def test_the_next_window_has_the_docks_of_the_last_and_each_tab_once(make_window, folder, qtbot, settings):
    first = make_window(folder)
    first.panels["failed"].show()
    first.panels["availability"].show()
    first.close()
    second = make_window(folder)
    assert second.panels["failed"].is_in_front and second.panels["availability"].is_in_front

    def tabs():
        bars = second.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return sorted(bar.tabText(i) for bar in bars if bar.isVisible() for i in range(bar.count()))

    docks = sorted(p.spec.title for p in second.panels.values() if p.dock is not None and p.is_open)
    qtbot.waitUntil(lambda: tabs() == docks)
    assert "Failed parts" in docks


def test_a_click_on_a_bar_makes_its_run_the_current_one(window, wait, qtbot):
    chart = window.panels["power"].widget
    at = chart.plot.getViewBox().mapViewToScene(QPointF(100.0, 1.0))
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=chart.plot.mapFromScene(at))
    wait(window)
    assert window.selection.current == window.table.row_keys[1]
    assert len(window.selection.keys) == 3
    assert window.fabric_state.scene.key == window.table.row_keys[1]


def test_the_chart_has_a_color_for_each_category_at_the_place_of_its_value(window):
    chart = window.panels["power"].widget
    chart.repaint()
    image = chart.plot.grab().toImage()
    for kw, row, category in ((30.0, 0, 0), (75.0, 0, 1), (650.0, 1, 0)):
        at = chart.plot.mapFromScene(chart.plot.getViewBox().mapViewToScene(QPointF(kw, row)))
        assert image.pixelColor(at) == window.theme.categories[category]
    at = chart.plot.mapFromScene(chart.plot.getViewBox().mapViewToScene(QPointF(250.0, 0)))  # beside the number
    assert image.pixelColor(at) == window.theme.canvas


def test_the_filter_hides_rows_and_says_what_it_does_not_understand(window, qtbot):
    window.commands.run("edit.filter")
    qtbot.keyClicks(window.runs.filter, "topology:torus")
    assert designs(window) == ["3 torus", "3 torus"]
    assert window.runs.count.text() == "2 of 4 runs"
    window.runs.filter.setText("netwrk_kw<3")
    assert "did you mean 'network_kw'" in window.runs.count.text()
    window.commands.run("edit.clear_filter")
    assert len(designs(window)) == 4 and window.runs.count.text() == "4 runs"


def test_columns_are_chosen_from_a_menu(window):
    menu = window.runs.column_menu()
    by_name = {action.text(): action for action in menu.actions()}
    by_name["File"].trigger()
    by_name["Workload"].trigger()
    shown = [column.id for column in window.table.columns]
    assert "file" in shown and "workload" not in shown
    by_name["Standard columns"].trigger()
    assert [column.id for column in window.table.columns][:3] == ["star", "design", "workload"]
    menu.deleteLater()


def test_what_cannot_be_opened_is_one_line_each_and_the_rest_opens(make_window, folder, tmp_path):
    damaged = tmp_path / "b.h5"
    damaged.write_bytes(damaged.read_bytes()[:3000])
    (tmp_path / "notes.h5").write_text("my notes")
    window = make_window(folder, tmp_path / "gone.h5")
    assert len(designs(window)) == 3
    assert len(window.messages.messages) == 3
    assert all("\n" not in message for message in window.messages.messages)
    assert window.messages.isVisible()
    window.messages.findChild(QToolButton).click()
    assert not window.messages.isVisible()


def test_a_file_that_vanishes_after_opening_gives_a_line(make_window, folder, wait):
    window = make_window(folder / "a.h5", folder / "c.h5")  # of a folder, which is watched, it would go by itself
    (folder / "c.h5").unlink()
    window.runs.view.selectRow(1)
    wait(window)
    assert any("c.h5" in message for message in window.messages.messages)
    assert window.fabric_state.scene is None
    window.runs.view.selectRow(0)
    wait(window)
    assert window.fabric_state.scene is not None


def test_reading_again_finds_new_runs(window, make_run, wait):
    make_run("e", case="new")
    window.commands.run("file.reload")
    wait(window)
    assert designs(window)[-1] == "new"


def test_an_empty_window_says_how_to_begin(make_window):
    window = make_window()
    assert "Ctrl+O" in window.fabric_state.message
    assert not window.actions_["view.fit"].isEnabled()
    assert window.commands.run("view.fit") is False


def test_dropped_files_are_opened(make_window, folder, wait):
    window = make_window()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder / "a.h5")), QUrl("https://example.org/x.h5")])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, mime, left, plain)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, mime, left, plain))
    wait(window)
    assert designs(window) == ["1b / LPO"]


def test_settings_come_back(make_window, folder, settings, wait):
    window = make_window(folder / "a.h5")
    window.commands.run("appearance.dark")
    window.commands.run("color.map_cividis")
    window.commands.run("panel.power")
    window.close()
    again = make_window()
    assert again.session.recent == [str(folder / "a.h5")]
    assert again.appearance == "dark" and again.fabric_state.map_name == "cividis"
    assert not again.panels["power"].is_open
    again.commands.run("file.open_last")
    wait(again)
    assert designs(again) == ["1b / LPO"]


def test_recent_files_are_in_a_menu(window, folder, wait):
    menu = window.actions_.menu("File/Open recent")
    window.commands.run("file.close_all")
    wait(window)
    menu.aboutToShow.emit()
    menu.aboutToShow.emit()
    first = menu.actions()[0]
    assert [plain(action) for action in menu.actions()] == [str(folder), "Most recent", "Clear list"]
    first.trigger()
    wait(window)
    assert len(designs(window)) == 4
    window.session.remember([str(folder / "gone")])
    menu.aboutToShow.emit()
    assert menu.actions()[0].text().endswith("gone (missing)") and not menu.actions()[0].isEnabled()
    window.commands.run("file.close_all")
    window.commands.run("file.open_last")  # of those that are there
    wait(window)
    assert len(designs(window)) == 4


def test_what_holds_no_runs_is_neither_in_the_recent_list_nor_opened_at_the_next_start(window, folder, wait):
    broken = folder / "broken.h5"
    broken.write_bytes(b"not a run file")
    window.open_paths([str(broken), str(folder / "a.h5")])
    wait(window)
    assert window.session.recent == [str(folder / "a.h5"), str(folder)]
    assert str(broken) not in window.opener.paths and "is not a run file" in window.messages.messages[-1]


def test_every_view_is_written_as_picture_and_data_by_the_worker(engine_here, window, tmp_path, wait, qtbot):
    window.work.engine.start_command("a job", tmp_path, ["-c", "import sys; sys.exit('no such thing')"], ["sweep"])
    window.panels["scenario"].show()
    qtbot.waitUntil(lambda: window.panels["scenario"].widget.is_settled)
    window.selection.set(window.table.row_keys[:2])
    wait(window)
    scene = window.fabric_state.scene
    hosts = [node for node in range(scene.n_nodes) if scene.node_names[node].startswith("host")]
    window.fabric_state.set_chosen((hosts[0], hosts[-1]))
    qtbot.waitUntil(lambda: window.fabric_state.trace is not None and not window.work.engine.active)
    window.messages.clear()
    written = set()
    for name, panel in window.panels.items():
        panel.show()
        qtbot.waitUntil(panel.widget.isVisible)
        wait(window)
        if panel.export() is None:  # a chart that these runs have no data for, or circuits that they do not have
            continue
        written.add(name)
        for kind in ("png", "svg", "pdf", "csv"):
            window.dialogs.save = tmp_path / f"export.{name}_{kind}.{kind}"
            assert window.commands.run(f"export.{name}_{kind}"), name
        wait(window)
        png, svg, pdf, data = (
            (tmp_path / f"export.{name}_{kind}.{kind}").read_bytes() for kind in ("png", "svg", "pdf", "csv")
        )
        assert png.startswith(b"\x89PNG"), name
        drawing = ET.fromstring(svg)
        strokes = [part for part in drawing.iter() if part.tag.rpartition("}")[2] in ("text", "path", "polyline")]
        assert len(strokes) > 5, name  # vectors, and no picture of pixels
        assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, name
        rows = list(csv.reader(data.decode().splitlines()))
        assert len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])}, name
    assert {"fabric", "scenario", "runs", "jobs", "paths", "compare", "power", "loads", "pareto"} <= written
    jobs = (tmp_path / "export.jobs_csv.csv").read_text(encoding="utf-8")
    assert "a job,failed" in jobs and "no such thing" in jobs
    scenario = list(csv.DictReader((tmp_path / "export.scenario_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["Value"] for row in scenario if (row["Section"], row["Key"]) == ("Topology", "leaves")] == ["8"]
    hops = list(csv.DictReader((tmp_path / "export.paths_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert sum(float(row["share of the traffic"]) for row in hops if row["hop"] == "1") == pytest.approx(1.0)
    rows = list(csv.reader((tmp_path / "export.runs_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 5 and "Power (kW)" in rows[0]
    arcs = list(csv.DictReader((tmp_path / "export.fabric_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert len(arcs) == 2 * window.fabric_state.scene.n_links
    assert {row["utilization (%)"] for row in arcs} == {"25.0"}
    assert window.messages.messages == []


def test_a_pdf_shows_what_the_view_shows(window, tmp_path, wait):
    window.panels["power"].show()
    wait(window)
    export = window.panels["power"].export()
    export.write(tmp_path / "power.pdf")
    document = QPdfDocument(None)
    assert document.load(str(tmp_path / "power.pdf")) == QPdfDocument.Error.None_
    size = export.size.toSize()
    pictures = [document.render(0, size), export.image(1.0)]
    shares = []
    for picture in pictures:  # the share of each of 8 x 8 fields that is not of the ground
        image = picture.convertToFormat(QImage.Format.Format_RGB32).scaled(size)
        pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
        pixels = pixels.reshape(size.height(), size.width(), 4)[: size.height() // 8 * 8, : size.width() // 8 * 8, :3]
        other = np.abs(pixels.astype(int) - pixels[-1, -1]).sum(axis=2) > 60
        shares.append(other.reshape(8, other.shape[0] // 8, 8, other.shape[1] // 8).mean(axis=(1, 3)))
    assert np.abs(shares[0] - shares[1]).max() < 0.08 and shares[1].max() > 0.16
    document.close()


def test_a_png_has_300_dots_per_inch_and_names_what_it_shows(window, tmp_path, wait):
    window.dialogs.save = tmp_path / "f.png"
    window.commands.run("export.fabric_png")
    wait(window)
    image = QImage(str(tmp_path / "f.png"))
    assert image.width() == pytest.approx(window.fabric.width() * 300 / 96, abs=1)
    assert image.dotsPerMeterX() == pytest.approx(300 / 0.0254, abs=1)
    assert image.text("Title") == "Fabric: 1b / LPO · uniform"


def test_an_export_that_cannot_be_written_is_one_line(window, tmp_path, wait):
    for kind in ("png", "svg", "pdf", "csv"):
        window.dialogs.save = tmp_path / "no such folder" / f"x.{kind}"
        window.commands.run(f"export.fabric_{kind}")
        wait(window)
        (message,) = window.messages.messages
        assert "no such folder" in message and "No such file" in message, kind
        window.messages.clear()


def test_a_full_disk_on_export_is_one_line(window, tmp_path, wait, monkeypatch):
    def full(_path, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    window.dialogs.save = tmp_path / "x.png"
    window.commands.run("export.fabric_png")
    wait(window)
    (message,) = window.messages.messages
    assert "No space left" in message


def test_commands_do_what_they_say(window, wait):
    state = window.fabric_state
    window.commands.run("view.top")
    assert state.camera.elevation_deg == 90 and not state.camera.perspective
    window.commands.run("view.reset")
    assert state.camera.elevation_deg == state.scene.layout.elevation_deg
    zoom = state.camera.zoom
    window.commands.run("view.zoom_in")
    assert state.camera.zoom == pytest.approx(1.25 * zoom)
    window.commands.run("view.fit")
    assert state.camera.zoom == pytest.approx(zoom, rel=1e-3)
    window.commands.run("view.raise")
    assert state.camera.elevation_deg == state.scene.layout.elevation_deg + 7.5
    window.commands.run("view.host_links")
    assert len(state.segments) == 8
    window.commands.run("edit.next_run")
    assert window.selection.current == window.table.row_keys[1]
    window.commands.run("edit.previous_run")
    assert window.selection.current == window.table.row_keys[0]
    window.commands.run("edit.select_all")
    assert selected_rows(window) == [0, 1, 2, 3]
    window.commands.run("copy.runs_data")
    wait(window)
    assert QGuiApplication.clipboard().text().startswith("Star,Design,Workload")
    window.commands.run("copy.fabric_image")
    wait(window)
    assert QGuiApplication.clipboard().image().width() == 2 * window.fabric.width()
    wait(window)


def test_every_action_of_menus_and_toolbar_is_a_command(window):
    titles = {command.title for command in window.commands}
    menus = [action.menu() for action in window.menuBar().actions()]
    seen = []
    while menus:
        for action in menus.pop().actions():
            if action.menu():
                menus.append(action.menu())
            elif not action.isSeparator():
                seen.append(plain(action))
    assert set(seen) <= titles
    assert {command.title for command in window.commands if command.menu} == set(seen)
    assert {plain(action) for action in window.actions_.toolbar.actions() if not action.isSeparator()} <= titles


def test_the_palette_finds_and_runs_a_command(window, qtbot):
    window.commands.run("help.palette")
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.text, "top view")
    assert palette.list.count() == 1
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert window.fabric_state.camera.elevation_deg == 90
    assert not palette.isVisible()


def test_the_palette_does_not_offer_what_cannot_be_done(make_window, qtbot):
    window = make_window()
    window.commands.run("help.palette")
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.text, "fit")
    assert not palette.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.text.setText("")
    first = palette.list.currentRow()
    qtbot.keyClick(palette.text, Qt.Key.Key_Down)
    assert palette.list.currentRow() > first
    palette.reject()


def test_dark_and_light_change_every_view(window, wait):
    window.commands.run("appearance.light")
    wait(window)
    light = window.grab().toImage()
    window.commands.run("appearance.dark")
    wait(window)
    dark = window.grab().toImage()

    def brightness(image):
        points = [(x, y) for x in range(5, image.width(), 37) for y in range(5, image.height(), 29)]
        return np.mean([image.pixelColor(x, y).lightness() for x, y in points])

    assert brightness(dark) < 80 < 180 < brightness(light)
    window.commands.run("appearance.system")
    assert window.appearance == "system"


def test_a_mistake_of_the_program_is_shown_once_and_the_window_stays(window, monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    install_crash_dialog(window)
    for _ in range(2):
        try:
            [].pop()
        except IndexError as error:
            window.jobs.failed.emit(error.with_traceback(None))
    (dialog,) = window.findChildren(CrashDialog)
    assert "IndexError: pop from empty list" in dialog.report and dialog.report.startswith("optinet ")
    dialog.copy()
    assert QGuiApplication.clipboard().text() == dialog.report
    dialog.reject()
    assert window.isVisible()
    assert "IndexError" in capsys.readouterr().err


def test_a_window_at_rest_has_no_running_timer(window, qtbot):
    come_to_rest(qtbot, window)


def test_closing_while_reading_stops_at_once(make_window, folder):
    window = make_window()
    window.open_paths([str(folder)] * 50)
    assert window.jobs.is_busy
    window.close()
    assert not window.jobs.is_busy


def test_closing_the_selected_runs_leaves_the_others(window, wait):
    window.commands.run("file.close_selected")
    wait(window)
    assert designs(window) == ["3 torus"] and window.fabric_state.scene is None
    assert "Select a run" in window.fabric_state.message
    assert "Select runs" in window.panels["power"].widget.message.text()
    window.commands.run("edit.next_run")
    wait(window)
    assert window.fabric_state.scene.census() == "27 chips, 81 links"
