# SPDX-License-Identifier: Apache-2.0
"""The data of the fabric view as a table: one row for each direction of each link."""

from __future__ import annotations

import csv
import io

from gui.state.scene import Scene

HEADINGS = ("from", "to", "link class", "length (m)", "capacity (Gb/s)", "load (Gb/s)", "utilization (%)")


def arcs_csv(scene: Scene) -> str:
    """Return every arc of a fabric with its values, numbers at full precision, as comma-separated text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    loads, capacities = scene.arc_load_gbps.tolist(), scene.arc_capacity_gbps.tolist()
    used, lengths = (100 * scene.arc_utilization).tolist(), scene.link_length_m.tolist()
    for link, ends in enumerate(scene.link_ends.tolist()):
        for arc, (tail, head) in ((2 * link, ends), (2 * link + 1, ends[::-1])):
            names = scene.node_names[tail], scene.node_names[head], scene.link_class[link]
            writer.writerow([*names, lengths[link], capacities[arc], loads[arc], used[arc]])
    return text.getvalue()
