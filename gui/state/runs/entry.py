# SPDX-License-Identifier: Apache-2.0
"""One opened run: its texts and numbers at once, its file when its arrays are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from experiments.facts import facts_of
from optinet.errors import OptinetError
from optinet.results import Run, open_run

_KEPT = 4  # opened files whose arrays stay in memory
_KEPT_ENDS = 256  # files of which only the ends of their intervals do


@dataclass(frozen=True, eq=False)
class RunEntry:
    """One run of the table.

    Parameters
    ----------
    key
        The absolute path of the file: two entries with one key are the same run.
    texts, numbers
        Values by column id and, for filters, the scenario's by dotted key; a number that the run does not have is
        missing.
    """

    key: str
    texts: Mapping[str, str]
    numbers: Mapping[str, float]

    @property
    def run(self) -> Run:
        """The opened file, verified; call this in a worker.

        Raises
        ------
        OptinetError
            If it cannot be opened any more.
        """
        return opened(self.key)

    @property
    def label(self) -> str:
        """How charts and the status bar name the run: design, then workload."""
        return " · ".join(part for part in (self.design, self.texts["workload"]) if part)

    @property
    def design(self) -> str:
        """The design, or what else names the run best."""
        return design_name(self.texts["design"], self.texts["title"], self.key)


def design_name(design: str, title: str, key: str) -> str:
    """Return what names a run best: its design, its title or its file."""
    return design or title or Path(key).stem


def read_entry(run: Run) -> RunEntry:
    """Take from an opened run what the table shows."""
    facts = facts_of(run)
    return RunEntry(str(run.path.resolve()), facts.texts, facts.numbers)


def opened(key: str) -> Run:
    """Return the run of a file; one that was opened lately and has not changed is not read again.

    Raises
    ------
    OptinetError
        If it cannot be opened.
    """
    path = Path(key)
    try:
        status = path.stat()
    except OSError:
        return open_run(path)  # tells what is wrong
    return _opened(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=_KEPT)
def _opened(path: Path, _time_ns: int, _size: int) -> Run:
    return open_run(path)


def interval_ends(key: str) -> Mapping[str, tuple[float, float]]:
    """Return the ends of the intervals of a run's metrics, NaN where there is none; nothing if it cannot be read."""
    path = Path(key)
    try:
        status = path.stat()
        return _interval_ends(path, status.st_mtime_ns, status.st_size)
    except (OptinetError, OSError):
        return {}


@lru_cache(maxsize=_KEPT_ENDS)
def _interval_ends(path: Path, _time_ns: int, _size: int) -> Mapping[str, tuple[float, float]]:
    return {name: (metric.low, metric.high) for name, metric in open_run(path).metrics.items()}


def one_line(error: Exception) -> str:
    """Return the text of an error without line breaks."""
    return "; ".join(str(error).splitlines()) or type(error).__name__
