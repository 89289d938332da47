# SPDX-License-Identifier: Apache-2.0
"""The whole window on real run files."""

from __future__ import annotations

import gc
import sys

from PyQt6 import sip
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt6.QtWidgets import QApplication, QToolButton

from gui.app import install_crash_dialog
from gui.views.window.command_palette import CommandPalette
from gui.views.window.crash_dialog import CrashDialog
from tests.gui.views.conftest import come_to_rest
from tests.support.reading_window import cell, designs, selected_rows


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
    assert [cell(window, row, "network_kw") for row in range(4)] == ["90.0", "400.0", "700.0", "–"]
    # the selection goes with the runs
    assert [window.table.row(row).key[-4:] for row in selected_rows(window)] == ["a.h5", "c.h5", "b.h5"]


def test_selecting_a_row_draws_its_fabric(window, wait):
    window.runs.view.selectRow(2)
    wait(window)
    assert window.selection.keys == (window.table.row_keys[2],)
    assert window.fabric_state.scene.census() == "27 chips, 81 links"
    assert window.panels["power"].widget.shown.chart.labels == ("3 torus",)


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
