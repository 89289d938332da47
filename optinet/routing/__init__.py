# SPDX-License-Identifier: Apache-2.0
"""Routings: what paths traffic takes. One module each; this is the list of them and their options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from optinet.errors import SolverError, unknown_name
from optinet.fabric import Fabric
from optinet.routing import direct_transit, dor, ecmp, k_shortest, shortest_paths, up_down, valiant, wcmp
from optinet.routing.signatures import PathSignatures
from optinet.structure import Blocks, Clos, Planes, Torus


class NoOptions(BaseModel):
    """A routing without options of its own; what every routing can be asked for besides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    optimum_gap: float | None = Field(
        default=None, gt=0, description="bound what the best of all routings carries, to this relative gap"
    )
    optimum_budget_s: float | None = Field(
        default=None, ge=0, description="computing time after which the bounds found are kept; 60 when left out"
    )

    @model_validator(mode="before")
    @classmethod
    def _with_budget(cls, data: Any) -> Any:
        gap = data.get("optimum_gap", cls.model_fields["optimum_gap"].default) if isinstance(data, dict) else None
        return data if gap is None else {"optimum_budget_s": 60.0} | data


class OptimalOptions(NoOptions):
    """Options of the best of all routings."""

    optimum_gap: float = Field(default=0.01, gt=0, description="relative gap between the bounds of its throughput")


OPTIMUM = ("optimum_gap", "optimum_budget_s")
"""Options that are for `optinet.solve`, not for a routing."""


class DorOptions(NoOptions):
    """Options of dimension-order routing."""

    tie: Literal["split", "positive"] = Field(
        default="split", description="what pairs with several shortest vectors do"
    )


class DirectTransitOptions(NoOptions):
    """Options of direct and one-transit routing."""

    method: Literal["auto", "lp", "prices"] = Field(
        default="auto", description="how the split is found: the optimum by linear program, or fast by prices"
    )


class KShortestOptions(NoOptions):
    """Options of routing over the k shortest paths."""

    k: int = Field(default=4, ge=1, description="paths per pair")


@dataclass(frozen=True)
class Routing:
    """One way to route.

    Parameters
    ----------
    options
        Model of its options.
    loads
        (fabric, demand, arc_up, **options) -> load on every arc.
    signatures
        (fabric, demand, arc_up, **options, seed) -> composition of the paths.
    suits
        Whether it is worth trying on a fabric when the best routing is asked for.
    help
        One line for users.
    """

    options: type[BaseModel]
    loads: Callable[..., NDArray[np.float64]]
    signatures: Callable[..., PathSignatures]
    suits: Callable[[Fabric], bool]
    help: str


_ROUTINGS: dict[str, Routing] = {
    "ecmp": Routing(
        NoOptions, ecmp.loads, ecmp.signatures, lambda _: True, "equal split over shortest-path arcs at every node"
    ),
    "paths": Routing(
        NoOptions, shortest_paths.loads, shortest_paths.signatures, lambda _: False, "equal split over shortest paths"
    ),
    "wcmp": Routing(
        NoOptions,
        wcmp.loads,
        wcmp.signatures,
        lambda fabric: isinstance(fabric.structure, Clos | Planes),
        "split over shortest-path arcs by the capacity behind them",
    ),
    "up_down": Routing(
        NoOptions, up_down.loads, up_down.signatures, lambda _: False, "ECMP that never goes up after going down"
    ),
    "dor": Routing(
        DorOptions,
        dor.loads,
        dor.signatures,
        lambda fabric: isinstance(fabric.structure, Torus),
        "axis by axis on tori",
    ),
    "direct_transit": Routing(
        DirectTransitOptions,
        direct_transit.loads,
        direct_transit.signatures,
        lambda fabric: isinstance(fabric.structure, Blocks) and fabric.structure.blocks <= direct_transit.MOST_NODES,
        "direct and over one transit block, the largest utilization as small as can be",
    ),
    "valiant": Routing(
        NoOptions,
        valiant.loads,
        valiant.signatures,
        lambda fabric: isinstance(fabric.structure, Torus | Blocks),
        "by way of a random intermediate",
    ),
    "k_shortest": Routing(
        KShortestOptions,
        k_shortest.loads,
        k_shortest.signatures,
        lambda _: False,
        "equal split over the k shortest loopless paths",
    ),
}


def names() -> tuple[str, ...]:
    """Return the names of all routings.

    ``best`` stands for the best of those that suit a fabric, and ``optimal`` for what no routing surpasses: the flow of
    `optinet.concurrent_flow`.
    """
    return ("best", "optimal", *_ROUTINGS)


def parameters_of(name: str) -> type[BaseModel]:
    """Return the option model of a routing."""
    if name == "optimal":
        return OptimalOptions
    return NoOptions if name == "best" else routing(name).options


def routing(name: str) -> Routing:
    """Return the routing called `name`; `SolverError` if there is none."""
    if name not in _ROUTINGS:
        raise SolverError(unknown_name("routing", name, tuple(_ROUTINGS), "routing"))
    return _ROUTINGS[name]


def candidates(fabric: Fabric) -> tuple[str, ...]:
    """Return the routings worth trying on a fabric."""
    return tuple(name for name, entry in _ROUTINGS.items() if entry.suits(fabric))


def validated_options(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a routing with defaults filled in; `SolverError` naming every wrong one.

    Those of `OPTIMUM` are checked and left out.
    """
    return {key: value for key, value in all_options(name, options).items() if key not in OPTIMUM}


def all_options(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a routing, those of `OPTIMUM` too; `SolverError` naming every wrong one."""
    from pydantic import ValidationError

    from optinet.validation import problems_of

    model = parameters_of(name)
    try:
        return model.model_validate(options).model_dump()
    except ValidationError as error:
        raise SolverError(problems_of(error, model, prefix=("routing",))) from None
