# SPDX-License-Identifier: Apache-2.0
"""The data of the fabric view as a table: one row for each direction of each link."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from gui.state.fabric_view import FabricViewState
from gui.state.quantities import LENGTH, LINK_CLASS, LOAD, UTILIZATION

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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    unit = f" ({quantity.unit})" if quantity.unit else ""
    writer.writerow([*HEADINGS, *([f"{quantity.title}{unit}"] if colored else [])])
    for state in states:
        scene = state.scene
        if scene is None:
            continue
        loads, capacities = scene.arc_load_gbps.tolist(), scene.arc_capacity_gbps.tolist()
        used, lengths = (100 * scene.arc_utilization).tolist(), scene.link_length_m.tolist()
        values, names = scene.link_values[quantity.id].tolist(), scene.categories(quantity)
        down = np.isin(np.arange(scene.n_links), state.failed)
        for link, ends in enumerate(scene.link_ends.tolist()):
            shown = [names[int(values[link])] if names else values[link]] if colored else []
            class_name = scene.class_names[scene.link_class[link]]
            for arc, (tail, head) in ((2 * link, ends), (2 * link + 1, ends[::-1])):
                what = scene.title, scene.node_names[tail], scene.node_names[head], class_name, lengths[link]
                amounts = capacities[arc], loads[arc], used[arc], "yes" if down[link] else "no"
                writer.writerow([*what, *amounts, *shown])
    return text.getvalue()
