# SPDX-License-Identifier: Apache-2.0
"""The algorithms by name: which operations each can do and which groups it suits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from optinet.collectives import exchange, grid, hierarchical, multi_ring, rings, trees
from optinet.collectives.operation import OPERATIONS, Collective
from optinet.collectives.schedule import Phase, Schedule
from optinet.errors import DemandError, OptinetError, Problem, unknown_name

_REDUCING = ("all_reduce", "all_gather", "reduce_scatter")


@dataclass(frozen=True)
class Algorithm:
    """One way to do a collective.

    Parameters
    ----------
    phases
        (collective) -> its phases; `DemandError` where it does not suit the groups.
    operations
        What it can do.
    tried
        What it is tried for when the best algorithm is asked for.
    help
        One line for users.
    power_of_two
        Whether groups must have a power of two of ranks.
    least_s
        (collective) -> a time that it cannot beat, for one whose phases take long to find: they are found last, and
        not at all where others are as fast.
    """

    phases: Callable[..., Iterator[Phase]]
    operations: tuple[str, ...]
    tried: tuple[str, ...]
    help: str
    power_of_two: bool = False
    least_s: Callable[[Collective], float] | None = None


Name: TypeAlias = Literal[
    "best",
    "ring",
    "bidirectional_ring",
    "multi_ring",
    "bucket",
    "bucket_sequential",
    "halving_doubling",
    "recursive_doubling",
    "tree",
    "double_tree",
    "pipeline",
    "hierarchical",
    "direct",
]

_RINGS = (*_REDUCING, "broadcast")

ALGORITHMS: dict[str, Algorithm] = {
    "ring": Algorithm(rings.ring, _RINGS, _RINGS, "one ring in the order of the ranks"),
    "bidirectional_ring": Algorithm(
        rings.bidirectional_ring, _RINGS, _RINGS, "two rings in opposite directions, half the buffer on each"
    ),
    "multi_ring": Algorithm(
        multi_ring.multi_ring,
        _RINGS,
        _RINGS,
        "rings that share no link, an equal part of the buffer on each",
        least_s=multi_ring.least_s,
    ),
    "bucket": Algorithm(
        grid.bucket, _REDUCING, _REDUCING, "axis by axis on a torus, as many parts at once as there are axes"
    ),
    "bucket_sequential": Algorithm(grid.bucket_sequential, _REDUCING, (), "axis by axis on a torus, one at a time"),
    "halving_doubling": Algorithm(
        exchange.halving_doubling, _RINGS, _RINGS, "exchanges of halves between ranks 1, 2, 4, ... apart", True
    ),
    "recursive_doubling": Algorithm(
        exchange.recursive_doubling,
        ("all_reduce",),
        ("all_reduce",),
        "exchanges of the whole buffer between ranks 1, 2, 4, ... apart",
        True,
    ),
    "tree": Algorithm(
        exchange.tree,
        ("all_reduce", "broadcast"),
        ("all_reduce", "broadcast"),
        "the whole buffer along a binomial tree",
    ),
    "double_tree": Algorithm(
        trees.double_tree,
        ("all_reduce", "broadcast"),
        ("all_reduce", "broadcast"),
        "segments of the buffer along two binary trees at once, half the buffer on each",
    ),
    "pipeline": Algorithm(
        exchange.pipeline, ("broadcast",), ("broadcast",), "segments of the buffer along a chain of the ranks"
    ),
    "hierarchical": Algorithm(
        hierarchical.hierarchical, OPERATIONS, OPERATIONS, "within scale-up domains, across them, and within again"
    ),
    # where all send to all at once, what limits real networks is the number of messages, which is not modeled
    "direct": Algorithm(
        exchange.direct, (*_REDUCING, "all_to_all"), ("all_to_all",), "all ranks to all others at once"
    ),
}


def names() -> tuple[str, ...]:
    """Return the names of all algorithms; ``best`` stands for the fastest of those that suit."""
    return get_args(Name)


def schedule(call: Collective, name: str, **options: Any) -> Schedule:
    """Return what an algorithm sends.

    Raises
    ------
    DemandError
        For an unknown algorithm or one that does not suit the operation or the groups, with those that do.
    """
    if name not in ALGORITHMS:
        raise DemandError(unknown_name("algorithm", name, names(), "algorithm"))
    if call.p == 1 or call.size_gbit == 0.0:
        return Schedule(name, ())
    try:
        return Schedule(name, tuple(_phases(call, name, **options)))
    except DemandError as error:
        suits = [each.algorithm for each in suitable(call)]
        problems = [
            Problem(p.where, p.found, f"{p.allowed}; algorithms that suit: {', '.join(suits)}".removeprefix("; "))
            for p in error.problems
        ]
        raise DemandError(problems) from None


def suitable(
    call: Collective, best_s: Callable[[], float] = lambda: float("inf"), *, slow: bool | None = None, **options: Any
) -> Iterator[Schedule]:
    """Yield what the algorithms worth trying for a collective send.

    Parameters
    ----------
    call
        The collective.
    best_s
        Returns the least time so far; what takes long to find and cannot beat it is left out.
    slow
        True for those alone that take long to find, False for the others, None for all.
    options
        Of the algorithms.
    """
    for name, entry in ALGORITHMS.items():
        if call.operation not in entry.tried or (slow is not None and slow == (entry.least_s is None)):
            continue
        if entry.least_s is not None and entry.least_s(call) >= best_s():
            continue
        try:
            yield Schedule(name, tuple(_phases(call, name, **options)))
        except OptinetError:
            continue


def _phases(call: Collective, name: str, **options: Any) -> Iterator[Phase]:
    entry = ALGORITHMS[name]
    if call.operation not in entry.operations:
        raise DemandError(Problem("algorithm", f"{name} does not do {call.operation}"))
    if entry.power_of_two and call.p & (call.p - 1):
        raise DemandError(Problem("groups", f"{name} with {call.p} ranks", "a power of two"))
    if name == "hierarchical":
        yield from entry.phases(call, **options)
    else:
        yield from entry.phases(call)


def algorithms_markdown() -> str:
    """Return the algorithms as a table for the documentation."""
    rows = ["| algorithm | what it does | operations | part of `best` for |", "|---|---|---|---|"]
    for name, entry in ALGORITHMS.items():
        does, tried = (", ".join(f"`{each}`" for each in names) for names in (entry.operations, entry.tried))
        rows.append(f"| `{name}` | {entry.help} | {does} | {tried or '-'} |")
    return "\n".join(rows) + "\n"
