# SPDX-License-Identifier: Apache-2.0
"""Draw shipped systems into docs/images with the viewer's renderer: ``python docs/draw_systems.py [NAME ...]``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from optinet.results import open_run

DRAWN = ("tpu_v4", "cloudmatrix", "q3450", "polatis")
SIZE = (800, 500)


def draw(name: str, folder: Path) -> Path:
    """Write ``system_NAME.png``: the system, its links colored by length."""
    from PyQt6.QtCore import Qt
    from PyQt6.QtWidgets import QApplication

    from gui.state.fabric.quantities import LENGTH
    from gui.state.fabric.scene_reading import scene_of
    from gui.state.fabric.view import FabricViewState
    from gui.state.runs.entry import read_entry
    from gui.views.fabric.view import FabricView
    from gui.views.widgets.palette import LIGHT

    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as runs:
        path = Path(runs) / f"{name}.h5"
        path.write_bytes(evaluation_bytes(evaluate(load_scenario(name))))
        state = FabricViewState()
        view = FabricView(state, LIGHT)
        view.resize(*SIZE)
        state.resize(*SIZE)
        state.show(scene_of(read_entry(open_run(path))))
        state.set_quantity(LENGTH)
        picture = folder / f"system_{name}.png"
        view.export().image().scaledToWidth(SIZE[0], Qt.TransformationMode.SmoothTransformation).save(str(picture))
    del application
    return picture


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for system in sys.argv[1:] or DRAWN:
        sys.stdout.write(f"{draw(system, Path(__file__).parent / 'images')}\n")
