# SPDX-License-Identifier: Apache-2.0
"""Write the sample runs anew: ``python -m gui.samples.build``. To be run when the format of run files changes."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from pathlib import Path

from experiments.runner import sweep
from experiments.study import load_study
from gui.samples import STUDY, samples_folder


def build(folder: Path) -> list[Path]:
    """Run the sample study and put its run files into a folder in place of those there."""
    socket.gethostname = lambda: "sample"  # what ships with the viewer does not name the machine it was made on
    with tempfile.TemporaryDirectory() as made:
        result = sweep(load_study(samples_folder() / STUDY), made, workers=1)
        if result.failures:
            raise SystemExit("\n".join(failure.error for failure in result.failures))
        for old in folder.glob("*.h5"):
            old.unlink()
        return [Path(shutil.move(path, folder / path.name)) for path in result.runs]


if __name__ == "__main__":
    for path in build(samples_folder()):
        sys.stdout.write(f"{path} {path.stat().st_size // 1024} KiB\n")
