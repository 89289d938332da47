# SPDX-License-Identifier: Apache-2.0
"""The sample sweep that ships with the viewer: a few small run files, opened at the first start."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from experiments.notes import notes_path

STUDY = "which_interconnect_small.toml"


def samples_folder() -> Path:
    """Return the folder of the sample runs as they are shipped."""
    return Path(__file__).parent


def own_samples(folder: Path) -> Path:
    """Copy the sample runs into a folder where their user can note things about them; return where they are.

    Runs that are there already keep their notes. Where nothing can be written the shipped ones are all there is.
    """
    shipped = {path.name: path for path in samples_folder().glob("*.h5")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.h5"):
            if old.name not in shipped:  # of an earlier version
                old.unlink()
                notes_path(old).unlink(missing_ok=True)
        for name, path in shipped.items():
            own, notes = folder / name, notes_path(path)
            if not own.exists() and notes.exists():
                shutil.copyfile(notes, notes_path(own))
            if not own.exists() or not filecmp.cmp(path, own):
                part = folder / f".{name}.part"
                shutil.copyfile(path, part)
                part.replace(own)
    except OSError:
        return samples_folder()
    return folder
