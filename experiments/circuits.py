# SPDX-License-Identifier: Apache-2.0
"""From the circuits of one scenario to those of another: what moves, and for how long those links are dark."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.fabrics import fabric_of
from experiments.present import rows_text
from experiments.scenario import Scenario
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import OptinetError, Problem, ScenarioError
from optinet.fabric import Fabric
from optinet.models.physical_path import physical_paths
from optinet.models.reconfiguration import Reconfiguration, reconfiguration
from optinet.models.values import median
from optinet.rewiring import Rewiring, block_links, rewire
from optinet.slices import pod_of, set_slices
from optinet.structure import Blocks, Pod, Torus


@dataclass(frozen=True)
class CircuitChange:
    """What it takes to go from one scenario to another.

    Parameters
    ----------
    titles
        Of the two scenarios.
    rewiring
        The circuits that move on the first scenario's plant.
    pause
        How long the circuits that move are dark, with the first scenario's design; None where the design has no OCS.
    """

    titles: tuple[str, str]
    rewiring: Rewiring
    pause: Reconfiguration | None


def circuit_change(before: Scenario, after: Scenario) -> CircuitChange:
    """Return what moves from the circuits of `before` to those of `after`.

    Raises
    ------
    ScenarioError
        If they are not two pods of equal cubes or two meshes of as many blocks, or their links differ otherwise.
    """
    plan, wanted = before.resolved(), after.resolved()["topology"]
    old, new = (fabric_of(scenario.topology.flat()) for scenario in (before, after))
    change = fabric_change(old, new, (plan["topology"], wanted))
    return CircuitChange((before.title, after.title), change, _pause(old, change, plan))


def fabric_change(old: Fabric, new: Fabric, of_topology: tuple[dict[str, Any], dict[str, Any]]) -> Rewiring:
    """Return what moves from the circuits of one fabric to those of another, given the topology sections of both.

    Raises
    ------
    ScenarioError
        If they are not two pods of equal cubes or two meshes of as many blocks, or their links differ otherwise.
    """
    if isinstance(old.structure, Pod | Torus) and old.plant and isinstance(new.structure, Pod | Torus) and new.plant:
        return _between_pods(old, new, of_topology[1])
    if isinstance(old.structure, Blocks) and isinstance(new.structure, Blocks) and old.plant and new.plant:
        return _between_meshes(old, new)
    names = " and ".join(str(topology["name"]) for topology in of_topology)
    allowed = "two scenarios of tpu_pod, or two of ocs_mesh"
    raise ScenarioError(Problem("topology.name", f"no circuits lead from one to the other: {names}", allowed))


def _between_pods(old: Fabric, new: Fabric, topology: dict[str, Any]) -> Rewiring:
    here, there = pod_of(old), pod_of(new)
    if here.cube_side != there.cube_side:
        found = f"{here.cube_side} chips along a cube, and {there.cube_side}"
        raise ScenarioError(Problem("topology.cube_side", found, "two plans of one pod"))
    if here.cubes < there.cubes:
        found = f"{here.cubes} cubes, and {there.cubes} in the second"
        raise ScenarioError(Problem("topology.pod_cubes", found, "as many in both: give pod_cubes"))
    # slices that do not name their cubes may stand where they keep most circuits
    named = [bool(part.get("cubes")) for part in topology.get("slices") or ()] or [False]
    asked = [
        part if keep else dataclasses.replace(part, cubes=()) for part, keep in zip(there.slices, named, strict=True)
    ]
    return set_slices(old, asked)


def _between_meshes(old: Fabric, new: Fabric) -> Rewiring:
    links = block_links(new)
    if links.shape != block_links(old).shape:
        found = f"{len(block_links(old))} blocks, and {len(links)} in the second"
        raise ScenarioError(Problem("topology.blocks", found, "as many in both"))
    return rewire(old, links)


def _pause(fabric: Fabric, change: Rewiring, plan: dict[str, Any]) -> Reconfiguration | None:
    catalogue = load_catalogue().with_values(plan["catalogue"])
    design = Design.from_roles(plan["design"], catalogue)
    try:
        paths = physical_paths(fabric, design, catalogue)
    except OptinetError:  # a scenario may name no optics; then there are moves, and no time
        return None
    return reconfiguration(paths, design, catalogue, int(change.moves_per_ocs.max(initial=0)))


def change_json(change: CircuitChange) -> dict[str, Any]:
    """Return the change as plain data."""
    moves, pause = change.rewiring, change.pause
    return {
        "from": change.titles[0],
        "to": change.titles[1],
        "circuits_before": moves.n_kept + moves.n_removed,
        "circuits_after": moves.n_kept + moves.n_moves,
        "kept": moves.n_kept,
        "taken_down": moves.n_removed,
        "set_anew": moves.n_moves,
        "set_anew_at_least": moves.least_moves,
        "method": moves.method,
        "set_anew_per_ocs": moves.moves_per_ocs.tolist(),
        "dark_ms": None if pause is None else {name: float(median(value)) for name, value in _parts(pause)},
        "slices": _slices(moves),
    }


def change_text(change: CircuitChange, width: int | None = None) -> str:
    """Return the change as text."""
    moves, data = change.rewiring, change_json(change)
    proof = "proven least" if moves.n_moves == moves.least_moves else f"at least {moves.least_moves:,} are needed"
    if moves.method == "given":
        proof = "those that differ"
    busy = int(np.count_nonzero(moves.moves_per_ocs))
    most = int(moves.moves_per_ocs.max(initial=0))
    rows = [
        ("circuits before", f"{data['circuits_before']:,}"),
        ("kept", f"{moves.n_kept:,}"),
        ("taken down", f"{moves.n_removed:,}"),
        ("set anew", f"{moves.n_moves:,}, {proof}"),
        ("OCS that set some", f"{busy} of {len(moves.moves_per_ocs)}, at most {most} each"),
    ]
    if change.pause is not None:
        parts = ", ".join(f"{name} {float(median(value)):g}" for name, value in _parts(change.pause)[:-1])
        rows.append(("dark time", f"{float(median(change.pause.total_ms)):g} ms ({parts})"))
    text = f"{change.titles[0] or 'first'} -> {change.titles[1] or 'second'}\n" + rows_text(("", ""), rows, width)[1:]
    if data["slices"]:
        cells = [list(row.values()) for row in data["slices"]]
        text += "\n" + rows_text(("slice", "chips", "twisted", "circuits", "set anew", "cubes"), cells, width)
    return text


def _parts(pause: Reconfiguration) -> list[tuple[str, Any]]:
    return [
        ("switching", pause.switching_time_ms),
        ("re-acquisition", pause.reacquire_time_ms),
        ("control", pause.controller_overhead_ms),
        ("total", pause.total_ms),
    ]


def _slices(change: Rewiring) -> list[dict[str, Any]]:
    fabric = change.fabric
    if not isinstance(fabric.structure, Pod):
        return []
    cube_of_link = fabric.node_group[fabric.arc_tail[::2]]
    circuit = np.zeros(fabric.n_links, dtype=bool)
    circuit[fabric.plant.circuit_link if fabric.plant else []] = True
    new = change.link_before < 0
    rows = []
    for index, part in enumerate(fabric.structure.slices):
        mine = np.isin(cube_of_link, part.cubes) & circuit
        rows.append(
            {
                "slice": index,
                "chips": "x".join(map(str, part.chips)),
                "twisted": "yes" if part.twisted else "no",
                "circuits": int(np.count_nonzero(mine)),
                "set_anew": int(np.count_nonzero(mine & new)),
                "cubes": _ranges(sorted(part.cubes)),
            }
        )
    return rows


def _ranges(numbers: list[int]) -> str:
    """Return increasing numbers with runs drawn together, such as 0-3, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)
