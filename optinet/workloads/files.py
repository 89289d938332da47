# SPDX-License-Identifier: Apache-2.0
"""Demands and flows in files: CSV and npz, in and out.

A demand is a table ``source, target, gbps`` with one row for each pair, or a square matrix of Gb/s without a heading:
row i is what endpoint i sends. Flows are a table ``source, target, size_gbit`` with, where wanted, ``start_s``,
``after`` (numbers of earlier rows, from 0, with blanks between them) and ``wait_s``. Endpoints are named or counted
from 0. In an npz file the columns are arrays of these names, and a matrix is the array ``gbps`` of shape (n, n).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from optinet.errors import DemandError, Problem, nearest_name
from optinet.fabric import Fabric
from optinet.traffic.demand import Demand
from optinet.validation import is_number
from optinet.workloads.flow_list import Floats, FlowList, Ints

_SHOWN = 5  # mistakes of one file told one by one


def read_demand(fabric: Fabric, path: Path) -> Demand:
    """Return the demand in a file.

    Parameters
    ----------
    fabric
        The fabric it is for.
    path
        A ``.csv`` or ``.npz`` file.

    Raises
    ------
    DemandError
        If the file cannot be read or says something that is no demand on this fabric, with its line.
    """
    table = _Table.read(path, ("source", "target", "gbps"), (), square="gbps")
    if table.matrix is not None:
        if table.matrix.shape != (fabric.n_endpoints,) * 2:
            found = f"a matrix of {' x '.join(map(str, table.matrix.shape))}"
            raise DemandError(
                Problem("", found, f"one row and column for each of {fabric.n_endpoints} endpoints", location=str(path))
            )
        try:
            return Demand.from_matrix(fabric, table.matrix)
        except DemandError as error:
            raise DemandError(Problem("", p.found, p.allowed, location=str(path)) for p in error.problems) from None
    ends = [table.endpoints(fabric, name) for name in ("source", "target")]
    gbps = table.numbers("gbps")
    table.complain()
    return Demand.from_matrix(fabric, sparse.coo_array((gbps, tuple(ends)), shape=(fabric.n_endpoints,) * 2))


def read_flows(fabric: Fabric, path: Path) -> FlowList:
    """Return the flows in a file; parameters and errors as in `read_demand`."""
    table = _Table.read(path, ("source", "target", "size_gbit"), ("start_s", "wait_s", "after"))
    source, target = (table.endpoints(fabric, name) for name in ("source", "target"))
    size, start, wait = (table.numbers(name) for name in ("size_gbit", "start_s", "wait_s"))
    after = table.earlier("after")
    table.complain()
    return FlowList(source, target, size, start, wait, after)


def write_demand(demand: Demand, path: Path, names: Sequence[Any] | None = None) -> None:
    """Write a demand so that `read_demand` reads it: pair by pair as CSV, or as npz.

    Parameters
    ----------
    demand
        The demand.
    path
        Where, with the suffix ``.csv`` or ``.npz``.
    names
        Name of every endpoint for CSV; numbers when None.
    """
    if path.suffix == ".npz":
        path.write_bytes(demand_npz(demand))
    else:
        path.write_text(demand_csv(demand, names), encoding="utf-8", newline="")


def demand_csv(demand: Demand, names: Sequence[Any] | None = None) -> str:
    """Return a demand as CSV, one row for each pair that has any."""
    source, target, gbps = _pairs(demand)
    label = np.arange(demand.n_endpoints) if names is None else np.array([str(name) for name in names], dtype=object)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("source", "target", "gbps"))
    writer.writerows(zip(label[source].tolist(), label[target].tolist(), gbps.tolist(), strict=True))
    return stream.getvalue()


def demand_npz(demand: Demand) -> bytes:
    """Return a demand as the bytes of an npz file."""
    source, target, gbps = _pairs(demand)
    stream = io.BytesIO()
    np.savez_compressed(stream, source=source, target=target, gbps=gbps)
    return stream.getvalue()


def _pairs(demand: Demand) -> tuple[Ints, Ints, Floats]:
    pairs = sparse.coo_array(demand.to_matrix()) if demand.matrix is None else demand.matrix.tocoo()
    row, column = pairs.coords
    return row.astype(np.int64), column.astype(np.int64), pairs.data


class _Table:
    """Columns of a file, and the mistakes found in them so far."""

    def __init__(self, path: Path, columns: Mapping[str, Sequence[Any]], first_line: int, matrix: Any = None) -> None:
        self.path, self.columns, self.matrix = path, columns, matrix
        self._first_line, self._problems = first_line, list[Problem]()
        self._n_rows = len(next(iter(columns.values()), ()))

    @classmethod
    def read(cls, path: Path, needed: Sequence[str], optional: Sequence[str], square: str = "") -> _Table:
        """Read a file into columns, or into a matrix where there may be one and nothing else."""
        try:
            table = cls._npz(path, square) if path.suffix == ".npz" else cls._csv(path, square)
        except UnicodeDecodeError:
            raise DemandError(Problem("", "is not text", "a .csv or .npz file", location=str(path))) from None
        except OSError as error:
            raise DemandError(Problem("", (error.strerror or "cannot be read").lower(), location=str(path))) from None
        except (ValueError, zipfile.BadZipFile, EOFError, csv.Error) as error:
            raise DemandError(
                Problem("", f"is no {path.suffix[1:] or 'CSV'} file: {error}", location=str(path))
            ) from None
        if table.matrix is None:
            known = (*needed, *optional)
            for name in [name for name in table.columns if name not in known]:
                table._problems.append(
                    Problem(
                        "", f"unknown column '{name}'", ", ".join(known), nearest_name(name, known), location=str(path)
                    )
                )
            missing = [name for name in needed if name not in table.columns]
            if missing:
                table._problems.append(
                    Problem("", f"has no column {', '.join(missing)}", ", ".join(known), location=str(path))
                )
            lengths = {len(values) for values in table.columns.values()}
            if len(lengths) > 1:
                table._problems.append(
                    Problem("", f"columns of {sorted(lengths)} entries", "one length", location=str(path))
                )
            if missing or len(lengths) > 1:
                table.complain()
        return table

    @classmethod
    def _csv(cls, path: Path, square: str) -> _Table:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [(number, row) for number, row in enumerate(csv.reader(stream), 1) if any(map(str.strip, row))]
        if not rows:
            msg = "it is empty"
            raise ValueError(msg)
        heading = [cell.strip() for cell in rows[0][1]]
        if square and all(map(is_number, heading)):
            uneven = next((number for number, row in rows if len(row) != len(heading)), None)
            if uneven is not None:
                msg = f"line {uneven} has another number of entries than line {rows[0][0]}"
                raise ValueError(msg)
            return cls(path, {}, 1, np.array([[_float(cell) for cell in row] for _, row in rows]))
        uneven = next((number for number, row in rows[1:] if len(row) != len(heading)), None)
        if uneven is not None:
            msg = f"line {uneven} has another number of entries than the heading"
            raise ValueError(msg)
        columns = {name: [row[i].strip() for _, row in rows[1:]] for i, name in enumerate(heading)}
        return cls(path, columns, rows[1][0] if len(rows) > 1 else 2)

    @classmethod
    def _npz(cls, path: Path, square: str) -> _Table:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        if square in arrays and arrays[square].ndim == 2:
            return cls(path, {}, 0, arrays[square])
        return cls(path, {name: np.atleast_1d(array).tolist() for name, array in arrays.items()}, 0)

    def _wrong(self, row: int, name: str, found: str, allowed: str, nearest: str = "") -> None:
        where = f"{self.path}:{row + self._first_line}" if self._first_line else f"{self.path}: entry {row}"
        self._problems.append(Problem(name, found, allowed, nearest, where))

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, zeros where it is left out."""
        values = np.zeros(self._n_rows)
        for row, cell in enumerate(self.columns.get(name, ())):
            value = 0.0 if cell == "" else _float(cell)
            if not 0 <= value < np.inf:
                self._wrong(row, name, f"'{cell}'", "a finite number of at least 0")
            values[row] = value
        return values

    def endpoints(self, fabric: Fabric, name: str) -> Ints:
        """Return a column of endpoints: their names, or else their numbers from 0."""
        labels = {str(fabric.node_names[node]): index for index, node in enumerate(fabric.endpoints)}
        found = np.zeros(self._n_rows, dtype=np.int64)
        for row, cell in enumerate(self.columns.get(name, ())):
            text = str(cell)
            index = labels.get(text, int(text) if text.isdecimal() else -1)
            if not 0 <= index < fabric.n_endpoints:
                allowed = f"the name of an endpoint, such as {next(iter(labels))}, or 0 to {fabric.n_endpoints - 1}"
                self._wrong(row, name, f"'{text}'", allowed, nearest_name(text, labels) if len(labels) < 10_000 else "")
                index = 0
            found[row] = index
        return found

    def earlier(self, name: str) -> Ints:
        """Return pairs (i, row) of a column of numbers of earlier rows."""
        pairs = []
        for row, cell in enumerate(self.columns.get(name, ())):
            for word in str(cell).split():
                if not word.isdecimal() or int(word) >= row:
                    self._wrong(row, name, f"'{word}'", f"numbers of earlier rows, below {row}")
                else:
                    pairs.append((int(word), row))
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def complain(self) -> None:
        """Raise what was found to be wrong, if anything."""
        if self._problems:
            more = len(self._problems) - _SHOWN
            told = [Problem("", f"{more} more mistakes like these", location=str(self.path))] if more > 0 else []
            raise DemandError([*self._problems[:_SHOWN], *told])


def _float(cell: Any) -> float:
    return float(cell) if is_number(str(cell)) else np.nan
