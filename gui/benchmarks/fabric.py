# SPDX-License-Identifier: Apache-2.0
"""How fast the fabric view is.

Without files it draws a torus of 10,164 chips and 30,492 links and a fat tree of 65,536 hosts, with loads drawn at
random. Nothing is solved. Times are milliseconds of this thread's processor time, so that other programs on the machine
count little; a frame is projection, drawing and painting of one movement in a view of 1200 x 800.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QCoreApplication
from PyQt6.QtWidgets import QApplication

import topologies
from gui.state.fabric.scene import Scene
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import read_entry
from gui.views.fabric.view import FabricView
from gui.views.widgets.palette import LIGHT
from gui.views.widgets.watchdog import Watchdog
from optinet.results import open_run, write_run
from optinet.results.content import RunContent, fabric_groups

SIZE = (1200, 800)
FRAMES = 90
CASES = {"torus": {"dims": (22, 22, 21)}, "fat_tree": {"k": 64}}
COLUMNS = "nodes links read_ms frame_ms frame_p95_ms frames_per_s rest_ms slice_ms pick_ms turn_ms drawn"


def print_fabrics(given: Sequence[Path]) -> None:
    """Print one line for each run file."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        files = list(given) or [_written(name, Path(folder)) for name in CASES]
        sys.stdout.write(f"{'run':<16}" + "".join(f"{name:>14}" for name in COLUMNS.split()) + "\n")
        for file in files:
            start = time.thread_time()
            scene = scene_of(read_entry(open_run(file)))
            numbers = measured(scene)
            row = [scene.n_nodes, scene.n_links, 1e3 * (numbers.pop("started") - start), *numbers.values()]
            sys.stdout.write(f"{file.stem:<16}" + "".join(f"{value:>14,.{_decimals(value)}f}" for value in row) + "\n")
    del application


def measured(scene: Scene, frames: int = FRAMES) -> dict[str, float]:
    """Return times in milliseconds, and the share of the links drawn in the last moving frame.

    Parameters
    ----------
    scene
        What to draw.
    frames
        Movements to be made, at least 20; the first ten, in which the view learns how fast it is, do not count.
    """
    started = time.thread_time()
    application = QApplication.instance()
    assert application is not None  # whoever measures has made one
    state = FabricViewState()
    view = FabricView(state, LIGHT)
    view.resize(*SIZE)
    view.show()
    state.resize(*SIZE)
    state.show(scene)
    application.processEvents()
    times = []
    for frame in range(frames):
        start = time.thread_time()
        state.orbit(3.0, 0.5 if frame % 60 < 30 else -0.5)
        view.repaint()
        times.append(time.thread_time() - start)
    moving = np.array(times[10:])
    share = view.drawn_share
    start = time.thread_time()
    slices = _rest(view)
    rest = time.thread_time() - start
    start = time.thread_time()
    for x in range(200, 1000, 8):
        view.pick(float(x), 400.0)
    pick = (time.thread_time() - start) / 100
    longest = _longest_turn(application, view)
    view.close()
    return {
        "started": started,
        "frame_ms": 1e3 * float(np.median(moving)),
        "frame_p95_ms": 1e3 * float(np.percentile(moving, 95)),
        "frames_per_s": 1.0 / float(np.median(moving)),
        "rest_ms": 1e3 * rest,
        "slice_ms": 1e3 * max(slices),
        "pick_ms": 1e3 * pick,
        "turn_ms": 1e3 * longest,
        "drawn": share,
    }


def _longest_turn(application: QCoreApplication, view: FabricView) -> float:
    """Move, come to rest and move again as a user would; return the longest turn of the event loop, seconds."""
    watchdog = Watchdog()
    watchdog.start()
    for step in (4.0, -4.0):
        for _ in range(5):
            view.state.orbit(step, 0.0)
            application.processEvents()
        end = time.monotonic() + 5.0
        while not view.is_complete and time.monotonic() < end:
            application.processEvents()
    watchdog.stop()
    return watchdog.longest_s


def _rest(view: FabricView) -> list[float]:
    """Complete the first resting image and return how long each slice took."""
    times = []
    start = time.thread_time()
    for _ in view.resting():
        times.append(time.thread_time() - start)
        start = time.thread_time()
    return times


def _written(name: str, folder: Path) -> Path:
    """Write a run of a fabric whose loads are random, and return the file."""
    fabric = topologies.build(name, **CASES[name])
    used = np.random.default_rng(1).random(fabric.n_arcs)
    nothing = [np.nan]
    groups = fabric_groups(fabric) | {
        "scenario": {"toml": "", "json": json.dumps({"title": name, "topology": {"name": name}, "workload": {}})},
        "arcs": {
            "capacity_gbps": fabric.arc_capacity_gbps,
            "load_gbps": used * fabric.arc_capacity_gbps,
            "utilization": used,
        },
        "metrics": dict.fromkeys(("value", "low", "high"), nothing)
        | {"name": ["network_kw"], "unit": ["kW"], "meaning": ["none"]},
    }
    path = folder / f"{name}.h5"
    write_run(path, RunContent(name, name, "ecmp", "", "0" * 64, groups))
    return path


def _decimals(value: float) -> int:
    return 0 if float(value).is_integer() or value >= 100 else 1 if value >= 10 else 2
