# SPDX-License-Identifier: Apache-2.0
"""Journeys in the fabric view: compare, search, trace, circuits, and how long the window is ever busy."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import QApplication

from gui.state.fabric.paths import trace
from gui.state.fabric.reconfiguration import around_ocs
from gui.views.fabric.legends import keys
from gui.views.fabric.range import RangeDialog
from gui.views.widgets.watchdog import Watchdog
from tests.support.turns import least

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MESH = {"blocks": 6, "hosts_per_block": 2, "uplinks_per_block": 10}


def click(view, node, double=False):
    at = QPointF(*view.state.projected()[view.state.drawing.node_point[node]])
    kinds = QMouseEvent.Type
    first = kinds.MouseButtonDblClick if double else kinds.MouseButtonPress
    for kind, buttons in ((first, LEFT), (kinds.MouseButtonRelease, Qt.MouseButton.NoButton)):
        QApplication.sendEvent(view, QMouseEvent(kind, at, view.mapToGlobal(at), LEFT, buttons, PLAIN))


def keys_of(window):
    return {key.name for key in keys(window.fabric_state, window.theme)}


@pytest.fixture
def window(make_window, make_run):
    pods = [make_run(f"fat{k}", topology="fat_tree", parameters={"k": k}, utilization=k / 10) for k in (4, 6)]
    return make_window(*pods, make_run("mesh", topology="ocs_mesh", parameters=MESH))


def test_two_clicks_trace_the_paths_and_they_can_be_copied(window, wait, qtbot):
    click(window.fabric, 0)
    assert "host0" in window.panels["paths"].widget.title.text()
    click(window.fabric, 15)
    qtbot.waitUntil(lambda: window.fabric_state.trace is not None)
    panel = window.panels["paths"].widget
    assert panel.tree.topLevelItemCount() == 4  # from pod to pod of a k = 4 fat tree
    assert panel.tree.topLevelItem(0).childCount() == 6
    panel.tree.topLevelItem(1).setExpanded(True)
    hops = window.fabric_state.trace.paths[1].hops
    assert [panel.tree.topLevelItem(1).child(row).text(0) for row in range(6)] == [hop.cells()[0] for hop in hops]
    panel.tree.setCurrentItem(panel.tree.topLevelItem(2))
    assert window.fabric_state.path_shown == 2
    window.commands.run("paths.copy")
    assert QGuiApplication.clipboard().text().startswith("host0 to host15, routing ecmp")
    window.commands.run("view.clear_marks")
    assert window.fabric_state.trace is None and panel.tree.topLevelItemCount() == 0
    wait(window)


def test_a_double_click_folds_a_pod(window, wait):
    click(window.fabric, 0, double=True)
    wait(window)
    assert len(window.fabric_state.folded) == 1
    window.commands.run("view.fold_all")
    window.commands.run("view.unfold_all")
    assert not window.fabric_state.folded


def test_runs_stand_side_by_side_and_are_exported_together(window, wait, tmp_path):
    keys = window.table.row_keys
    window.selection.set(keys, keys[0])
    window.commands.run("view.side_by_side")
    wait(window)
    pane = window.panels["fabric"].widget
    assert [view.state.scene.key for view in pane.views] == list(keys)
    assert {view.state.scale.high for view in pane.views} == {100.0}
    pane.views[2].state.orbit(15, 0)
    assert len({view.state.camera.azimuth_deg for view in pane.views}) == 1
    wait(window)
    shown = pane.export()
    shown.write(tmp_path / "all.csv")
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["run"] for row in rows} == {view.state.scene.title for view in pane.views}
    image = shown.image(1.0)
    places = [view.geometry().center() for view in pane.views]
    assert image.width() == pane.width() and len(places) == 3
    window.commands.run("view.side_by_side")
    wait(window)
    assert len(pane.views) == 1


def test_the_search_line_marks_what_it_finds_and_goes_on(window, wait, qtbot):
    window.commands.run("view.search")
    bar = window.panels["fabric"].widget.search
    qtbot.keyClicks(bar.text, "core")
    assert len(window.fabric_state.found) == 4 and bar.count.text() == "1 of 4: core0"
    qtbot.keyClick(bar.text, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 4: core1"
    bar.text.setText("nothing like it")
    assert bar.count.text() == "no node is called so" and not window.fabric_state.found
    qtbot.keyClick(bar.text, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    wait(window)


def test_links_are_chosen_by_class_and_value_and_looked_at_one_by_one(window, wait, tmp_path):
    state, panel = window.fabric_state, window.panels["links"]
    panel.show()
    wait(window)
    widget = panel.widget
    # k = 4: 16 links each of hosts, leaves and cores, all alike
    assert list(widget.classes) == list(state.scene.class_names) and len(widget.links) == 48
    hosts = next(iter(widget.classes))
    widget.classes[hosts].click()
    assert state.n_links_shown == 32 and widget.tree.topLevelItemCount() == 32
    wait(window)
    assert "32 links drawn" in widget.title.text()
    widget.bounded.click()  # at 80 % of the range, where no link is
    assert state.n_links_shown == 0 and "No link" in widget.title.text()
    widget.bound.setValue(30.0)
    assert state.n_links_shown == 32
    window.commands.run("links.next")
    window.commands.run("links.next")
    link = widget.links[1].arc // 2
    assert state.pointed[0].members == (link,) and widget.tree.currentItem().text(0) == widget.links[1].cells()[0]
    panel.export().write(tmp_path / "links.csv")
    rows = list(csv.DictReader((tmp_path / "links.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 32 and float(rows[0]["utilization (%)"]) == pytest.approx(40)
    # heads stand over their numbers, all of the width is used, and what the run does not say is a dash that says so
    tree, head = widget.tree, widget.tree.headerItem()
    assert all(head.textAlignment(i) == tree.topLevelItem(0).textAlignment(i) for i in range(2, 7))
    assert sum(tree.columnWidth(i) for i in range(7)) == tree.viewport().width()
    assert tree.topLevelItem(0).text(3) == "–" and "does not say" in tree.topLevelItem(0).toolTip(3)
    window.commands.run("links.all")
    assert state.n_links_shown == 48 and widget.classes[hosts].isChecked() and not widget.bounded.isChecked()
    window.selection.set([window.table.row_keys[2]])
    wait(window)
    assert list(widget.classes) == list(state.scene.class_names) and state.pointed == ()


def test_the_circuits_of_a_device_are_shown_and_a_reconfiguration_is_played(window, wait, qtbot):
    window.selection.set([window.table.row_keys[2]])
    wait(window)
    panel = window.panels["ocs"]
    panel.show()
    widget = panel.widget
    scene = window.fabric_state.scene
    circuits = int((scene.plant.circuit_ocs == 0).sum())
    assert len(widget.view.matrix.ports) == circuits and f"{circuits} circuits" in widget.summary.text()
    area, cell = widget.view.picture().area(widget.view.size().toSizeF())
    a, b = widget.view.matrix.ports[0]
    found = widget.view.circuit_at(QPointF(area.left() + (a + 0.5) * cell, area.top() + (b + 0.5) * cell))
    assert found == 0
    assert panel.export().table().count("\n") == circuits + 1
    widget.target.setCurrentIndex(1)
    widget.target.activated.emit(1)
    qtbot.waitUntil(lambda: widget.playback is not None, timeout=10_000)
    window.commands.run("ocs.step")
    assert widget.told.text().startswith(f"Step 1 of {widget.playback.n_steps - 1} around OCS 0. ")
    assert widget.at == 1 and len(window.fabric_state.dark_links) > 0
    for _ in range(4):
        window.commands.run("ocs.faster")
    window.commands.run("ocs.play")
    qtbot.waitUntil(lambda: widget.at == widget.playback.n_steps - 1 and not widget._timer.isActive())
    assert len(window.fabric_state.dark_links) == widget.playback.parts[1].sum()
    assert widget.target.currentText() == "Reconfigure around OCS 0, failed" and "dark circuit" in keys_of(window)
    window.selection.set([window.table.row_keys[0]])
    wait(window)
    assert widget.told.text() == ""
    window.selection.set([window.table.row_keys[2]])
    wait(window)
    assert widget.told.text() == ""  # nor is it told of the fabric that has another playback
    widget.set_playback(around_ocs(scene, 0))
    widget.step(1)
    widget.target.activated.emit(0)
    assert widget.playback is None and not len(window.fabric_state.dark_links) and widget.told.text() == ""


def test_another_layout_keeps_what_is_chosen_and_failed_and_another_run_does_not(window, wait):
    state = window.fabric_state
    state.set_chosen((0,))
    window.commands.run("view.fail_part")
    before = state.scene.layout.xyz.copy()
    window.commands.run("layout.floor")
    wait(window)
    assert state.scene.style == "floor" and not np.array_equal(state.scene.layout.xyz, before)
    assert state.chosen == (0,) and state.failed.tolist() == [0]
    window.selection.set([window.table.row_keys[1]])
    wait(window)
    assert state.chosen == () and not len(state.failed)


def test_a_range_is_typed_and_what_is_none_is_refused(window, wait):
    window.commands.run("color.range")
    (dialog,) = window.findChildren(RangeDialog)
    for low, high, word in (("a", "2", "numbers"), ("5", "2", "below")):
        dialog.low.setText(low)
        dialog.high.setText(high)
        dialog.accept()
        assert word in dialog.problem.text() and dialog.isVisible()
    dialog.low.setText("10")
    dialog.high.setText("60")
    dialog.accept()
    assert (window.fabric_state.scale.low, window.fabric_state.scale.high) == (10, 60)
    assert window.fabric_state.scale_locked
    wait(window)


def test_at_ten_thousand_nodes_the_window_is_never_busy_for_long(make_window, make_run, wait, qtbot):
    used = np.linspace(0, 1, 2 * 3 * 22 * 22 * 21)
    big = str(make_run("big", topology="torus", parameters={"dims": (22, 22, 21)}, utilization=used))
    small = str(make_run("small", topology="torus", parameters={"dims": (3, 3, 2)}))

    def drive():
        window = make_window(small, big)
        window.selection.set([small])
        wait(window)
        trace(window.fabric_state.scene, 0, 1, ())  # so that no kernel is compiled while the time is taken
        watchdog = Watchdog()
        watchdog.start()

        def rest():
            wait(window)
            qtbot.wait(30)  # a user's next act is in no turn of the last one

        window.selection.set([big])
        rest()
        assert window.fabric_state.scene.n_nodes == 10_164
        for _ in range(5):
            window.fabric_state.orbit(4, 1)
            QApplication.processEvents()
        rest()
        window.panels["links"].show()
        rest()
        window.fabric_state.set_link_filter(bound=50.0)
        rest()
        window.commands.run("links.next")
        rest()
        window.fabric_state.set_chosen((0, 5000))
        qtbot.waitUntil(lambda: window.fabric_state.trace is not None)
        rest()
        watchdog.stop()
        return watchdog.longest_s

    assert least(drive, 0.05) < 0.05
