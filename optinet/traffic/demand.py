# SPDX-License-Identifier: Apache-2.0
"""Demand: Gb/s between endpoints, indexed in endpoint order.

A demand is either *rank one*, ``demand[i, j] = source_gbps[i] * target_share[j]`` for i != j, which is how uniform
traffic is kept at any size without a list of pairs, or a sparse matrix. Self traffic carries nothing and is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from optinet.arguments import public
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric

_MOST = 1e15  # a slip of the keyboard, before sums and products of it overflow


@dataclass(frozen=True, eq=False)
class Demand:
    """Gb/s from every endpoint to every other; make one with `uniform`, `from_matrix`, `permutation` or `rank_one`.

    Parameters
    ----------
    n_endpoints
        Endpoints of the fabric it is for.
    source_gbps, target_share
        shape (n_endpoints,), >= 0: a rank-one demand; None when `matrix` is given.
    matrix
        shape (n_endpoints, n_endpoints), zero diagonal; None for a rank-one demand.
    """

    n_endpoints: int
    source_gbps: NDArray[np.float64] | None = None
    target_share: NDArray[np.float64] | None = None
    matrix: sparse.csr_array | None = None

    def __repr__(self) -> str:
        pairs = "rank one" if self.matrix is None else f"{self.matrix.nnz:,} pairs"
        return f"<Demand of {self.n_endpoints:,} endpoints: {self.total_gbps:,.6g} Gb/s in all, {pairs}>"

    @classmethod
    @public
    def uniform(cls, fabric: Fabric, gbps_per_pair: float = 1.0) -> Demand:
        """Return the same demand between every ordered pair of endpoints.

        Parameters
        ----------
        fabric
            The fabric the demand is for.
        gbps_per_pair
            Finite, >= 0.

        Raises
        ------
        DemandError
            If `gbps_per_pair` is not one such number.
        """
        n, rate = fabric.n_endpoints, _floats("gbps_per_pair", gbps_per_pair)
        problems = _array_problems("gbps_per_pair", rate, ())
        if problems:
            raise DemandError(problems)
        return cls.rank_one(fabric, np.full(n, rate), np.ones(n))

    @classmethod
    @public
    def rank_one(cls, fabric: Fabric, source_gbps: ArrayLike, target_share: ArrayLike) -> Demand:
        """Return ``demand[i, j] = source_gbps[i] * target_share[j]`` for i != j.

        Raises
        ------
        DemandError
            If a shape is not (n_endpoints,) or an entry is negative or not finite.
        """
        n = fabric.n_endpoints
        arrays = {
            "source_gbps": _floats("source_gbps", source_gbps),
            "target_share": _floats("target_share", target_share),
        }
        problems = [p for name, array in arrays.items() for p in _array_problems(name, array, (n,))]
        if problems:
            raise DemandError(problems)
        return cls(n, arrays["source_gbps"], arrays["target_share"])

    @classmethod
    @public
    def from_matrix(cls, fabric: Fabric, gbps: ArrayLike | sparse.sparray) -> Demand:
        """Return a demand given pair by pair.

        Parameters
        ----------
        fabric
            The fabric the demand is for.
        gbps
            shape (n_endpoints, n_endpoints), dense or sparse, finite, >= 0; row i is what endpoint i sends. The
            diagonal is dropped.

        Raises
        ------
        DemandError
            If the shape differs or an entry is negative or not finite.
        """
        n = fabric.n_endpoints
        if not sparse.issparse(gbps):
            dense = _floats("gbps", gbps)
            _require_matrix(dense.shape, dense.ravel(), n)
            np.fill_diagonal(dense, 0.0)
            row, column = np.nonzero(dense)
            offsets = np.searchsorted(row, np.arange(n + 1))
            return cls(n, matrix=sparse.csr_array((dense[row, column], column, offsets), shape=(n, n)))
        matrix = sparse.coo_array(gbps, dtype=np.float64)
        _require_matrix(matrix.shape, matrix.data, n)
        row, column = matrix.coords
        keep = (row != column) & (matrix.data > 0)
        summed = sparse.coo_array((matrix.data[keep], (row[keep], column[keep])), shape=(n, n)).tocsr()
        return cls(n, matrix=summed)

    @classmethod
    @public
    def permutation(cls, fabric: Fabric, target: ArrayLike, gbps: float = 1.0) -> Demand:
        """Return the demand in which endpoint i sends `gbps` to endpoint ``target[i]``.

        Parameters
        ----------
        fabric
            The fabric the demand is for.
        target
            shape (n_endpoints,): endpoint indices, each once; an endpoint that is its own target sends nothing.
        gbps
            Finite, >= 0.

        Raises
        ------
        DemandError
            If `target` is not a permutation of the endpoint indices or `gbps` not one such number.
        """
        n, rate, index = fabric.n_endpoints, _floats("gbps", gbps), _floats("target", target)
        problems = _array_problems("gbps", rate, ())
        if problems:
            raise DemandError(problems)
        if index.shape != (n,) or not np.array_equal(np.sort(index), np.arange(n)):
            raise DemandError(
                Problem(
                    "target", f"{index.size} entries that are not each endpoint once", f"a permutation of 0 to {n - 1}"
                )
            )
        index = index.astype(np.int64)
        rates = sparse.coo_array((np.full(n, rate), (np.arange(n), index)), shape=(n, n))
        return cls.from_matrix(fabric, rates)

    @property
    def is_rank_one(self) -> bool:
        """Whether the demand is kept as a product of two vectors."""
        return self.matrix is None

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which endpoints send or receive something; shape (n_endpoints,)."""
        return (self.out_gbps > 0) | (self.in_gbps > 0)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32] | NDArray[np.int64]]:
        """The sender and the receiver of each entry of `matrix`, which must not be None; shape (n_entries,) each."""
        assert self.matrix is not None
        return np.repeat(np.arange(self.n_endpoints), np.diff(self.matrix.indptr)), self.matrix.indices

    @cached_property
    def out_gbps(self) -> NDArray[np.float64]:
        """What each endpoint sends, self traffic excluded; shape (n_endpoints,)."""
        if self.matrix is not None:
            return self._summed(self.pairs[0])
        source, share = self._vectors
        return source * (share.sum() - share)

    @cached_property
    def in_gbps(self) -> NDArray[np.float64]:
        """What each endpoint receives, self traffic excluded; shape (n_endpoints,)."""
        if self.matrix is not None:
            return self._summed(self.pairs[1])
        source, share = self._vectors
        return share * (source.sum() - source)

    def _summed(self, end: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum the entries of `matrix` at each sender or receiver."""
        assert self.matrix is not None
        return np.asarray(np.bincount(end, self.matrix.data, minlength=self.n_endpoints), dtype=np.float64)

    @property
    def total_gbps(self) -> float:
        """All traffic, counted once."""
        return float(self.out_gbps.sum())

    @property
    def is_uniform(self) -> bool:
        """Whether every ordered pair has the same demand, known without looking at pairs."""
        if self.matrix is not None:
            return False
        return all(bool(np.all(vector == vector[0])) for vector in self._vectors)

    @property
    def _vectors(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert self.source_gbps is not None and self.target_share is not None
        return self.source_gbps, self.target_share

    def scaled(self, factor: float) -> Demand:
        """Return the demand times a factor, finite and >= 0."""
        if self.matrix is not None:
            return Demand(self.n_endpoints, matrix=self.matrix * factor)
        source, share = self._vectors
        return Demand(self.n_endpoints, source * factor, share)

    def to_matrix(self) -> NDArray[np.float64]:
        """Return the demand pair by pair; shape (n_endpoints, n_endpoints). Meant for small fabrics."""
        if self.matrix is not None:
            return np.asarray(self.matrix.toarray())
        dense = np.outer(*self._vectors)
        np.fill_diagonal(dense, 0.0)
        return dense


def summed(fabric: Fabric, demands: Iterable[Demand]) -> Demand:
    """Return several demands on one fabric as one."""
    n = fabric.n_endpoints
    total = sparse.csr_array((n, n))
    for each in demands:
        total = total + sparse.csr_array(each.to_matrix() if each.matrix is None else each.matrix)
    return Demand.from_matrix(fabric, total)


def _floats(name: str, values: ArrayLike | sparse.sparray) -> NDArray[np.float64]:
    try:
        if np.asarray(values).dtype.kind in "cSU":  # NumPy would read text as numbers, and drop imaginary parts
            raise ValueError
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):  # text, or rows of unequal length
        raise DemandError(Problem(name, "not numbers", "finite numbers of at least 0")) from None


def _require_matrix(shape: tuple[int, ...], entries: NDArray[np.float64], n: int) -> None:
    problems = [] if shape == (n, n) else [Problem("gbps", f"shape {shape}", f"({n}, {n}), one row per endpoint")]
    problems += _array_problems("gbps", entries, None)
    if problems:
        raise DemandError(problems)


def _array_problems(name: str, array: NDArray[np.float64], shape: tuple[int, ...] | None) -> list[Problem]:
    problems = []
    if shape is not None and array.shape != shape:
        problems.append(Problem(name, f"shape {array.shape}", f"{shape}"))
    bad = ~((array >= 0) & (array < np.inf))
    if bad.any():
        problems.append(Problem(name, f"{array[bad].flat[0]}", "finite numbers of at least 0"))
    elif array.max(initial=0.0) > _MOST:
        problems.append(Problem(name, f"{array.max():g}", f"at most {_MOST:g}"))
    return problems
