# SPDX-License-Identifier: Apache-2.0
"""What the columns of the runs table mean, from where that is written: the runs themselves, and the engine's models.

Runs are opened for it and the registries loaded: this belongs in a worker.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from experiments.scenario import SECTIONS
from gui.state.runs.columns import Column
from gui.state.runs.frame import Frame
from optinet.errors import OptinetError
from optinet.results import open_run

LOOKED_AT = 12  # runs spread over all, whose metrics are asked for


def meanings_of(frame: Frame, columns: Iterable[Column]) -> dict[str, str]:
    """Return what metrics and keys of scenarios mean, by name, of those that the open runs have."""
    found = _keys(frame)
    for row in np.unique(np.linspace(0, len(frame) - 1, LOOKED_AT).astype(int)) if len(frame) else ():
        _look_at(frame, int(row), found)
    for column in columns:
        if column.numeric and column.id not in found and frame.has(column.id):
            rows = np.flatnonzero(~np.isnan(frame.numbers(column.id)))
            if len(rows):
                _look_at(frame, int(rows[0]), found)
    return found


def _look_at(frame: Frame, row: int, found: dict[str, str]) -> None:
    try:
        metrics = open_run(frame.keys[row]).metrics
    except (OptinetError, OSError):  # gone since; another run may know
        return
    for name, metric in metrics.items():
        found.setdefault(name, metric.meaning)


def _keys(frame: Frame) -> dict[str, str]:
    """Return what the keys of every topology, workload and routing there mean, and those that all scenarios have."""
    from gui.state.scenario.fields import sections_of

    found: dict[str, str] = {}
    for section in SECTIONS:
        names = dict.fromkeys(filter(None, frame.texts(f"{section}.name")))
        for name in names or ("",):
            for each in sections_of({section: {"name": name}}):
                found |= {field.where: field.help for field in each.fields if field.where not in found}
        found[f"{section}.name"] = f"which {section} it is"
    return found
