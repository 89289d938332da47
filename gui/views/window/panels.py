# SPDX-License-Identifier: Apache-2.0
"""Where a view joins the window: one line in `all_panels`, with what it needs beyond the window given to it here."""

from __future__ import annotations

from functools import partial

from gui.views.charts.chart_panels import chart_panels
from gui.views.fabric import failed_panel as failures
from gui.views.fabric import links_panel as links
from gui.views.fabric import panels as fabrics
from gui.views.runs import panels as own
from gui.views.scenario import panels as works
from gui.views.tasks.panel import PanelSpec
from gui.views.tasks.session_keeper import SessionKeeper
from gui.views.tasks.work import Work

FABRIC = "The fabric of the current run in 3-D"
SCENARIO = "A form in which a scenario is written and run"
RUNS = "The table of runs, with their tags and notes"
JOBS = "What is being computed, how far it is, and its log"
PATHS = "The paths between two clicked endpoints, hop by hop"
LINKS = "Which links are drawn, and those of them that stand out most"
FAILED = "What has failed, what the run carries without it, and what limits that"
OCS = "The port matrix of an optical circuit switch, and reconfigurations step by step"


def all_panels(work: Work, keeper: SessionKeeper) -> tuple[PanelSpec, ...]:
    """Return every view of the window; the first of each place is in front."""
    fabric = partial(fabrics.fabric, keeper)
    scenario, scenario_commands = partial(works.scenario, work), partial(works.scenario_commands, work, keeper)
    jobs, jobs_commands = partial(works.jobs, work), partial(works.jobs_commands, work)
    failed_commands = partial(failures.failed_commands, work)
    return (
        PanelSpec("fabric", "Fabric", "center", fabric, fabrics.fabric_commands, help=FABRIC),
        PanelSpec("scenario", "Scenario", "center", scenario, scenario_commands, False, help=SCENARIO),
        PanelSpec("runs", "Runs", "bottom", own.runs, own.runs_commands, help=RUNS),
        PanelSpec("jobs", "Jobs", "bottom", jobs, jobs_commands, False, help=JOBS),
        *chart_panels(work),
        PanelSpec("paths", "Traced paths", "bottom", fabrics.paths, fabrics.paths_commands, help=PATHS),
        PanelSpec("links", "Links", "bottom", links.links, links.links_commands, shown=False, help=LINKS),
        PanelSpec("failed", "Failed parts", "bottom", failures.failed, failed_commands, shown=False, help=FAILED),
        PanelSpec("ocs", "Circuits", "right", fabrics.ocs, fabrics.ocs_commands, shown=False, help=OCS),
    )
