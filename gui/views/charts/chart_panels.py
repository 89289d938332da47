# SPDX-License-Identifier: Apache-2.0
"""How the charts join the window: those of the selection at the right, those of the whole table in the middle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gui.state.charts.all_kinds import SELECTION_KINDS, TABLE_KINDS
from gui.state.charts.kinds import ChartKind
from gui.views.exporting import PICTURE_KINDS
from gui.views.panels import PanelSpec

if TYPE_CHECKING:
    from gui.views.charts.chart_view import ChartView
    from gui.views.main_window import MainWindow

_SHOWN = ("power", "cost", "latency", "loads", "budget")  # of those at the right, before the user has chosen


def chart_panels() -> tuple[PanelSpec, ...]:
    """Return every chart as a view of the window."""
    files = (*PICTURE_KINDS, ".csv")
    return (
        *(
            PanelSpec(k.id, k.title, "right", partial(_chart, k), exports=files, shown=k.id in _SHOWN, help=k.help)
            for k in SELECTION_KINDS
        ),
        *(PanelSpec(k.id, k.title, "center", partial(_chart, k), exports=files, help=k.help) for k in TABLE_KINDS),
    )


def _chart(kind: ChartKind, window: MainWindow) -> ChartView:
    from gui.views.charts.chart_view import ChartView

    worker = window.jobs if kind.reads_files else window.finder
    return ChartView(kind, window.session, window.table, window.selection, worker.submit, window.theme)
