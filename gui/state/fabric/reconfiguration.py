# SPDX-License-Identifier: Apache-2.0
"""Changes of circuits to be played: to those of another run, or around a device that has failed."""

from __future__ import annotations

import math

from experiments.circuits import fabric_change
from gui.state.fabric.circuits import Playback, playback_of
from gui.state.fabric.scene import Scene
from gui.state.runs.entry import RunEntry, one_line
from optinet.errors import OptinetError
from optinet.failures import Failure, reconfigure_around


def between_runs(scene: Scene, entry: RunEntry) -> Playback | str:
    """Return what moves from the circuits of a run to those of another, or why none lead there; belongs in a worker."""
    try:
        topologies = scene.run.scenario["topology"], entry.run.scenario["topology"]
        change = fabric_change(scene.run.fabric, entry.run.fabric, topologies)
    except OptinetError as error:
        return one_line(error)
    return playback_of(f"to the circuits of {entry.label}", change, _dark_ms(scene))


def around_ocs(scene: Scene, ocs: int) -> Playback | str:
    """Return what moves when a device has failed, or why nothing can; belongs in a worker."""
    try:
        change = reconfigure_around(scene.run.fabric, Failure(ocs=(ocs,)))
    except OptinetError as error:
        return one_line(error)
    return playback_of(f"around OCS {ocs}", change, _dark_ms(scene))


def _dark_ms(scene: Scene) -> float:
    """Return how long a circuit that moves is dark, the sum of the parts that the run tells."""
    parts = scene.run.table("reconfiguration").get("part_ms")
    return float(sum(parts)) if parts is not None and len(parts) else math.nan
