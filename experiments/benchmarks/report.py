# SPDX-License-Identifier: Apache-2.0
"""The comparison as a table on the terminal and as a page of Markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from rich.table import Table

from experiments.benchmarks import growth
from experiments.benchmarks.rows import Row, seconds_text

_HEADINGS = ("work", "peer", "peer time", "optinet", "runs", "peak MB", "ratio", "target", "met", "largest difference")
_ON_THE_PAGE_ALONE = ("runs", "peak MB", "largest difference")

_INTRODUCTION = """\
# Benchmarks

optinet beside its peers, on the same inputs, in one run on one machine; `make bench` repeats it. A ratio is the peer's
time over optinet's. Times are medians over the runs. Compiling (Numba, cached between runs) and building graphs are
outside on both sides; what is inside is said below. Every measurement of optinet has a process of its own; its peak
memory has the interpreter, the libraries and the inputs inside. What takes more than ten minutes is stopped.

- `simulate_flows`: dimension-order routing and simulation, on both sides. Flows: source i mod n, uniform random target,
  0.5 to 1.5 x 10^8 B, all starting at 0, links of 100 Gb/s. SimGrid is CM02 with all TCP factors off, run with lazy
  (its default) and with full updates; the faster counts, the finish times are compared with the full ones. With
  latencies SimGrid weights flows by 1 / latency and its lazy updates are off by up to a path's latency, more in rare
  cases; optinet is given the same weights.
- `link_loads` on tori: igraph and networkx compute edge betweenness, which is the same on tori with even sides.
- `link_loads` on a Clos: NetGraph's `SHORTEST_PATHS_ECMP`, which is the same routing, and its `TE_ECMP_16_LSP`, which
  places 16 tunnels for each demand; capacity is ample. Expanding the demands and preparing its graph are inside, as is
  reading the demand matrix for optinet. The target is for the tunnels: NetGraph's presets without them all take as long
  as its ECMP, `TE_ECMP_UP_TO_256_LSP` takes 14 times as long as 16 tunnels.
- `concurrent_flow`: the largest throughput of any routing; the linear program is built before its time starts.
- `max_min_rates`: checking the inputs is inside, choosing the paths outside. The certificate: no arc is overfull, and
  every flow crosses a full arc on which no flow gets more; the number is by how much that is missed.
- Sweeps and folders: small points that differ in seed, spines or optics, and run files under several names. Planning is
  the processor time for reading the study and ordering its points. Dispatch and index is that of the process that gives
  points out, with all its threads: the runs put into the index and the index opened once more inside, writing run files
  outside. Making a run file is the processor time of a worker, from what was computed to the bytes; writing is the time
  on the clock until the file is on the disk and in its place. Both are those of the points of the sweep, while the
  workers go on computing, as is evaluating: the time on the clock that a point is with its worker.
- First calls: what a user waits for when nothing has been compiled on the machine yet, importing Numba and compiling
  inside; later calls, and later processes, take the compiled kernels from the cache. A second process compiles along
  for functions that need many kernels; time is that on the clock.
"""


def table(rows: list[Row]) -> Table:
    """Return the rows for the terminal: the columns that matter most."""
    made = Table(title="optinet beside its peers")
    shown = [index for index, heading in enumerate(_HEADINGS) if heading not in _ON_THE_PAGE_ALONE]
    for index in shown:
        made.add_column(_HEADINGS[index], no_wrap=_HEADINGS[index] not in ("work", "peer"))
    for row in rows:
        cells = _cells(row)
        made.add_row(*(cells[index] for index in shown))
    return made


def growth_table(each: growth.Growth) -> Table:
    """Return one growth study for the terminal."""
    made = Table("solver", each.size_label, "time", "peak MB", title=each.title)
    for curve in each.curves:
        for point in curve.points:
            made.add_row(*_point_cells(curve, point))
    return made


def summary(row: Row) -> str:
    """Return a row in a line, told as soon as it is measured."""
    parts = [seconds_text(row.ours.seconds)]
    if row.ratio is not None:
        parts.append(f"{row.peer} {seconds_text(row.peer_s or 0.0)}, {row.ratio:.3g} x")
    elif row.peer:
        parts.append(row.peer)
    if row.difference is not None:
        parts.append(f"{row.compared} within {row.difference:.1e}")
    return f"{row.work}: " + "; ".join(parts)


def markdown(rows: list[Row], growths: list[growth.Growth]) -> str:
    """Return the page; plots are expected beside it, named by `plot_name`."""
    lines = [_INTRODUCTION, machine(), "", _line(_HEADINGS), _line(("---",) * len(_HEADINGS))]
    lines += [_line(_cells(row)) for row in rows]
    if growths:
        lines += ["", "## Growth", ""]
        lines += ["Exponents are slopes of time over size in the upper decade.", ""]
    for each in growths:
        lines += [f"### {each.title}", "", f"![{each.title}]({plot_name(each)})", ""]
        lines += [_line(("solver", each.size_label, "time", "peak MB")), _line(("---",) * 4)]
        for curve in each.curves:
            lines += [_line(_point_cells(curve, point)) for point in curve.points]
        slopes = "; ".join(f"{curve.label}: size^{curve.exponent:.2f}" for curve in each.curves)
        lines += ["", slopes + ".", ""]
    return "\n".join(lines).rstrip() + "\n"


def plot_name(each: growth.Growth) -> str:
    """Return the file name of a plot, relative to the page."""
    return f"images/growth_{each.name}.png"


def write(rows: list[Row], growths: list[growth.Growth], folder: Path) -> None:
    """Write the page and its plots.

    Parameters
    ----------
    rows, growths
        What was measured.
    folder
        Made if it does not exist.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for each in growths:
        growth.plot(each, folder / plot_name(each))
    (folder / "benchmarks.md").write_text(markdown(rows, growths), encoding="utf-8")


def machine() -> str:
    """Return what the numbers were measured on, in one line: no names of hosts, users or folders."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "scipy"))
    load = os.getloadavg()[0]
    return (
        f"Machine: {os.cpu_count()} cores ({platform.machine()}{_processor()}), {platform.system()}, "
        f"Python {platform.python_version()}, {versions}; load average at the end {load:.1f}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f", {names[0]}" if names else ""


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: ""}[row.met]
    difference = "" if row.difference is None else f"{row.difference:.1e}, {row.compared}"
    return (
        row.work,
        row.peer,
        "" if row.peer_s is None else seconds_text(row.peer_s),
        seconds_text(row.ours.seconds),
        str(row.ours.runs),
        _megabytes(row.ours.peak_mb),
        "" if row.ratio is None else f"{row.ratio:.3g}",
        str(row.target),
        met,
        difference,
    )


def _point_cells(curve: growth.Curve, point: growth.Point) -> tuple[str, ...]:
    return curve.label, f"{point.size:,}", seconds_text(point.seconds), _megabytes(point.peak_mb)


def _megabytes(peak_mb: float) -> str:
    return f"{peak_mb:.0f}" if peak_mb == peak_mb else ""


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
