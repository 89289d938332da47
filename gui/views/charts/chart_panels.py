# SPDX-License-Identifier: Apache-2.0
"""How the charts join the window: those of the selection at the right, those of the whole table in the middle."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gui.state.charts.all_kinds import SELECTION_KINDS, TABLE_KINDS
from gui.state.charts.kinds import ChartKind
from gui.state.charts.sensitivity import Question, Sensitivity, question_of
from gui.views.tasks.panel import PanelSpec, Window
from gui.views.tasks.work import Work

if TYPE_CHECKING:
    from gui.views.charts.chart_view import ChartView
    from gui.views.charts.comparison import ComparisonView

COMPARE = "What differs between selected runs, or all that one holds"
_SHOWN = ("power", "cost", "latency", "loads", "budget")  # of those at the right, before the user has chosen


def chart_panels(work: Work) -> tuple[PanelSpec, ...]:
    """Return every chart as a view of the window."""
    return (
        *(
            PanelSpec(k.id, k.title, "right", partial(_chart, k, work), shown=k.id in _SHOWN, help=k.help)
            for k in SELECTION_KINDS
        ),
        PanelSpec(
            "sensitivity",
            "Sensitivity",
            "right",
            _sensitivity,
            shown=False,
            help="What makes the numbers of the current run unsure, and whether they surely beat another's",
        ),
        *(PanelSpec(k.id, k.title, "center", partial(_chart, k, work), help=k.help) for k in TABLE_KINDS),
        PanelSpec("compare", "Compare", "center", _comparison, help=COMPARE),
    )


def _comparison(window: Window) -> ComparisonView:
    from gui.views.charts.comparison import ComparisonView

    return ComparisonView(window.table, window.selection, window.jobs.submit, window.theme)


def _chart(kind: ChartKind, work: Work, window: Window) -> ChartView:
    from gui.views.charts.chart_view import ChartView

    worker = window.jobs if kind.reads_files else window.finder
    view = ChartView(kind, window.session, window.table, window.selection, worker.submit, window.theme)
    if kind.study:
        view.asked.connect(lambda: work.ask_about_study(kind.study))
    return view


def _sensitivity(window: Window) -> ChartView:
    from gui.child import Child
    from gui.views.charts.chart_view import ChartView

    state = Sensitivity()
    kind = ChartKind("sensitivity", "Sensitivity", "", state.make, state.depends)
    view = ChartView(kind, window.session, window.table, window.selection, window.finder.submit, window.theme)
    child = Child(view)

    def end(question: Question, take: Callable[[Question, str], None], text: str) -> None:
        state.running = None
        take(question, text)
        view.make_again()

    def asked() -> None:
        question = question_of(window.selection.keys, window.selection.current)
        if state.running is not None or question is None:
            child.stop()
            state.running = None
        else:
            state.running = question
            done, failed = partial(end, question, state.take), partial(end, question, state.fail)
            child.start(state.arguments(question), done, failed)
        view.make_again()

    view.asked.connect(asked)
    window.closing.connect(child.stop)
    return view
