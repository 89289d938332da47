# SPDX-License-Identifier: Apache-2.0
"""The command about circuits: reconfigure."""

from __future__ import annotations

from pathlib import Path

from experiments.cli.common import AsJson, width, write, write_json


def reconfigure(before: Path, after: Path, /, *, as_json: AsJson = False) -> None:
    """Show which circuits move from one scenario to another, and how long those links are dark.

    Parameters
    ----------
    before
        A scenario file with a pod or a mesh of blocks, or the name of a shipped one; its plant and design are used.
    after
        One with the slices or circuits wanted.
    as_json
        Print JSON.

    Examples
    --------
    optinet reconfigure before.toml after.toml
    """
    from experiments.circuits import change_json, change_text, circuit_change
    from experiments.scenario import load_scenario

    change = circuit_change(load_scenario(before), load_scenario(after))
    if as_json:
        write_json(change_json(change))
    else:
        write(change_text(change, width()))
