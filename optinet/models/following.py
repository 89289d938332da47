# SPDX-License-Identifier: Apache-2.0
"""Following a changing demand with the circuits of a plant: what is carried, what is dark and how long, what it gains.

In every phase the demand is another one. Following it, circuits are chosen for the demand of the phase, or of an
earlier one, and set with few moves from those of the phase before; the circuits that move are dark for the
reconfiguration time of the design. Staying keeps the circuits the fabric was built with. `optinet.engineering.phases`
has the equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.engineering.phases import Change, carried_fraction, change
from optinet.engineering.topology import BlockLayer, engineer_topology
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.metric import Metric
from optinet.models.reconfiguration import reconfiguration
from optinet.models.values import median
from optinet.rewiring import Rewiring, rewire
from optinet.structure import Blocks
from optinet.traffic.blocks import of_blocks
from optinet.traffic.demand import Demand
from optinet.units import unit_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.models.physical_path import PhysicalPath

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PlantChange:
    """One phase on a plant.

    Parameters
    ----------
    change
        What the circuits carry before, during and after they move.
    built_fraction
        Share of the demand that the circuits the fabric was built with carry.
    moves, moves_per_ocs
        Circuits set anew, in all and on the OCS that sets most.
    """

    change: Change
    built_fraction: float
    moves: int
    moves_per_ocs: int


def follow_on_plant(
    fabric: Fabric, demands: Sequence[Demand], lag: int = 0, hedge_fraction: float = 0.0
) -> tuple[PlantChange, ...]:
    """Set the circuits of a mesh of blocks anew for every phase.

    Parameters
    ----------
    fabric
        Blocks joined through OCS.
    demands
        Of each phase, between its endpoints.
    lag, hedge_fraction
        As in `optinet.engineering.phases.follow`.

    Raises
    ------
    SolverError
        If the fabric is no such mesh.
    """
    if not isinstance(fabric.structure, Blocks) or fabric.plant is None:
        raise SolverError(Problem("phases", "the fabric is no mesh of blocks", "blocks joined through OCS: ocs_mesh"))
    n = fabric.structure.blocks
    layer = layer_of(fabric, n)
    block = fabric.node_group[fabric.endpoints]
    rates = [of_blocks(demand, block, n) for demand in demands]
    built = circuits_of(fabric, n)
    now, circuits, changes = fabric, built, []
    for phase, demand in enumerate(rates):
        wanted = circuits
        if phase >= lag:
            wanted = engineer_topology(rates[phase - lag], layer, "prices", hedge_fraction).circuits
        moved = rewire(now, wanted, prove=False)
        one = change(demand, layer, circuits, wanted, kept=_kept(moved, n))
        stays = carried_fraction(demand, layer.capacity_gbps(built))
        changes.append(PlantChange(one, stays, moved.n_moves, int(moved.moves_per_ocs.max(initial=0))))
        now, circuits = moved.fabric, wanted
    return tuple(changes)


def layer_of(fabric: Fabric, n_blocks: int) -> BlockLayer:
    """Return the uplinks of each block and their speed, as plugged into the plant."""
    assert fabric.plant is not None
    block = fabric.node_group[fabric.plant.end_node]
    speed = np.zeros(n_blocks)
    np.maximum.at(speed, block, fabric.plant.end_gbps)
    return BlockLayer.of(n_blocks, np.bincount(block, minlength=n_blocks), speed)


def circuits_of(fabric: Fabric, n_blocks: int) -> Ints:
    """Return the circuits between each pair of blocks; shape (n_blocks, n_blocks), symmetric."""
    assert fabric.plant is not None
    return _counted(fabric, fabric.plant.circuit_ends, n_blocks)


def _kept(moved: Rewiring, n_blocks: int) -> Ints:
    plant = moved.fabric.plant
    assert plant is not None
    stays = moved.link_before[plant.circuit_link] >= 0
    return _counted(moved.fabric, plant.circuit_ends[stays], n_blocks)


def _counted(fabric: Fabric, ends: Ints, n_blocks: int) -> Ints:
    assert fabric.plant is not None
    counts = np.zeros((n_blocks, n_blocks), dtype=np.int64)
    a, b = fabric.node_group[fabric.plant.end_node[ends]].T
    np.add.at(counts, (a, b), 1)
    both: Ints = counts + counts.T
    return both


def phase_metrics(
    changes: Sequence[PlantChange],
    length_s: float,
    paths: tuple[PhysicalPath, ...],
    design: Design,
    catalogue: Catalogue,
) -> Iterator[Metric]:
    """Yield what following and staying carry on average over the phases, and from which length on following pays.

    Parameters
    ----------
    changes
        One for each phase.
    length_s
        How long each phase lasts, > 0.
    paths, design, catalogue
        As for `optinet.models.reconfiguration.reconfiguration`.
    """
    dark_s = np.array([_dark_s(each, paths, design, catalogue) for each in changes])
    stay = np.array([each.built_fraction for each in changes])
    following = [each.change.mean_fraction(length_s, dark) for each, dark in zip(changes, dark_s, strict=True)]
    new, dark = (np.array([getattr(c.change, f"{which}_fraction") for c in changes]) for which in ("new", "dark"))
    gained, lost_s = float((new - stay).sum()), float((dark_s * (new - dark)).sum())
    break_even_s = lost_s / gained if gained > 1e-9 else np.inf
    stays, gbps = float(stay.mean()), float(np.mean([each.change.demand_gbps for each in changes]))
    moved = float(np.mean([each.moves for each in changes]))
    yield _metric("phase_length_s", length_s, "how long each phase lasts")
    yield _metric(
        "following_fraction", float(np.mean(following)), "demand carried when circuits follow it, dark times inside"
    )
    yield _metric("staying_fraction", stays, "demand carried on the circuits the fabric was built with")
    yield _metric("circuits_moved", moved, "circuits set anew for a phase, mean")
    yield _metric("dark_ms", float(dark_s.mean()) * 1e3, "time for which the circuits that move carry nothing, mean")
    yield _metric("break_even_s", break_even_s, "length of phase from which on following carries more than staying")
    yield _metric("break_even_gbit", break_even_s * stays * gbps, "what a phase must send for following to end sooner")


def _dark_s(one: PlantChange, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue) -> float:
    pause = reconfiguration(paths, design, catalogue, one.moves_per_ocs)
    return median(pause.total_ms) * 1e-3 if pause and one.moves else 0.0


def _metric(name: str, value: float, meaning: str) -> Metric:
    return Metric(name, value, np.nan, np.nan, unit_of(name), meaning)
