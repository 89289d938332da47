# SPDX-License-Identifier: Apache-2.0
"""Pictures of the documentation that are drawn from runs of shipped studies.

``optinet sweep reconfiguration_break_even -o DIR`` and then ``python -m experiments.figures DIR docs/images`` make them
anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from experiments.charts import Curves, break_even
from experiments.charts.phases import PHASE_METRICS
from optinet.results import Run, open_run

BREAK_EVEN = "reconfiguration_break_even.png"


def break_even_chart(runs: Iterable[Run]) -> Curves:
    """Return what following a demand carries, one curve for each design whose runs have phases."""
    phased = [run for run in runs if "phase_length_s" in run.metrics]
    metrics = {name: np.array([run.metrics[name].value for run in phased], dtype=float) for name in PHASE_METRICS}
    return break_even([run.case for run in phased], metrics, most=len(phased))


def plot_break_even(chart: Curves, file: Path) -> None:
    """Write phase length against the share of the demand that is carried, as a PNG.

    Parameters
    ----------
    chart
        What to show; a dot marks where each design breaks even with staying.
    file
        Where to write.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(10, 5), layout="constrained")
    *designs, staying = chart.lines or (None,)
    colors = plt.get_cmap("viridis")(np.linspace(0.0, 0.92, len(designs)))
    for line, color in zip(designs, colors, strict=True):
        curve = line.curve
        style = "-" if "scheduled" in curve.label else "--"
        axis.plot(*chart.path(curve), style, color=color, label=line.label)
        axis.plot(curve.x, curve.y, ".", color=color)
        axis.plot(*curve.mark, "o", color=color, markersize=7)
    if staying is not None:
        axis.axhline(staying.curve.y[0], color="black", linewidth=1, label=staying.label)
    axis.set(xscale="log", xlabel=chart.x_label, ylabel=chart.y_label, ylim=(0, 1))
    axis.grid(visible=True, alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    figure.savefig(file, dpi=100, metadata={"Software": None})
    plt.close(figure)


def main(folder: Path, pictures: Path) -> None:
    """Draw what the runs in a folder have."""
    runs = [open_run(path) for path in sorted(folder.glob("*.h5"))]
    plot_break_even(break_even_chart(runs), pictures / BREAK_EVEN)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
