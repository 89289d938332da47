# SPDX-License-Identifier: Apache-2.0
"""Pictures of the documentation that are drawn from runs of shipped studies.

``optinet sweep reconfiguration_break_even -o DIR`` and then ``python -m experiments.figures DIR docs/images`` make them
anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optinet.results import Run, open_run

BREAK_EVEN = "reconfiguration_break_even.png"


@dataclass(frozen=True, eq=False)
class FollowingCurve:
    """What following a demand carries, against the length of its phases, in one design.

    Parameters
    ----------
    case
        The design.
    length_s
        shape (n_runs,), ascending.
    following_fraction, staying_fraction
        shape (n_runs,): share of the demand that is carried.
    break_even_s, dark_ms
        Of the design, the same in all its runs.
    """

    case: str
    length_s: NDArray[np.float64]
    following_fraction: NDArray[np.float64]
    staying_fraction: NDArray[np.float64]
    break_even_s: float
    dark_ms: float


def following_curves(runs: Iterable[Run]) -> list[FollowingCurve]:
    """Return one curve for each design whose runs have phases, the longest dark time first."""
    cases: dict[str, list[Run]] = {}
    for run in runs:
        if "phase_length_s" in run.metrics:
            cases.setdefault(run.case, []).append(run)
    curves = []
    for case, found in cases.items():
        found.sort(key=lambda run: run.metrics["phase_length_s"].value)
        names = ("phase_length_s", "following_fraction", "staying_fraction")
        columns = [np.array([run.metrics[name].value for run in found]) for name in names]
        metrics = found[0].metrics
        curves.append(FollowingCurve(case, *columns, metrics["break_even_s"].value, metrics["dark_ms"].value))
    return sorted(curves, key=lambda curve: -curve.dark_ms)


def plot_break_even(curves: list[FollowingCurve], file: Path) -> None:
    """Write phase length against the share of the demand that is carried, as a PNG.

    Parameters
    ----------
    curves
        What to show; a dot marks where each design breaks even with staying.
    file
        Where to write.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(10, 5), layout="constrained")
    colors = plt.get_cmap("viridis")(np.linspace(0.0, 0.92, len(curves)))
    for curve, color in zip(curves, colors, strict=True):
        style = ".-" if "scheduled" in curve.case else ".--"
        label = f"{curve.case}: {_time_text(curve.dark_ms * 1e-3)} dark, pays from {_time_text(curve.break_even_s)}"
        axis.plot(curve.length_s, curve.following_fraction, style, color=color, label=label)
        axis.plot(curve.break_even_s, curve.staying_fraction[0], "o", color=color, markersize=7)
    if curves:
        axis.axhline(curves[0].staying_fraction[0], color="black", linewidth=1, label="staying on an even mesh")
    axis.set(xscale="log", xlabel="length of a phase, s", ylabel="share of the demand carried", ylim=(0, 1))
    axis.grid(visible=True, alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    figure.savefig(file, dpi=100, metadata={"Software": None})
    plt.close(figure)


def _time_text(seconds: float) -> str:
    if not np.isfinite(seconds):
        return "never"
    for unit, size in (("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def main(folder: Path, pictures: Path) -> None:
    """Draw what the runs in a folder have."""
    runs = [open_run(path) for path in sorted(folder.glob("*.h5"))]
    plot_break_even(following_curves(runs), pictures / BREAK_EVEN)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
