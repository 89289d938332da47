# SPDX-License-Identifier: Apache-2.0
"""The racks that a run counts, and which node and optical circuit switch stands in which of them."""

from __future__ import annotations

import math

import numpy as np

from gui.state.fabric.layout.base import rank_in_group
from gui.state.fabric.layout.floor import Stands
from optinet.errors import OptinetError
from optinet.results import Run

_FIELDS = ("where", "component", "rack", "boxes", "boxes_per_rack", "racks", "boxes_by_height", "rack_kw", "limit_kw")


def racks_of_run(run: Run) -> Stands | None:
    """Return the racks of a run, nodes in none of them at -1; None where it counts none. Belongs in a worker."""
    from experiments.saved_design import saved_design  # loads the models, which the start of the window does not need
    from optinet.models.bom import asics_per_box
    from optinet.models.placement import placement
    from optinet.models.places import PLANT
    from optinet.models.racks import Racks

    table = run.table("racks")
    rows = [
        dict(zip(_FIELDS, row, strict=True)) for row in zip(*(table.get(name, ()) for name in _FIELDS), strict=True)
    ]
    if not rows:
        return None
    try:
        asics = asics_per_box(*saved_design(run))
    except (OptinetError, KeyError):  # written by an optinet whose components this one does not know
        return None
    placed = placement(run.fabric, [Racks(**row, box_w=math.nan) for row in rows], asics)
    where = [place for place, _ in placed.racks]
    rank, _ = rank_in_group(np.unique(where, return_inverse=True)[1])
    names = tuple(
        f"{'OCS' if place == PLANT else place} rack {number}"
        for place, number in zip(where, rank.tolist(), strict=True)
    )
    return Stands(placed.node, names, np.ones(len(names), dtype=bool), placed.device)
