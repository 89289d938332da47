# SPDX-License-Identifier: Apache-2.0
"""The fabric view in a real window: colors at the right pixels, mouse, hovering, sampling, slices."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication

from gui.state.fabric.colormap import ColorScale
from gui.state.fabric.failed_parts import node_part
from gui.state.fabric.quantities import UTILIZATION
from gui.views.fabric import legends
from gui.views.fabric.names import _places
from gui.views.widgets.exporting import ViewExport

SHAPE = {"leaves": 3, "spines": 2, "hosts_per_leaf": 2}
HOT_LINK = 7  # the second uplink of leaf 0
N_ARCS = 2 * (6 + 6)
LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
SHIFT, PLAIN = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


def mouse(view, kind, at, button=NONE, buttons=NONE, keys=PLAIN):
    position = QPointF(*at)
    event = QMouseEvent(kind, position, view.mapToGlobal(position), button, buttons, keys)
    QApplication.sendEvent(view, event)


def drag(view, start, end, button=LEFT, keys=PLAIN):
    mouse(view, QMouseEvent.Type.MouseButtonPress, start, button, button, keys)
    mouse(view, QMouseEvent.Type.MouseMove, end, NONE, button, keys)
    mouse(view, QMouseEvent.Type.MouseButtonRelease, end, button, NONE, keys)


def hover(view, at):
    mouse(view, QMouseEvent.Type.MouseMove, at)


@pytest.fixture
def view(make_run, make_window):
    used = np.zeros(N_ARCS)
    used[2 * HOT_LINK : 2 * HOT_LINK + 2] = 0.95, 0.2
    return make_window(make_run("hot", parameters=SHAPE, utilization=used)).fabric


def middle(view, link, share=0.5):
    scene = view.state.scene
    start, end = view.state.projected()[scene.link_ends[link]]
    return start + share * (end - start)


def color_near(image, at, wanted):
    """Return the smallest distance in any channel between the wanted color and the pixels about a place."""
    ratio = image.devicePixelRatio()
    best = 255
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            pixel = image.pixelColor(int(at[0] * ratio) + dx, int(at[1] * ratio) + dy)
            gaps = (pixel.red() - wanted.red(), pixel.green() - wanted.green(), pixel.blue() - wanted.blue())
            best = min(best, max(map(abs, gaps)))
    return best


def test_links_have_the_color_of_their_utilization_at_their_middle(view):
    image = view.grab().toImage()
    colors = view.theme.colors("viridis")
    # 95 % of the range 0 to 100 % is color 60 of 64
    assert color_near(image, middle(view, HOT_LINK), colors[60]) < 30
    for cold in (0, 5, 6, 11):
        assert color_near(image, middle(view, cold, 0.4), colors[0]) < 30
        assert color_near(image, middle(view, cold, 0.4), colors[60]) > 60


def test_the_color_bar_runs_from_the_lowest_color_to_the_highest(view):
    image = view.grab().toImage()
    colors = view.theme.colors("viridis")
    column = image.width() / image.devicePixelRatio() - 20
    rows = [y for y in range(view.height()) if color_near(image, (column, y), colors[63]) < 12]
    lows = [y for y in range(view.height()) if color_near(image, (column, y), colors[0]) < 12]
    assert rows and lows and max(rows) < min(lows)


def test_hovering_a_link_tells_its_name_and_both_directions_with_units(view, qtbot):
    with qtbot.waitSignal(view.hovered_text) as told:
        hover(view, middle(view, HOT_LINK))
    text = told.args[0]
    assert "leaf0 – spine1" in text
    assert "to spine1: 95.0 %, 760 of 800 Gb/s" in text and "to leaf0: 20.0 %, 160 of 800 Gb/s" in text
    before = view.grab().toImage()
    hover(view, (3, 3))
    assert view.state.hovered is None
    assert view.grab().toImage() != before


def test_hovering_a_node_tells_its_name_and_the_mouse_leaving_ends_it(view, qtbot):
    leaf = 6
    with qtbot.waitSignal(view.hovered_text) as told:
        hover(view, view.state.projected()[leaf])
    assert told.args[0].startswith("leaf0   switch, tier 1, rack 0, 4 links")
    QApplication.sendEvent(view, QMouseEvent(QMouseEvent.Type.Leave, QPointF(), NONE, NONE, PLAIN))
    assert view.state.hovered is None


def test_dragging_orbits_and_shift_or_the_middle_button_pans(view):
    camera = view.state.camera
    drag(view, (200, 200), (240, 220))
    turned = view.state.camera
    assert turned.azimuth_deg == pytest.approx(camera.azimuth_deg - 14)
    assert turned.elevation_deg == pytest.approx(camera.elevation_deg + 7)
    assert turned.target == camera.target
    for button, keys in ((LEFT, SHIFT), (MIDDLE, PLAIN)):
        before = view.state.camera
        drag(view, (200, 200), (240, 220), button, keys)
        assert view.state.camera.azimuth_deg == before.azimuth_deg
        assert view.state.camera.target != before.target


def test_the_wheel_zooms_about_the_pointer(view):
    at = middle(view, HOT_LINK)
    zoom = view.state.camera.zoom
    turn = QWheelEvent(
        QPointF(*at),
        view.mapToGlobal(QPointF(*at)),
        QPoint(),
        QPoint(0, 120),
        NONE,
        PLAIN,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, turn)
    assert view.state.camera.zoom == pytest.approx(zoom * 1.0015**120)
    assert middle(view, HOT_LINK) == pytest.approx(at, abs=12)


def test_moving_draws_at_once_and_rest_draws_all_of_it_smoothly(view, wait):
    view.state.orbit(20, 0)
    assert not view.is_complete
    view.repaint()
    wait(view.window())
    rested = view.grab().toImage()
    view.redraw()
    view.finish()
    assert view.grab().toImage() == rested


def test_a_slow_machine_draws_a_sample_while_moving_and_says_so(view, make_run, wait):
    window = view.window()
    big = make_run("big", topology="torus", parameters={"dims": (12, 12, 12)}, utilization=0.5)
    window.open_paths([str(big)])
    wait(window)
    window.selection.set([str(big)])
    wait(window)
    view._seconds_per_item = 1e-5
    view.state.orbit(10, 0)
    view.repaint()
    assert view.badge.startswith("drawing ") and view.badge.endswith(" of 5,184 links")
    drawn = int(view.badge.split()[1].replace(",", ""))
    assert 100 < drawn < 1000
    wait(window)
    assert view.badge == ""


def test_movement_drops_the_resting_image_that_is_being_painted(view):
    view._rest()
    assert view._pending
    view.state.orbit(1, 0)
    assert not view._pending and not view.is_complete
    view.finish()
    assert view.is_complete


def test_nothing_ticks_when_all_is_drawn(view, qtbot):
    qtbot.waitUntil(lambda: not view._slice_timer.isActive())
    assert not view._rest_timer.isActive()


def test_the_export_holds_the_fabric_with_its_color_bar(view, tmp_path):
    export = view.export()
    for kind in ("png", "svg"):
        export.write(tmp_path / f"fabric.{kind}")
    image = export.image()
    assert image.width() == 2 * view.width()
    hot = view.theme.colors("viridis")[60]
    assert color_near(image, middle(view, HOT_LINK), hot) < 30
    svg = (tmp_path / "fabric.svg").read_text(encoding="utf-8")
    assert hot.name() in svg and "Link utilization" in svg and "% of capacity" in svg
    assert (tmp_path / "fabric.png").read_bytes().startswith(b"\x89PNG")


def test_names_are_written_of_groups_and_of_what_forwards(view, tmp_path):
    def written():
        view.export().write(tmp_path / "names.svg")
        text = (tmp_path / "names.svg").read_text(encoding="utf-8")
        return {name for name in (*view.state.scene.folds.names, *view.state.scene.node_names) if f">{name}</" in text}

    assert not written()
    view.window().commands.run("view.names")
    assert {"rack 1", "leaf0", "leaf2", "spine0"} <= written() and "host0" not in written()
    view.window().commands.run("view.names")
    view.window().commands.run("view.fold_all")
    assert written() == set(view.state.scene.folds.names)


@pytest.mark.parametrize("dots_per_px", [1.0, 2.0, 300 / 96])
def test_text_is_as_large_in_an_image_as_on_the_screen(qapp, dots_per_px):
    heights = []

    def paint(painter):
        heights.append(painter.fontMetrics().height())

    ViewExport("", QSizeF(40, 20), QColor("white"), paint, str).image(dots_per_px)
    assert heights == [pytest.approx(QFontMetrics(qapp.font()).height(), abs=1)]


def test_another_quantity_colors_the_links_anew(view):
    before = view.grab().toImage()
    window = view.window()
    window.commands.run("color.by_length")
    assert view.state.quantity.unit == "m"
    view.finish()
    image = view.grab().toImage()
    assert image != before
    # uplinks are 50 m, the longest; host links are 3 m
    assert color_near(image, middle(view, HOT_LINK), view.theme.colors("viridis")[63]) < 30
    assert view.state.scene.link_values[UTILIZATION.id].max() == pytest.approx(95)


def test_a_group_alone_is_drawn_with_what_it_is_joined_to_and_picked_and_marked_alone(view, make_run, wait):
    window, state = view.window(), view.state
    path = str(make_run("pod", topology="tpu_pod", parameters={"cubes": (3, 1, 1), "cube_side": 2}))
    window.open_paths([path])
    wait(window)
    window.selection.set([path])
    wait(window)
    window.dialogs.choice = "cube 1"
    window.commands.run("view.isolate_named")
    wait(window)
    group = state.scene.folds.group
    # cube 1 has 12 links inside, 4 to each of its neighbors, and 4 wraps along y and z of which each end is its own
    assert state.n_links_shown == 12 + 2 * 4 + 2 * 4
    drawn = np.flatnonzero(state.drawn_points)
    assert (group[drawn] == 1).sum() == 8 and len(drawn) == 16  # with the faces of its neighbors
    far = int(np.flatnonzero(group == 0)[0])
    assert not state.drawn_points[far]
    assert view.pick(*state.projected()[far]) is None
    state.set_limit_shown(True)
    marked = {int(link) for link in state.of_group(np.arange(state.scene.n_links))}
    assert marked == set(np.flatnonzero((group[state.scene.link_ends] == 1).any(axis=1)).tolist())
    window.commands.run("view.isolate_next")
    assert state.link_filter.group == "cube 2"
    window.commands.run("view.isolate_none")
    assert state.drawn_points is None and state.n_links_shown == state.scene.n_links


def test_the_legend_tells_of_what_is_in_the_picture_alone(view):
    def told():
        return [key.name for key in legends.keys(view.state, view.theme)]

    assert told() == ["host", "switch"]
    view.state.set_limit_shown(True)
    view.window().failures.toggle(node_part(view.state.scene, 6))
    assert told() == ["host", "switch", "failed node", "limits", "failed"]
    view.window().commands.run("view.mend_all")


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(-0.58, 0.98, [-0.58, 0.0, 0.5, 0.98]), (0.0, 13.1, [0.0, 5, 10, 13.1]), (2.0, 9.0, [2.0, 4, 6, 8, 9.0])],
)
def test_the_color_bar_marks_its_threshold_where_it_holds_it(low, high, wanted):
    assert legends._ticks(ColorScale(low, high), 0.0, 17.0) == pytest.approx(wanted)


def test_names_of_a_ring_are_even_and_clear_of_each_other():
    angle = 2 * np.pi * np.arange(64) / 64
    at = np.column_stack((460 + 240 * np.cos(angle), 320 + 130 * np.sin(angle)))
    texts, wide = tuple(f"block {i}" for i in range(64)), (48.0,) * 64
    placed = _places(at.tobytes(), texts, wide, (930.0, 500.0, 15.0), (460.0, 320.0))
    numbers = [number for number, *_ in placed]
    assert len(numbers) >= 8 and len(set(np.diff(numbers))) == 1
    corners = np.array([place for _, *place in placed])
    apart = np.abs(corners[:, None] - corners[None])
    assert ((apart[..., 0] >= 48) | (apart[..., 1] >= 15) | np.eye(len(placed), dtype=bool)).all()
