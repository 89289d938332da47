# SPDX-License-Identifier: Apache-2.0
"""Take pictures of every view of the viewer: ``python docs/screenshots.py RUNS [MORE ...] [-o FOLDER]``.

RUNS is the folder of runs that `make demo` writes. MORE are folders of runs that show what those cannot: phases (the
study `reconfiguration_break_even`). Runs of other families and of failures are made of `data/pictures.toml`. Each view
is taken in a window of 1440 x 900, light and dark, at 100 % and 200 % of the usual size, to be looked at one by one.
With ``--kept`` only the pictures in `KEPT` are taken, which the documentation shows, into its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from viewer_pictures import every_view
from viewer_stage import Stage

SCALES = (1, 2)
THEMES = ("light", "dark")
SIZE = {"x": 0, "y": 0, "width": 3840, "height": 2160}  # Qt's own, of 800 x 800, has no room for dialogs at 200 %
SCREEN = {"name": "screen", **SIZE, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
KEPT = {
    "hero-light-1": "viewer",
    "scenario-light-1": "viewer_scenario",
    "paths-light-1": "viewer_paths",
    "pareto-light-1": "viewer_pareto",
    "compared-dark-1": "viewer_side_by_side",
    "circuits_playback-light-1": "viewer_circuits",
}


def take_all(options: argparse.Namespace, scale: int) -> None:
    """Take every picture at one scale; in a process of its own, because Qt reads the scale once."""
    from PyQt6.QtWidgets import QApplication

    application = QApplication([])
    with tempfile.TemporaryDirectory(prefix="optinet-") as folder:
        stage = Stage(application, options.runs, options.more, Path(folder))
        for theme in THEMES:
            stage.window.set_appearance(theme)
            stage.window.work.engine.clear()  # what was computed for the pictures of the other theme
            for name, show in every_view(stage).items():
                picture = f"{name}-{theme}-{scale}"
                if (options.kept and picture not in KEPT) or (options.only and name not in options.only):
                    continue
                taken = show(stage) or stage.window
                stage.settle()
                path = options.output / f"{KEPT[picture] if options.kept else picture}.png"
                taken.grab().save(str(path))
                if options.kept:
                    shrink(path)
                sys.stdout.write(f"{path}\n")
                sys.stdout.flush()
                stage.window.work.cancel_all()
                stage.wait(lambda: not stage.window.work.engine.active, 5.0)
                stage.reset()
        stage.window.close()


def shrink(path: Path) -> None:
    """Write a picture again with 256 colors, in a quarter of the size; no channel is off by more than 8 of 255."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main() -> None:
    """Take the pictures, each scale in a process of its own."""
    parser = argparse.ArgumentParser(prog="screenshots.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", type=Path, help="folder of the flagship's runs")
    parser.add_argument("more", type=Path, nargs="*", help="folders of runs with phases")
    parser.add_argument("-o", "--output", type=Path, help="folder of pictures; by default build/screenshots")
    parser.add_argument("--kept", action="store_true", help="only those that the documentation shows")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these views")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    here = Path(__file__).parent
    options.output = options.output or (here / "images" if options.kept else here.parent / "build" / "screenshots")
    options.output.mkdir(parents=True, exist_ok=True)
    if options.scale:
        take_all(options, options.scale)
        return
    with tempfile.TemporaryDirectory(prefix="optinet-") as folder:
        screen = Path(folder) / "screen.json"
        screen.write_text(json.dumps({"screens": [SCREEN]}))
        for scale in SCALES:
            environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
            environment.setdefault("QT_QPA_PLATFORM", f"offscreen:configfile={screen}")
            subprocess.run([sys.executable, *sys.argv, "--scale", str(scale)], env=environment, check=True)


if __name__ == "__main__":
    main()
