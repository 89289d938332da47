# SPDX-License-Identifier: Apache-2.0
"""Take pictures of every view of the viewer: ``python docs/screenshots.py RUNS [-o FOLDER] [--kept]``.

RUNS is a folder of runs, such as `make demo` writes. Each view is taken in a window of 1440 x 900, light and dark,
at 100 % and 200 % of the usual size, to be looked at one by one. With ``--kept`` only the pictures in `KEPT` are taken,
which the documentation shows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZE = (1440, 900)
SCALES = (1, 2)
THEMES = ("light", "dark")
CURRENT = "3 torus, MEMS"  # the design whose fabric is shown
COMPARED = ("1a electrical 51.2T, retimed", "1b electrical 102.4T, CPO 2.5D", "2 OCS mesh, MEMS, CPO", CURRENT)
KEPT = {
    "window-light-1": "viewer",
    "window-dark-1": "viewer_dark",
    "scenario-light-1": "viewer_scenario",
    "paths-light-1": "viewer_paths",
    "pareto-light-1": "viewer_pareto",
}
PATIENCE_S = 120.0


def take_all(runs: Path, folder: Path, scale: int, wanted: set[str]) -> None:
    """Take every picture at one scale; in a process of its own, because Qt reads the scale once."""
    from PyQt6.QtCore import QSettings
    from PyQt6.QtWidgets import QApplication

    from gui.views.main_window import MainWindow

    application = QApplication([])
    with tempfile.TemporaryDirectory() as kept:
        window = MainWindow(QSettings(str(Path(kept) / "settings.ini"), QSettings.Format.IniFormat))
        window.resize(*SIZE)
        window.show()
        window.open_paths([str(runs)])
        settle(application, window)
        designs, workloads = window.session.frame.texts("design"), window.session.frame.texts("workload")
        rows = zip(window.session.keys, designs, workloads, strict=True)
        key_of = {design: key for key, design, workload in rows if workload == "uniform"}
        window.selection.set([key_of[name] for name in COMPARED], key_of[CURRENT])
        for theme in THEMES:
            window.set_appearance(theme)
            for name in ("window", *window.panels):
                picture = f"{name}-{theme}-{scale}"
                if wanted and picture not in wanted:
                    continue
                show(application, window, name)
                path = folder / f"{KEPT.get(picture, picture) if wanted else picture}.png"
                window.grab().save(str(path))
                if wanted:
                    shrink(path)
                sys.stdout.write(f"{path}\n")
        window.close()


def show(application, window, name: str) -> None:  # noqa: ANN001
    """Bring a view to the front, with the fabric and the table for the picture of the whole window."""
    from optinet.fabric import NodeKind

    first = ("fabric", "runs", "power")
    scene = window.fabric_state.scene
    endpoints = (scene.node_kind != NodeKind.SWITCH).nonzero()[0]
    window.fabric_state.set_chosen((int(endpoints[0]), int(endpoints[9])) if name == "paths" else ())
    if name == "jobs" and not window.work.engine.jobs:
        window.work.run_form(Path(tempfile.mkdtemp(prefix="optinet-")))
    while window.work.engine.active:
        application.processEvents()
        time.sleep(0.05)
    window.panels["fabric"].show()
    for panel in first if name == "window" else (name,):
        window.panels[panel].show()
    settle(application, window)
    if name == "scenario":
        until = time.monotonic() + PATIENCE_S
        panel = window.panels["scenario"].widget
        while not (panel.is_settled and panel.pages) and time.monotonic() < until:
            application.processEvents()
            time.sleep(0.01)


def shrink(path: Path) -> None:
    """Write a picture again with 256 colors, in a quarter of the size; no channel is off by more than 8 of 255."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def settle(application, window) -> None:  # noqa: ANN001
    """Wait until everything is read and painted."""
    until = time.monotonic() + PATIENCE_S
    quiet = 0
    while quiet < 20 and time.monotonic() < until:
        application.processEvents()
        busy = window.jobs.is_busy or window.finder.is_busy
        busy = busy or (window.panels["fabric"].is_in_front and not window.fabric.is_complete)
        quiet = 0 if busy else quiet + 1
        time.sleep(0.02)


def main() -> None:
    """Take the pictures, each scale in a process of its own."""
    parser = argparse.ArgumentParser(prog="screenshots.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", type=Path, help="folder of runs")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(__file__).parent / "images", help="folder of pictures"
    )
    parser.add_argument("--kept", action="store_true", help="only those that the documentation shows")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.scale:
        take_all(options.runs, options.output, options.scale, set(KEPT) if options.kept else set())
        return
    for scale in SCALES:
        environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        subprocess.run([sys.executable, *sys.argv, "--scale", str(scale)], env=environment, check=True)


if __name__ == "__main__":
    main()
