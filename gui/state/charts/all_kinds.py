# SPDX-License-Identifier: Apache-2.0
"""Every chart of the viewer."""

from __future__ import annotations

from functools import partial

from gui.state.charts import of_selection, of_table
from gui.state.charts.kinds import ChartKind, on_selection, on_table

_selection = partial(ChartKind, depends=on_selection, reads_files=True)
_table = partial(ChartKind, depends=on_table)

SELECTION_KINDS = (
    _selection("power", "Power", "Network power of the selected runs by category", of_selection.power),
    _selection("cost", "Cost", "Cost of the selected runs by category", of_selection.cost),
    _selection("latency", "Latency", "How latency is spread over the traffic", of_selection.latency),
    _selection("loads", "Link loads", "How link loads are spread over the arcs", of_selection.loads),
    _selection("budget", "Link budget", "A link budget part by part", of_selection.budget),
    _selection("availability", "Availability", "What is delivered for how much of the time", of_selection.failing),
    _selection("intervals", "Intervals", "A metric of the selected runs with its interval", of_selection.interval),
)
TABLE_KINDS = (
    _table("pareto", "Pareto", "The runs of the table by two metrics, with the front", of_table.pareto),
    _table("parallel", "Parallel", "The runs of the table over several metrics", of_table.parallel),
    _table("heat_map", "Heat map", "A metric over two parameters of a sweep", of_table.heat_map),
    _table(
        "break_even",
        "Break-even",
        "From what length of phases reconfiguring pays",
        of_table.break_even,
        study=of_table.BREAK_EVEN_STUDY,
    ),
)
