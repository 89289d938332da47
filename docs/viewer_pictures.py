# SPDX-License-Identifier: Apache-2.0
"""The views that `screenshots.py` takes pictures of, and how the viewer gets to each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from viewer_stage import COMPARED, CURRENT, Stage

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

Show = Callable[[Stage], "QWidget | None"]
MESH, PLANES = "2 OCS mesh, MEMS, pluggable", "4 multi-plane, CPO 2.5D"
FAMILIES = {
    "leaf_spine": "leaf-spine",
    "fat_tree": "fat tree, k = 16",
    "clos3": "Clos of pods",
    "dragonfly": "dragonfly",
    "hyperx": "HyperX, 6 x 6",
    "slim_fly": "Slim Fly, q = 5",
    "random_regular": "random regular",
    "rail_optimized": "rail-optimized",
    "hypercube": "hypercube",
    "full_mesh": "full mesh",
    "torus": "torus, 8 x 8 x 16",
    "copper": "copper domain (NVL72)",
}


# -- how a view is reached; each returns what is to be taken, by default the window


def _hero(stage: Stage) -> None:
    stage.window.selection.set(stage.usual, stage.usual[0])


def _compared(stage: Stage) -> None:
    stage.window.commands.run("color.by_margin")
    stage.window.commands.run("view.side_by_side")


def _panel(name: str, stage: Stage) -> None:
    stage.window.panels[name].show()


def _dialog(command: str, stage: Stage) -> QWidget:
    stage.window.commands.run(command)
    stage.settle()
    return stage.dialogs()[-1]


def _search(stage: Stage) -> None:
    stage.window.commands.run("view.search")
    stage.window.panels["fabric"].widget.search.text.setText("chip(8,8,")


def _first_start(stage: Stage) -> None:
    from gui.app import begin, parser

    stage.opened.clear()
    stage.window.commands.run("file.close_all")
    stage.window.settings.remove("recent")
    begin(stage.window, parser().parse_args([]))


def _empty(name: str, stage: Stage) -> None:
    stage.opened.clear()
    stage.window.commands.run("file.close_all")
    stage.window.panels[name].show()


def _paths(stage: Stage) -> None:
    from optinet.fabric import NodeKind

    ends = (stage.window.fabric_state.scene.node_kind != NodeKind.SWITCH).nonzero()[0]
    stage.window.fabric_state.set_chosen((int(ends[0]), int(ends[9])))
    stage.settle()


def _fabric_of(design: str, stage: Stage, *commands: str) -> None:
    stage.current(design)
    for each in commands:
        stage.window.commands.run(each)
        stage.settle()


def _family(design: str, stage: Stage, *commands: str) -> None:
    stage.open([stage.families])
    _fabric_of(design, stage, *commands)


def _two(stage: Stage, command: str) -> None:
    stage.window.selection.set(stage.usual[:2], stage.usual[0])
    stage.window.commands.run(command)


def _all_uniform(name: str, stage: Stage) -> None:
    stage.window.selection.set(stage.uniform)
    stage.window.panels[name].show()


def _failed(stage: Stage) -> None:
    from gui.state.fabric.failed_parts import links_part, node_part, ocs_part

    window = stage.window
    scene = window.fabric_state.scene
    for part in (node_part(scene, 0), links_part(scene, scene.limiting.nonzero()[0][:1]), ocs_part(3)):
        window.failures.toggle(part)
    stage.wait(lambda: window.fabric_state.scene.after is not None)


def _menu(stage: Stage) -> QWidget:
    from PyQt6.QtCore import QPoint

    from gui.state.fabric.picking import Picked
    from gui.views.fabric.failed_panel import open_menu

    menu = open_menu(stage.window, Picked("point", 0), QPoint(100, 100))
    stage.settle()
    return menu


def _message(stage: Stage) -> None:
    broken = stage.folder / "broken.h5"
    broken.write_bytes(b"not a run file")
    stage.opened.clear()
    stage.window.open_paths([str(broken), str(stage.folder / "gone.h5")])


def _side_by_side(stage: Stage) -> None:
    stage.window.commands.run("view.side_by_side")


def _hovered(stage: Stage) -> None:
    from PyQt6.QtCore import QPointF

    view = stage.window.fabric
    for x in range(view.width() // 2, view.width()):
        if (found := view.pick(float(x), view.height() / 2)) is not None:
            view._pointer = QPointF(x, view.height() / 2)
            view._announce(found)
            break
    view.update()


def _playback(stage: Stage) -> None:
    stage.current("2 OCS mesh, MEMS, pluggable")
    stage.window.panels["ocs"].show()
    ocs = stage.window.panels["ocs"].widget
    ocs.target.setCurrentIndex(1)
    ocs.target.activated.emit(1)
    stage.wait(lambda: ocs.playback is not None, 20.0)
    if ocs.playback is not None:
        ocs.slider.setValue(ocs.playback.n_steps // 2)


def _scenario(stage: Stage) -> None:
    window = stage.window
    window.commands.run("scenario.new")
    form = window.panels["scenario"].widget
    stage.wait(lambda: form.is_settled and bool(form.pages))
    _turn_to("Topology", stage)


def _scenario_error(stage: Stage) -> None:
    _scenario(stage)
    form = stage.window.panels["scenario"].widget
    form.row("topology.leaves").type("eight")
    form.row("topology.spines").type("0")
    stage.wait(lambda: form.is_settled and form.check.problems)


def _scenario_page(name: str, stage: Stage) -> None:
    _scenario(stage)
    _turn_to(name, stage)


def _turn_to(name: str, stage: Stage) -> None:
    form = stage.window.panels["scenario"].widget
    titles = [form.sections.bar.tabText(i).split(" ✗")[0] for i in range(form.sections.count())]
    form.sections.setCurrentIndex(titles.index(name))


def _jobs(stage: Stage) -> None:
    work = stage.window.work
    stage.opened.clear()
    if not any(job.title == "Broken scenario" for job in work.engine.jobs):
        _scenario(stage)
        work.run_form(stage.folder / "results")
        stage.wait(lambda: not work.engine.active)
        work.engine.start_command(
            "Broken scenario", stage.folder, ["-c", "import os; os.abort()"], ["run", "broken.toml"]
        )
        stage.wait(lambda: not work.engine.active)
    stage.window.panels["fabric"].show()
    stage.window.panels["jobs"].show()


def _jobs_running(stage: Stage) -> None:
    from experiments.scenario import shipped

    work = stage.window.work
    work.engine.start(
        "Break-even of reconfiguration", shipped("studies")["reconfiguration_break_even"], stage.folder / "study"
    )
    stage.wait(lambda: work.engine.active[-1].share > 0.02, 40.0)
    stage.window.panels["jobs"].show()


def _filtered(text: str, stage: Stage) -> None:
    stage.window.runs.filter.setFocus()
    stage.window.runs.filter.setText(text)


def _more(name: str, stage: Stage) -> None:
    stage.open(stage.more)
    stage.window.panels[name].show()


def _availability(stage: Stage) -> None:
    stage.open([stage.families])
    drawn = "delivered_at_99_gbps_per_endpoint"
    stage.window.selection.set([entry.key for entry in stage.window.session.entries if drawn in entry.numbers])
    stage.window.panels["availability"].show()


def _sensitivity(stage: Stage) -> None:
    stage.window.panels["sensitivity"].show()
    stage.settle()
    view = stage.window.panels["sensitivity"].widget
    if view.shown.chart is None:
        view.asked.emit()
        stage.wait(lambda: view.shown.chart is not None, 60.0)


def _crash(stage: Stage) -> QWidget:
    from gui.views.window.crash_dialog import CrashDialog, report_text

    try:
        int("a mistake made for this picture")
    except ValueError as error:
        made = CrashDialog(report_text(type(error), error, error.__traceback__), stage.window)
    made.open()
    return made


def every_view(stage: Stage) -> dict[str, Show]:
    """Return each picture and how to get there."""
    special = ("fabric", "runs", "paths", "ocs", "scenario", "jobs", "sensitivity", "failed", "availability")
    views: dict[str, Show] = {
        "window": lambda _: None,
        "hovered": _hovered,
        "hero": _hero,
        "compared": _compared,
        "paths": _paths,
        "side_by_side": _side_by_side,
        "side_by_side_two": lambda s: _two(s, "view.side_by_side"),
    }
    views |= {name: partial(_panel, name) for name in stage.window.panels if name not in special}
    views |= {f"{name}_all": partial(_all_uniform, name) for name in ("power", "parallel", "latency", "compare")}
    views |= {"compare_two": lambda s: _two(s, "panel.compare"), "availability": _availability}
    views |= _fabrics() | _doings()
    if stage.more:
        views |= {f"more_{name}": partial(_more, name) for name in ("break_even", "heat_map", "parallel", "pareto")}
    return views


def _fabrics() -> dict[str, Show]:
    quantities = ("load", "length", "margin", "latency", "link_class", "state")
    flagship = {"clos": COMPARED[0], "mesh": MESH, "cubes": CURRENT, "planes": PLANES}

    def shown(design: str, *commands: str) -> Show:
        return lambda stage: _fabric_of(design, stage, *commands)

    def family(design: str, *commands: str) -> Show:
        return lambda stage: _family(design, stage, *commands)

    return {
        "sensitivity": _sensitivity,
        "circuits": partial(_panel, "ocs"),
        "circuits_playback": _playback,
        **{f"fabric_{name}": shown(design) for name, design in flagship.items()},
        **{f"fabric_{name}_top": shown(design, "view.top") for name, design in flagship.items()},
        **{f"fabric_{name}_folded": shown(design, "view.fold_all") for name, design in flagship.items()},
        **{f"fabric_by_{name}": shown(CURRENT, f"color.by_{name}") for name in quantities},
        "fabric_clos_classes": shown(COMPARED[0], "color.by_link_class"),
        "fabric_mesh_classes": shown(MESH, "color.by_link_class"),
        "fabric_planes_margin": shown(PLANES, "color.by_margin"),
        "fabric_clos_no_hosts": shown(COMPARED[0], "view.host_links"),
        "fabric_racks": shown(COMPARED[0], "layout.floor"),
        "fabric_racks_top": shown(COMPARED[0], "layout.floor", "view.top"),
        "fabric_racks_ocs": shown(MESH, "layout.floor"),
        "fabric_racks_cubes": shown(CURRENT, "layout.floor"),
        "fabric_plane_alone": shown(PLANES, "view.isolate_next"),
        "fabric_cube_alone": shown(CURRENT, "view.isolate_next"),
        "fabric_force": shown(MESH, "layout.force"),
        "fabric_limit": shown(CURRENT, "view.limit"),
        **{f"family_{name}": family(design) for name, design in FAMILIES.items()},
        "family_fat_tree_folded": family(FAMILIES["fat_tree"], "view.fold_all"),
        "family_fat_tree_top": family(FAMILIES["fat_tree"], "view.top"),
        "family_dragonfly_force": family(FAMILIES["dragonfly"], "layout.force"),
        "failed": _failed,
        "failed_none": partial(_panel, "failed"),
        "search": _search,
    }


def _doings() -> dict[str, Show]:
    pages = (
        "General",
        "Workload",
        "Routing",
        "Design",
        "Values",
        "Racks",
        "Failures",
        "Failed parts",
        "Phases",
        "Vary",
    )
    dialogs = {
        "palette": "help.palette",
        "preferences": "edit.preferences",
        "shortcuts": "help.shortcuts",
        "about": "help.about",
        "guide": "help.guide",
        "columns": "edit.all_columns",
        "filter": "edit.filter_help",
        "range": "color.range",
    }
    return {
        "filtered": partial(_filtered, "topology:tpu_pod network_kw<100"),
        "filter_error": partial(_filtered, "netwrk_kw<100"),
        "filter_nothing": partial(_filtered, "dragonfly"),
        "message": _message,
        "scenario": _scenario,
        "scenario_error": _scenario_error,
        **{f"scenario_{name.lower().replace(' ', '_')}": partial(_scenario_page, name) for name in pages},
        "jobs_none": partial(_panel, "jobs"),
        "jobs_running": _jobs_running,
        "jobs": _jobs,
        **{f"dialog_{name}": partial(_dialog, command) for name, command in dialogs.items()},
        "dialog_crash": _crash,
        "menu": _menu,
        "first_start": _first_start,
        "empty": partial(_empty, "fabric"),
        **{f"empty_{name}": partial(_empty, name) for name in ("pareto", "power", "compare", "ocs", "failed")},
    }
