# SPDX-License-Identifier: Apache-2.0
"""Which links are drawn and which stand out: classes, bounds, ties, folds, and colors that stay."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gui.state.fabric.links_shown import ranked
from gui.state.fabric.picking import Picked
from gui.state.fabric.quantities import LINK_CLASS, LOAD, MARGIN, UTILIZATION
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import read_entry
from optinet.results import open_run

# links: 4 of hosts, then leaf0 - spine twice, leaf1 - spine twice
SHAPE = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}
FULLER_ARC = {0: 1, 4: 9, 5: 10, 7: 14}
USED = {1: 0.3, 8: 0.2, 9: 0.4, 10: 0.9, 11: 0.5, 14: 0.9, 15: 0.1}


@pytest.fixture
def state(make_run):
    used = np.zeros(16)
    used[list(USED)] = list(USED.values())
    scene = scene_of(read_entry(open_run(make_run("run", parameters=SHAPE, utilization=used))))
    margin = np.array([np.nan, 5.0, 5.0, 5.0, 2.0, 1.0, 2.0, 3.0])
    state = FabricViewState()
    state.show(dataclasses.replace(scene, link_values={**scene.link_values, MARGIN.id: margin}))
    return state


def drawn(state):
    links = [link for segment in state.segments for link in state.drawing.links_of(segment).tolist()]
    return sorted(link for link in links if state.drawn_links is None or state.drawn_links[link])


def test_links_are_drawn_by_class_and_from_a_value_on_in_colors_that_stay(state):
    state.set_scale_stretched(True)
    scale = state.scale
    state.set_link_filter(bound=35.0)
    assert drawn(state) == [4, 5, 7] and state.n_links_shown == 3 and state.scale == scale
    assert state.link_filter.words(UTILIZATION) == "from 35 % of capacity"
    # link 4 is drawn on the line it shares with 5; of a line with one link drawn the other is not spoken of
    state.set_link_filter(bound=50.0)
    assert drawn(state) == [5, 7] and state.n_links_shown == 2
    (segment,) = state.drawing.segments_of(np.array([4]))
    assert not any("parallel" in line for line in state.describe(Picked("segment", int(segment))))
    state.set_link_filter(hidden_classes=frozenset({state.scene.class_names[1]}))
    assert drawn(state) == [] and state.n_links_shown == 0
    state.set_link_filter(bound=None)
    assert drawn(state) == [0, 1, 2, 3] and state.scale == scale
    assert state.link_filter.words(UTILIZATION) == f"without {state.scene.class_names[1]}"


def test_a_bound_on_margins_leaves_the_low_ones_and_is_let_go_of_with_its_quantity(state):
    state.set_quantity(MARGIN)
    state.set_link_filter(bound=2.0)
    assert drawn(state) == [4, 5, 6]  # a link without a margin is neither low nor high
    state.set_quantity(LOAD)
    assert drawn(state) == list(range(8)) and state.drawn_links is None


def test_a_folded_line_has_the_value_of_what_is_drawn_of_it(state):
    state.fold_all(True)
    state.set_link_filter(bound=85.0)
    assert state.n_links_shown == 2 and np.nanmax(state.values) == pytest.approx(90)
    state.set_link_filter(bound=None, hidden_classes=frozenset(state.scene.class_names))
    assert np.isnan(state.values).all() and not len(state.segments)


def test_links_are_ranked_by_what_colors_show_in_their_fuller_direction(state):
    scene = state.scene
    hops = ranked(scene, UTILIZATION, None)
    assert [hop.arc for hop in hops[:4]] == [FULLER_ARC[link] for link in (5, 7, 4, 0)] and len(hops) == 8
    assert (hops[0].tail, hops[0].head) == ("leaf0", "spine0") and hops[0].utilization == pytest.approx(0.9)
    assert [hop.arc // 2 for hop in ranked(scene, UTILIZATION, None, most=1)] == [5]  # of two alike the first
    assert [hop.arc // 2 for hop in ranked(scene, LINK_CLASS, None, most=3)] == [5, 7, 4]
    assert [hop.arc // 2 for hop in ranked(scene, MARGIN, None, most=3)] == [5, 4, 6]
    only = np.isin(np.arange(8), (0, 4))
    assert [hop.arc // 2 for hop in ranked(scene, UTILIZATION, only)] == [4, 0]
    assert ranked(scene, UTILIZATION, np.zeros(8, dtype=bool)) == ()


def test_looking_at_a_link_unfolds_what_hides_it_and_another_run_forgets_it(state):
    state.fold_all(True)
    state.look_at_link(5)
    leaf0 = int(state.scene.folds.group[state.scene.link_ends[5].min()])
    assert leaf0 not in state.folded and state.pointed[0].members == (5,)
    ends = state.scene.layout.xyz[state.scene.link_ends[5]]
    assert state.camera.target == pytest.approx(tuple(ends.mean(axis=0)))
    state.show(dataclasses.replace(state.scene, key="another"))
    assert state.pointed == ()
