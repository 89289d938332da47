# SPDX-License-Identifier: Apache-2.0
"""The data of the fabric view as a table: one row for each direction of each link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gui.state.csv_text import csv_text
from gui.state.fabric.quantities import LENGTH, LINK_CLASS, LOAD, UTILIZATION, Quantity
from gui.state.fabric.view import FabricViewState

HEADINGS = (
    "run",
    "from",
    "to",
    "link class",
    "length (m)",
    "capacity (Gb/s)",
    "load (Gb/s)",
    "utilization (%)",
    "down",
)
_HAS_COLUMN = (LENGTH, LINK_CLASS, LOAD, UTILIZATION)


def arcs_csv(states: Sequence[FabricViewState]) -> str:
    """Return every arc of the fabrics shown as comma-separated text, numbers at full precision.

    What colors show is a column of its own where it is not one anyway.
    """
    quantity = states[0].quantity
    colored = quantity not in _HAS_COLUMN
    unit = f" ({quantity.unit})" if quantity.unit else ""
    rows = (row for state in states for row in _rows(state, quantity, colored=colored))
    return csv_text([*HEADINGS, *([f"{quantity.title}{unit}"] if colored else [])], rows)


def _rows(state: FabricViewState, quantity: Quantity, *, colored: bool) -> Iterator[list[object]]:
    scene = state.scene
    if scene is None:
        return
    loads, capacities = scene.arc_load_gbps.tolist(), scene.arc_capacity_gbps.tolist()
    used, lengths = (100 * scene.arc_utilization).tolist(), scene.link_length_m.tolist()
    values, names = scene.link_values[quantity.id].tolist(), scene.categories(quantity)
    down = np.isin(np.arange(scene.n_links), state.failed)
    for link, ends in enumerate(scene.link_ends.tolist()):
        shown = [names[int(values[link])] if names else values[link]] if colored else []
        class_name = scene.class_names[scene.link_class[link]]
        for arc, (tail, head) in ((2 * link, ends), (2 * link + 1, ends[::-1])):
            what = scene.title, scene.node_names[tail], scene.node_names[head], class_name, lengths[link]
            yield [*what, capacities[arc], loads[arc], used[arc], "yes" if down[link] else "no", *shown]
