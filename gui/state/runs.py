# SPDX-License-Identifier: Apache-2.0
"""What the viewer keeps of an opened run: its small values now, its arrays when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.facts import Facts, facts_of
from optinet.errors import OptinetError
from optinet.results import Run, find_runs, open_run


@dataclass(frozen=True, eq=False)
class RunEntry:
    """One run of the table.

    Parameters
    ----------
    key
        The absolute path of the file: two entries with one key are the same run.
    run
        The opened file.
    texts, numbers
        Values by column id and, for filters, the scenario's by dotted key; a number that the run does not have is
        missing.
    units
        Unit of each metric, as the file has it.
    power_kw
        Network power by category.
    """

    key: str
    run: Run
    texts: dict[str, str]
    numbers: dict[str, float]
    units: dict[str, str] = field(default_factory=dict)
    power_kw: dict[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How charts and the status bar name the run: design, then workload."""
        return " · ".join(part for part in (self.design, self.texts["workload"]) if part)

    @property
    def words(self) -> str:
        """The texts that a bare word of a filter is looked for in, in lower case."""
        return Facts(self.texts, self.numbers).words

    @property
    def design(self) -> str:
        """The design, or what else names the run best."""
        return self.texts["design"] or self.texts["title"] or Path(self.key).stem


def read_entry(run: Run) -> RunEntry:
    """Take from an opened run what the table and the charts show."""
    facts = facts_of(run)
    power = run.table("power")  # a run without any power has no such table
    return RunEntry(
        key=str(Path(run.path).resolve()),
        run=run,
        texts=dict(facts.texts) | {"file": str(run.path)},
        numbers=dict(facts.numbers),
        units={name: str(metric.unit) for name, metric in run.metrics.items()},
        power_kw={name: w / 1e3 for name, w in zip(power.get("category", ()), power.get("power_w", ()), strict=True)},
    )


def read_paths(paths: Sequence[str]) -> Iterator[RunEntry | str]:
    """Yield the runs of files and folders one by one, and one line of text for each that cannot be opened."""
    for path in paths:
        try:
            files = find_runs([path])
        except (OptinetError, OSError) as error:
            yield one_line(error)
            continue
        for file in files:
            try:
                yield read_entry(open_run(file))
            except (OptinetError, OSError) as error:
                yield one_line(error)


def one_line(error: Exception) -> str:
    """Return the text of an error without line breaks."""
    return "; ".join(str(error).splitlines()) or type(error).__name__
