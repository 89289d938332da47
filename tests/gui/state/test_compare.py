# SPDX-License-Identifier: Apache-2.0
"""Views side by side share camera, quantity and color range; fabrics of different size each fill their view."""

from __future__ import annotations

import pytest

from gui.state.fabric.colormap import ColorScale
from gui.state.fabric.linked_views import LinkedViews
from gui.state.fabric.quantities import LOAD
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import read_entry
from optinet.results import open_run


@pytest.fixture
def linked(make_run):
    views = LinkedViews(FabricViewState())
    views.set_count(2)
    for state, dims, used in zip(views.states, ((3, 3, 3), (6, 6, 6)), (0.4, 2.0), strict=True):
        state.resize(600, 500)
        path = make_run(str(dims[0]), topology="torus", parameters={"dims": dims}, utilization=used)
        state.show(scene_of(read_entry(open_run(path))))
    return views


def test_the_color_range_holds_the_values_of_all(linked):
    assert [state.scale.high for state in linked.states] == pytest.approx([200, 200])
    linked.states[1].set_quantity(LOAD)
    assert [state.quantity for state in linked.states] == [LOAD, LOAD]
    assert linked.states[0].scale == linked.states[1].scale
    linked.states[0].set_range(0, 5000)
    assert linked.states[1].scale == ColorScale(0, 5000) and linked.states[1].scale_locked
    linked.states[0].set_scale_locked(False)
    linked.set_count(1)
    assert linked.states[0].scale.high == pytest.approx(linked.states[0].values.max())


def test_one_camera_moves_all(linked):
    one, two = linked.states
    two.orbit(30, 10)
    assert (one.camera.azimuth_deg, one.camera.elevation_deg) == (two.camera.azimuth_deg, two.camera.elevation_deg)
    before = one.camera.zoom / two.camera.zoom
    one.zoom(3.0)
    assert one.camera.zoom / two.camera.zoom == pytest.approx(before)
    one.fit()
    for state in linked.states:
        xy = state.projected()
        assert (xy >= 0).all() and (xy <= (600, 500)).all()
    one.top()
    assert two.camera.elevation_deg == 90 and not two.camera.perspective


def test_a_fabric_that_comes_beside_is_looked_at_as_the_others_are(linked):
    main, beside = linked.states
    main.orbit(40, 10)
    main.zoom(2.0)
    main.set_range(0, 7)
    before, scene = main.camera, beside.scene
    linked.set_count(1)
    linked.set_count(2)
    linked.show(1, scene)
    shown = linked.states[1]
    assert main.camera == before and shown.scale == ColorScale(0, 7)
    assert (shown.camera.azimuth_deg, shown.camera.elevation_deg) == (before.azimuth_deg, before.elevation_deg)


def test_there_are_one_to_four_views(linked):
    linked.set_count(9)
    assert len(linked.states) == 4
    linked.set_count(0)
    assert len(linked.states) == 1
    linked.states[0].orbit(5, 0)
