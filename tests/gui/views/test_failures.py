# SPDX-License-Identifier: Apache-2.0
"""Failing parts in a real window: solved in a process, shown, taken back, and kept for each run."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QMenu

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from gui.state.fabric.failed_parts import group_part, links_part, node_part, ocs_part, same_part
from gui.state.fabric.picking import Picked
from gui.state.fabric.quantities import STATE
from gui.views.widgets.watchdog import Watchdog
from tests.support.turns import least

ROW = """
title = "Row"
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 8, links_per_pair = 4}
workload = {name = "uniform"}
design = {switch = "switch_51t2", host_link = "aec_800g", optics = "lpo_800g_dr8"}
"""
# what a leaf sends up, over the 4 links to the spine that is left
HALF = 4 * 800.0 / (8 * 800.0 * 24 / 31)


@pytest.fixture
def row(tmp_path):
    (tmp_path / "row.toml").write_text(ROW)
    path = tmp_path / "row.h5"
    path.write_bytes(evaluation_bytes(evaluate(load_scenario(tmp_path / "row.toml"))))
    return path


def after(window, qtbot, parts):
    """Wait until the loads without some parts are shown."""

    def is_there():
        scene = window.fabric_state.scene
        shown = scene.after.parts if scene.after is not None else ()
        return shown == tuple(parts) and not window.jobs.is_busy

    qtbot.waitUntil(is_there)
    return window.fabric_state.scene


def test_a_failed_spine_is_solved_anew_shown_and_taken_back(make_window, row, qtbot, wait):
    def drive():
        window = make_window(row)
        state, panel = window.fabric_state, window.panels["failed"]
        intact = state.scene
        spine = node_part(intact, intact.node_names.index("spine1"))
        gc.collect()  # what earlier tests have left would be collected in between
        watchdog = Watchdog()
        watchdog.start()
        state.set_chosen((spine.members[0],))
        window.commands.run("view.fail_part")
        assert state.parts == (spine,) and len(state.failed) == 16  # marked at once
        scene = after(window, qtbot, [spine])
        assert scene.after.facts["throughput"] == pytest.approx(HALF)
        up = scene.arc_capacity_gbps > 0
        assert scene.arc_utilization.max() == pytest.approx(1 / HALF) and np.count_nonzero(~up) == 32
        assert np.count_nonzero(scene.link_values[STATE.id] == 3) == 16 and scene.limiting.sum() == 16
        text = panel.widget.text.text()
        assert "Throughput 1.000 to 0.646 of the demand (−35.4 %)" in text and "leaf-spine" in text
        assert [panel.widget.tree.topLevelItem(0).text(i) for i in range(4)] == ["switch spine1", "node", "1", "16"]
        assert "switch spine1,node,1,16" in panel.export().table()
        window.commands.run("edit.undo")
        assert state.parts == () and after(window, qtbot, []) is intact
        window.commands.run("edit.redo")
        after(window, qtbot, [spine])  # from memory
        rack = group_part(intact, int(intact.folds.group[0]))
        window.failures.toggle(rack)
        scene = after(window, qtbot, [spine, rack])
        assert (
            scene.after.facts["lost_endpoints"] == 8 and "8 of 32 endpoints are not served" in panel.widget.text.text()
        )
        window.commands.run("view.mend_all")
        assert after(window, qtbot, []) is intact
        watchdog.stop()
        return watchdog.longest_s

    assert least(drive, 0.05) < 0.05


def test_paths_that_are_traced_anew_leave_the_failed_parts_in_front(engine_here, make_window, row, qtbot, wait):
    window = make_window(row)
    state, names = window.fabric_state, window.fabric_state.scene.node_names
    state.set_chosen((names.index("host0"), names.index("host31")))
    qtbot.waitUntil(lambda: state.trace is not None and window.panels["paths"].is_in_front)
    window.failures.toggle(node_part(state.scene, names.index("leaf0")))
    qtbot.waitUntil(lambda: state.trace is not None and "cuts host0 off from host31" in state.trace.problem)
    wait(window)
    assert window.panels["failed"].is_in_front
    window.commands.run("view.mend_all")


def test_the_cut_that_limits_any_routing_is_proven_and_told(engine_here, make_window, row, qtbot):
    window = make_window(row)
    window.commands.run("view.prove_limit")
    qtbot.waitUntil(lambda: window.fabric_state.scene.after is not None)
    scene = window.fabric_state.scene
    assert scene.after.bound and scene.after.facts["bound"] == pytest.approx(1.0, rel=0.011)
    assert "No routing carries more than 1.0" in window.panels["failed"].widget.text.text()
    assert scene.limiting.any() and scene.limit_text.startswith("limit: ")
    window.commands.run("view.prove_limit")
    assert window.fabric_state.scene is scene.intact


def test_what_the_scenario_says_fails_is_told_on_opening_and_can_be_failed(
    engine_here, make_window, tmp_path, qtbot, wait
):
    group = "failures = {samples = 20, group = {half = {nodes = ['spine1'], fit = 5e3, repair_hours = 4.0}}}"
    (tmp_path / "drawn.toml").write_text(ROW + group)
    (tmp_path / "drawn.h5").write_bytes(evaluation_bytes(evaluate(load_scenario(tmp_path / "drawn.toml"))))
    window = make_window(tmp_path / "drawn.h5")
    state, panel = window.fabric_state, window.panels["failed"]
    assert panel.widget.text.text().count("% of the time") == 3
    window.dialogs.choice = "half"
    window.commands.run("view.fail_named")
    assert [part.title for part in state.parts] == ["group half"] and len(state.failed) == 16
    assert after(window, qtbot, state.parts).after.facts["throughput"] == pytest.approx(HALF)


def test_a_right_click_offers_to_fail_and_to_restore_what_is_there(engine_here, make_window, row, qtbot):
    window = make_window(row)
    state, view = window.fabric_state, window.fabric
    spine = window.fabric_state.scene.node_names.index("spine0")
    at = state.projected()[state.drawing.node_point[spine]]
    for title, parts in (("Fail switch spine0", 1), ("Restore switch spine0", 0)):
        qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(*at.round().astype(int).tolist()))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        next(action for action in menu.actions() if action.text() == title).trigger()
        menu.close()
        assert len(state.parts) == parts


def test_a_run_that_cannot_be_solved_says_so_and_the_marks_stay(engine_here, window, qtbot, wait):
    state = window.fabric_state
    window.failures.pointed = Picked("segment", 0)
    window.commands.run("view.fail_part")
    window.failures.pointed = None
    qtbot.waitUntil(lambda: bool(window.failures.problem))
    assert "scenario has no routing, seed" in window.panels["failed"].widget.text.text()
    assert len(state.failed) == 1 and window.messages.messages == []
    first, second = window.table.row_keys[:2]
    window.selection.set([second])
    wait(window)
    assert state.parts == ()
    window.selection.set([first])
    wait(window)
    assert len(state.parts) == 1


def test_a_run_with_parts_down_shows_them_and_what_the_window_fails_becomes_a_run(
    make_window, row, tmp_path, qtbot, wait
):
    (tmp_path / "down.toml").write_text(f'{ROW}\nfailed = {{nodes = ["spine1"]}}')
    (tmp_path / "down.h5").write_bytes(evaluation_bytes(evaluate(load_scenario(tmp_path / "down.toml"))))
    window = make_window(tmp_path / "down.h5")
    state, panel = window.fabric_state, window.panels["failed"].widget
    own = state.scene
    assert [part.title for part in state.parts] == ["switch spine1"] and len(state.failed) == 16
    assert own.after is None and own.arc_utilization.max() == pytest.approx(1 / HALF)
    assert np.count_nonzero(own.link_values[STATE.id] == 3) == 16
    assert "a fabric without switch spine1" in panel.text.text()
    window.commands.run("copy_as.run_command")
    assert 'nodes = [\n    "spine1",\n]' in QGuiApplication.clipboard().text()

    # pointing at a row marks the part over the picture, selecting it keeps it
    panel.tree.itemEntered.emit(panel.tree.topLevelItem(0), 0)
    assert state.pointed == state.parts
    before = window.fabric.grab().toImage()
    panel.tree.viewportEntered.emit()
    assert state.pointed == ()
    assert window.fabric.grab().toImage() != before
    panel.tree.topLevelItem(0).setSelected(True)
    assert state.pointed == state.parts

    # what is down in the run is restored as anything else is
    window.commands.run("view.mend_all")
    qtbot.waitUntil(lambda: state.scene.after is not None)
    assert state.scene.after.facts["throughput"] == pytest.approx(1.0) and len(state.failed) == 0
    window.commands.run("edit.undo")
    qtbot.waitUntil(lambda: state.scene is own)

    # and what fails besides is solved, copied, and run
    leaf = node_part(own, own.node_names.index("leaf3"))
    window.failures.toggle(leaf)
    after(window, qtbot, [*own.own_parts, leaf])
    window.commands.run("view.copy_failed")
    assert window.work.form.value(("failed", "nodes")) == ["spine1", "leaf3"]
    window.preferences = window.preferences.model_copy(update={"runs_folder": str(tmp_path / "runs")})
    window.commands.run("view.run_failed")
    qtbot.waitUntil(lambda: not window.work.engine.active)
    wait(window)
    assert window.messages.messages == []
    shown = window.fabric_state.scene
    assert shown.run.scenario["failed"] == {"nodes": ["spine1", "leaf3"]} and len(window.session) == 2
    assert shown.run.title == "Row, without switch spine1, switch leaf3" and state.parts == shown.own_parts


def test_side_by_side_each_fabric_shows_its_own_failed_parts(engine_here, make_window, row, tmp_path, qtbot, wait):
    second = tmp_path / "second.h5"
    (tmp_path / "second.toml").write_text(f'{ROW}\nfailed = {{nodes = ["leaf3"]}}')
    second.write_bytes(evaluation_bytes(evaluate(load_scenario(tmp_path / "second.toml"))))
    window = make_window(row, second)
    keys = {str(path.resolve()) for path in (row, second)}
    window.selection.set([str(row.resolve())], str(row.resolve()))
    wait(window)
    spine = node_part(window.fabric_state.scene, window.fabric_state.scene.node_names.index("spine1"))
    window.failures.toggle(spine)
    after(window, qtbot, [spine])
    window.selection.set(sorted(keys), str(second.resolve()))
    window.commands.run("view.side_by_side")
    wait(window)
    main, beside = window.panels["fabric"].widget.linked.states
    qtbot.waitUntil(lambda: beside.scene is not None and beside.scene.after is not None)
    assert [part.title for part in main.parts] == ["switch leaf3"] and beside.parts == (spine,)
    assert len(main.failed) == len(beside.failed) == 16
    assert beside.scene.after.facts["throughput"] == pytest.approx(HALF) and main.scene.after is None
    # what has failed in the one fails in the other by its name, and is taken back in one step
    window.commands.run("view.fail_beside")
    assert {part.title for part in beside.parts} == {"switch spine1", "switch leaf3"}
    assert main.parts == main.scene.own_parts and not window.commands["view.fail_beside"].enabled_when()
    window.commands.run("edit.undo")
    assert beside.parts == (spine,)
    link = links_part(main.scene, np.array([32, 33]))  # of the four links of a pair
    assert same_part(main.scene, beside.scene, link) == link
    assert same_part(main.scene, beside.scene, ocs_part(0)) is None
