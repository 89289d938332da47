# SPDX-License-Identifier: Apache-2.0
"""Charts as data: what is drawn, free of how.

`experiments.drawing` renders them with matplotlib for the report, `gui.views.charts` with pyqtgraph for the viewer.
"""

from experiments.charts.budgets import waterfalls
from experiments.charts.designs import MEASURES, Group, Per, breakdown, divisor, intervals, scatter
from experiments.charts.distributions import latency_curves, load_curves
from experiments.charts.lines import Curve, Curves, Line
from experiments.charts.phases import break_even
from experiments.charts.reliability import availability_curves
from experiments.charts.shapes import (
    Bars,
    Chart,
    HeatMap,
    Interval,
    Intervals,
    Mark,
    Parallel,
    Points,
    Scatter,
    TornadoChart,
)
from experiments.charts.sweeps import Runs, heat_map, parallel, points
from experiments.charts.tables import chart_csv
from experiments.charts.waterfall import Step, Waterfall, WaterfallRow

__all__ = [
    "MEASURES",
    "Bars",
    "Chart",
    "Curve",
    "Curves",
    "Group",
    "HeatMap",
    "Interval",
    "Intervals",
    "Line",
    "Mark",
    "Parallel",
    "Per",
    "Points",
    "Runs",
    "Scatter",
    "Step",
    "TornadoChart",
    "Waterfall",
    "WaterfallRow",
    "availability_curves",
    "break_even",
    "breakdown",
    "chart_csv",
    "divisor",
    "heat_map",
    "intervals",
    "latency_curves",
    "load_curves",
    "parallel",
    "points",
    "scatter",
    "waterfalls",
]
