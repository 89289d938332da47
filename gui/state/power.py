# SPDX-License-Identifier: Apache-2.0
"""The power of the selected runs by category, ready for a chart of stacked bars."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.runs import RunEntry

MAX_BARS = 30
_ACRONYMS = {"nic": "NIC", "ocs": "OCS", "dsp": "DSP", "tia": "TIA", "serdes": "SerDes"}


@dataclass(frozen=True, eq=False)
class PowerBars:
    """One bar per run, one part per category.

    Parameters
    ----------
    keys, labels
        The runs, in the order of the bars.
    workload
        The workload of all these runs, which is then not in the labels; empty if they differ.
    categories
        Categories in which any run draws power, the largest first.
    kw
        shape (n_runs, n_categories).
    left_out
        Selected runs beyond the first `MAX_BARS`.
    """

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    workload: str
    categories: tuple[str, ...]
    kw: NDArray[np.float64]
    left_out: int

    @property
    def starts_kw(self) -> NDArray[np.float64]:
        """Where each part of each bar starts; shape (n_runs, n_categories)."""
        return np.cumsum(self.kw, axis=1) - self.kw

    def at(self, row: int, kw: float) -> str | None:
        """Return what is at a place in the chart: run, category, value with unit; None beside the bars."""
        if not 0 <= row < len(self.labels):
            return None
        ends = np.cumsum(self.kw[row])
        category = int(np.searchsorted(ends, kw, side="right"))
        if kw < 0 or category >= len(self.categories):
            return None
        return f"{self.labels[row]}\n{self.categories[category]}: {self.kw[row, category]:,.1f} of {ends[-1]:,.1f} kW"

    def as_csv(self) -> str:
        """Return one row per run, numbers at full precision, as comma-separated text."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["run", *(f"{category} (kW)" for category in self.categories)])
        writer.writerows([label, *row] for label, row in zip(self.labels, self.kw.tolist(), strict=True))
        return text.getvalue()


def power_bars(entries: Sequence[RunEntry]) -> PowerBars:
    """Return the bars of these runs."""
    shown = entries[:MAX_BARS]
    names = list(dict.fromkeys(name for entry in shown for name in entry.power_kw))
    kw = np.array([[entry.power_kw.get(name, 0.0) for name in names] for entry in shown], dtype=float)
    kw = np.maximum(np.nan_to_num(kw.reshape(len(shown), len(names))), 0.0)
    workloads = {entry.texts["workload"] for entry in shown}
    workload = workloads.pop() if len(workloads) == 1 else ""
    order = [i for i in np.argsort(-kw.sum(axis=0), kind="stable") if kw[:, i].any()]
    return PowerBars(
        tuple(entry.key for entry in shown),
        tuple(entry.design if workload else entry.label for entry in shown),
        workload,
        tuple(_title(names[i]) for i in order),
        kw[:, order],
        len(entries) - len(shown),
    )


def _title(category: str) -> str:
    return " ".join(_ACRONYMS.get(word, word) for word in category.replace("_", " ").split())
