# SPDX-License-Identifier: Apache-2.0
"""How a job is cut into parts, and which endpoint has which part.

Every endpoint has a place along four dimensions: tensor (TP, with sequence parallelism), context (CP), data (DP) and
pipeline (PP). Experts (EP) fold over the first three: consecutive endpoints of one pipeline stage, tensor ranks first,
then context, then data, share the experts of its layers, and each has its experts whole (D. Liu et al., "MoE Parallel
Folding", arXiv 2504.14960; with TP = CP = 1 this is expert parallelism inside data parallelism).

Where the places are is either an order of the dimensions, innermost first, along the numbers of the endpoints, or a
mapping to axes: for each dimension how many steps it takes along every axis of a grid of endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from optinet.collectives.grid import coordinates
from optinet.errors import DemandError, Problem, TopologyError
from optinet.fabric import Fabric
from optinet.jobs.transformer import Transformer
from optinet.slices import pod_of, slice_nodes
from optinet.structure import Pod, PodSlice, Torus

Dimension: TypeAlias = Literal["tp", "cp", "dp", "pp"]
DIMENSIONS: tuple[Dimension, ...] = ("tp", "cp", "dp", "pp")
Ints = NDArray[np.int64]
_Degree = Annotated[int, Field(ge=1)]
_Index = Annotated[int, Field(ge=0)]


class Parallelism(BaseModel):
    """Into how many parts a job is cut along each dimension, and where they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tp: _Degree = Field(default=1, description="tensor parallelism, with sequence parallelism")
    cp: _Degree = Field(default=1, description="context parallelism: parts of a sequence")
    dp: _Degree | None = Field(default=None, description="data parallelism; as many as the endpoints hold if left out")
    pp: _Degree = Field(default=1, description="pipeline stages")
    ep: _Degree = Field(default=1, description="expert parallelism, folded over tp, cp and dp")
    order: tuple[Dimension, ...] = Field(
        default=DIMENSIONS, description="dimensions from the innermost, whose parts are on endpoints numbered in a row"
    )
    axes: Mapping[Literal["tp", "cp", "dp", "pp", "ep"], tuple[_Degree, ...]] | None = Field(
        default=None,
        description="instead: how many parts each dimension has along every axis of the torus; ep: of those of dp, how "
        "many share the experts",
    )
    slice: _Index | None = Field(default=None, description="the slice of a pod it runs on")
    endpoints: _Degree | tuple[_Index, ...] | None = Field(
        default=None, description="how many endpoints it takes, or a list of them; all if left out"
    )
    first_endpoint: _Index = Field(default=0, description="the first endpoint it takes")


ONE = {"tp": 1, "cp": 1, "pp": 1, "ep": 1, "dp": None, "axes": None}
"""What a parallelism is changed by to be cut into replicas alone, on whatever endpoints it names."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Endpoints by their place; make one with `place`.

    Parameters
    ----------
    endpoint
        shape (pp, dp, cp, tp): endpoint indices.
    ep
        Expert parallelism.
    """

    endpoint: Ints
    ep: int = 1

    @property
    def pp(self) -> int:
        """Pipeline stages."""
        return self.endpoint.shape[0]

    @property
    def dp(self) -> int:
        """Data parallelism."""
        return self.endpoint.shape[1]

    @property
    def cp(self) -> int:
        """Context parallelism."""
        return self.endpoint.shape[2]

    @property
    def tp(self) -> int:
        """Tensor parallelism."""
        return self.endpoint.shape[3]

    @property
    def n_endpoints(self) -> int:
        """Endpoints of the job."""
        return self.endpoint.size

    @property
    def shared_replicas(self) -> int:
        """Endpoints that hold the same weights outside the experts: data and context parallelism together."""
        return self.dp * self.cp

    @property
    def expert_replicas(self) -> int:
        """Endpoints that hold the same experts."""
        return self.dp * self.cp * self.tp // self.ep

    def groups(self, kind: str) -> Ints:
        """Return the groups of endpoints that exchange something, shape (n_groups, size).

        Parameters
        ----------
        kind
            "tensor", "context", "data" (same weights outside the experts), "expert", "expert data" (same experts), or
            "pipeline" (its stages in order).
        """
        e = self.endpoint
        if kind == "tensor":
            return e.reshape(-1, self.tp)
        if kind == "context":
            return np.moveaxis(e, 2, 3).reshape(-1, self.cp)
        if kind == "data":
            return np.moveaxis(e, 3, 1).reshape(-1, self.shared_replicas)
        if kind == "pipeline":
            return np.moveaxis(e, 0, 3).reshape(-1, self.pp)
        stages = e.reshape(self.pp, self.expert_replicas, self.ep)
        if kind == "expert":
            return stages.reshape(-1, self.ep)
        if kind == "expert data":
            return np.moveaxis(stages, 1, 2).reshape(-1, self.expert_replicas)
        raise KeyError(kind)


def place(fabric: Fabric, wanted: Parallelism, model: Transformer | None = None, where: str = "workload") -> Placement:
    """Return which endpoint of a fabric has which part of a job.

    Parameters
    ----------
    fabric
        Any fabric.
    wanted
        Degrees and their order, or their axes.
    model
        What is cut; None where that has been checked.
    where
        Key path for messages.

    Raises
    ------
    DemandError
        Naming everything in which the parallelism does not fit the endpoints or the model, and what would.
    """
    members, grid = _members(fabric, wanted, where)
    problems = list(_model_problems(wanted, model, where)) if model else []
    fixed = wanted.tp * wanted.cp * wanted.pp
    dp = wanted.dp or max(len(members) // fixed, 1)
    if fixed * dp != len(members):
        problems.append(_size_problem(wanted, dp, len(members), where))
    stage = wanted.tp * wanted.cp * dp
    if stage % wanted.ep:
        allowed = (
            f"a divisor of tp x cp x dp = {stage}: {_divisors_text(stage, (model.experts if model else 0) or stage)}"
        )
        problems.append(Problem(f"{where}.ep", f"{wanted.ep} does not divide the endpoints of a stage", allowed))
    if problems:
        raise DemandError(problems)
    degrees = {"tp": wanted.tp, "cp": wanted.cp, "dp": dp, "pp": wanted.pp}
    if wanted.axes is not None:
        return Placement(_on_axes(members, grid, degrees, wanted, where), wanted.ep)
    outer_first = wanted.order[::-1]
    shaped = members.reshape([degrees[name] for name in outer_first])
    return Placement(
        np.ascontiguousarray(shaped.transpose([outer_first.index(d) for d in DIMENSIONS[::-1]])), wanted.ep
    )


def _members(fabric: Fabric, wanted: Parallelism, where: str) -> tuple[Ints, tuple[int, ...]]:
    """Return the endpoints of a job in order, and the grid they stand on, () if they stand on none."""
    index_of = np.full(fabric.n_nodes, -1, dtype=np.int64)
    index_of[fabric.endpoints] = np.arange(fabric.n_endpoints)
    if wanted.slice is not None:
        slices = _slices(fabric, where)
        if wanted.slice >= len(slices):
            shapes = ", ".join(f"{i}: {' x '.join(map(str, s.chips))}" for i, s in enumerate(slices)) or "none is set"
            raise DemandError(Problem(f"{where}.slice", f"the pod has no slice {wanted.slice}", shapes))
        return index_of[slice_nodes(fabric, wanted.slice)], slices[wanted.slice].chips
    if isinstance(fabric.structure, Pod) and wanted.endpoints is None and len(fabric.structure.slices) == 1:
        return index_of[slice_nodes(fabric, 0)], fabric.structure.slices[0].chips
    if isinstance(wanted.endpoints, tuple):
        members = _listed(wanted.endpoints, fabric.n_endpoints, where)
        return members, grid_of(fabric, members)
    count = wanted.endpoints if wanted.endpoints is not None else fabric.n_endpoints - wanted.first_endpoint
    if count < 1 or wanted.first_endpoint + count > fabric.n_endpoints:
        found = f"{max(count, 0)} endpoints from number {wanted.first_endpoint} on"
        raise DemandError(Problem(f"{where}.endpoints", found, f"a part of the fabric's {fabric.n_endpoints:,}"))
    members = np.arange(wanted.first_endpoint, wanted.first_endpoint + count)
    return members, grid_of(fabric, members)


def _slices(fabric: Fabric, where: str) -> tuple[PodSlice, ...]:
    try:
        return pod_of(fabric).slices
    except TopologyError:
        found = "only a pod of cubes has slices, and this fabric is none"
        raise DemandError(Problem(f"{where}.slice", found, "left out, or topology tpu_pod")) from None


def _listed(endpoints: Sequence[int], n_endpoints: int, where: str) -> Ints:
    members = np.array(endpoints, dtype=np.int64)
    if not len(members) or members.max() >= n_endpoints:
        found = f"endpoint {members.max()}" if len(members) else "none"
        raise DemandError(Problem(f"{where}.endpoints", found, f"of 0 to {n_endpoints - 1:,}"))
    if len(np.unique(members)) < len(members):
        raise DemandError(Problem(f"{where}.endpoints", "names an endpoint twice", "each once"))
    return members


def grid_of(fabric: Fabric, members: Ints) -> tuple[int, ...]:
    """Return the axes of the box of a torus or slice that endpoints fill in row-major order; () if they fill none."""
    structure = fabric.structure
    if isinstance(structure, Torus) and np.array_equal(members, np.arange(fabric.n_endpoints)):
        return structure.dims
    position = coordinates(fabric) if isinstance(structure, Torus | Pod) else None
    if position is None:
        return ()
    place = position[members]
    along = [np.unique(column) for column in place.T]
    dims = tuple(len(each) for each in along)
    if dims[0] > 1 or place[0, 0] < 0 or prod(dims) != len(members):
        return ()
    box = np.stack(np.meshgrid(*along[1:], indexing="ij"), axis=-1).reshape(len(members), -1)
    return dims[1:] if np.array_equal(place[:, 1:], box) else ()


def _on_axes(members: Ints, grid: tuple[int, ...], degrees: Mapping[str, int], wanted: Parallelism, where: str) -> Ints:
    """Return the endpoints by place when every dimension takes its own steps along the axes of a grid."""
    assert wanted.axes is not None
    if not grid:
        raise DemandError(Problem(f"{where}.axes", "the endpoints stand on no grid", "a torus, or a slice of a pod"))
    none = (1,) * len(grid)
    steps: dict[str, tuple[int, ...]] = {name: wanted.axes.get(name, none) for name in DIMENSIONS}
    experts = wanted.axes.get("ep", none)
    problems = _axes_problems(
        {**steps, **({"ep": experts} if "ep" in wanted.axes else {})}, grid, degrees, wanted, where
    )
    if problems:
        raise DemandError(problems)
    # those of dp that share experts are its innermost part
    steps["dp"] = tuple(n // e for n, e in zip(steps["dp"], experts, strict=True))
    inner_last = [part for name in wanted.order[::-1] for part in ((name, "ep") if name == "dp" else (name,))]
    steps["ep"] = experts
    shaped = members.reshape([steps[name][axis] for axis in range(len(grid)) for name in inner_last])
    names = [part for name in DIMENSIONS[::-1] for part in ((name, "ep") if name == "dp" else (name,))]
    of = [[axis * len(inner_last) + inner_last.index(name) for axis in range(len(grid))] for name in names]
    moved = shaped.transpose([place for places in of for place in places])
    return np.ascontiguousarray(moved.reshape([degrees[name] for name in DIMENSIONS[::-1]]))


def _axes_problems(
    steps: Mapping[str, tuple[int, ...]],
    grid: tuple[int, ...],
    degrees: Mapping[str, int],
    wanted: Parallelism,
    where: str,
) -> list[Problem]:
    problems = []
    shared = wanted.ep // min(wanted.ep, wanted.tp * wanted.cp)
    for name, each in steps.items():
        if len(each) != len(grid):
            found = f"{len(each)} axes"
            problems.append(Problem(f"{where}.axes.{name}", found, f"{len(grid)}, as the torus has"))
        elif prod(each) != (parts := shared if name == "ep" else degrees[name]):
            found = f"{' x '.join(map(str, each))} = {prod(each)} parts"
            allowed = f"{parts}, as {name} says" + (" with what tp and cp hold" if name == "ep" else "")
            problems.append(Problem(f"{where}.axes.{name}", found, allowed))
        elif name == "ep" and any(n % e for n, e in zip(steps["dp"], each, strict=True)):
            problems.append(Problem(f"{where}.axes.ep", "does not divide the parts of dp", "divisors axis by axis"))
    if problems:
        return problems
    for axis, length in enumerate(grid):
        along = [each[axis] for name, each in steps.items() if name != "ep"]
        if prod(along) != length:
            found = f"{' x '.join(map(str, along))} parts along axis {axis}"
            problems.append(Problem(f"{where}.axes", found, f"its length, {length}"))
    return problems


def _model_problems(wanted: Parallelism, model: Transformer, where: str) -> list[Problem]:
    problems = []
    if model.heads % wanted.tp:
        allowed = _divisors_text(model.heads, model.heads)
        problems.append(Problem(f"{where}.tp", f"{wanted.tp} does not divide {model.heads} heads", allowed))
    if wanted.pp > model.layers:
        problems.append(Problem(f"{where}.pp", f"{wanted.pp} stages for {model.layers} layers", f"1 to {model.layers}"))
    if wanted.ep > 1 and not model.is_mixture:
        problems.append(Problem(f"{where}.ep", f"{wanted.ep}, but the model has no experts", "1"))
    elif model.is_mixture and model.experts % wanted.ep:
        found = f"{wanted.ep} does not divide {model.experts} experts"
        problems.append(Problem(f"{where}.ep", found, _divisors_text(model.experts, model.experts)))
    if sorted(wanted.order) != sorted(DIMENSIONS):
        allowed = f"each of {', '.join(DIMENSIONS)} once"
        problems.append(Problem(f"{where}.order", f"{', '.join(wanted.order)}", allowed))
    return problems


def _size_problem(wanted: Parallelism, dp: int, n_endpoints: int, where: str) -> Problem:
    """Say that degrees do not multiply to the endpoints, and which nearby do."""
    given = f"tp {wanted.tp} x cp {wanted.cp} x dp {dp} x pp {wanted.pp} = {wanted.tp * wanted.cp * wanted.pp * dp:,}"
    fixed = wanted.tp * wanted.cp * wanted.pp
    if n_endpoints % fixed == 0:
        fits = f"dp = {n_endpoints // fixed}"
    else:
        rest = wanted.tp * wanted.cp
        options = [pp for pp in _divisors(n_endpoints // rest) if n_endpoints % rest == 0]
        near = sorted(options, key=lambda pp: abs(pp - wanted.pp))[:3]
        fits = " or ".join(f"pp = {pp} with dp = {n_endpoints // rest // pp}" for pp in near)
        fits = fits or f"tp x cp that divides {n_endpoints:,}"
    return Problem(where, f"{given} parts on {n_endpoints:,} endpoints", fits)


def _divisors(n: int) -> Sequence[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


def _divisors_text(n: int, most: int) -> str:
    return ", ".join(str(d) for d in _divisors(n) if d <= most)
