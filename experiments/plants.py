# SPDX-License-Identifier: Apache-2.0
"""What the command line prints about an optical plant: which OCS it could be built of."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from experiments.fabrics import fabric_in
from experiments.present import rows_text
from experiments.scenario import scenario_draft, scenario_of
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.models.ocs_options import OcsOption, ocs_options


def ocs_text(path: Path, overrides: Sequence[str] = (), width: int | None = None) -> str:
    """Return which OCS the plant of a scenario could be built of, one row each."""
    headings = (
        "OCS",
        "technology",
        "ports",
        "boxes",
        "more",
        "typ. dB",
        "3-sigma dB",
        "links",
        "kW",
        "kUSD",
        "dark ms",
    )
    options = _ocs_options(path, overrides)
    rows = []
    for each in options:
        count = (f"{each.boxes:,}", f"{each.more_boxes:+,}") if each.boxes else ("-", "-")
        margins = (f"{each.typical_margin_db:.2f}", f"{each.margin_3sigma_db:.2f}", each.verdict)
        sums = (f"{each.power_w / 1e3:.2f}", f"{each.price_usd / 1e3:,.0f}", f"{each.dark_ms:.4g}")
        shown = (each.ocs, each.technology, f"{each.ports:,}", *count, *margins, *(sums if each.boxes else "---"))
        rows.append((*shown, "; ".join(each.notes)))
    needed = f"The fullest device of the plant needs {options[0].ports_needed:,} ports.\n\n"
    return needed + rows_text((*headings, "but"), rows, width)


def ocs_json(path: Path, overrides: Sequence[str] = ()) -> str:
    """Return which OCS the plant of a scenario could be built of, as JSON."""
    rows = [dataclasses.asdict(each) | {"fits": each.fits} for each in _ocs_options(path, overrides)]
    plain = [{key: None if value != value else value for key, value in row.items()} for row in rows]
    return json.dumps(plain, indent=1) + "\n"


def _ocs_options(path: Path, overrides: Sequence[str]) -> tuple[OcsOption, ...]:
    draft = scenario_draft(path, overrides)
    plan = scenario_of(draft).resolved()
    with draft.locating():
        fabric = fabric_in("topology", plan["topology"])
        catalogue = load_catalogue().with_values(plan["catalogue"])
        return ocs_options(fabric, Design.from_roles(plan["design"], catalogue), catalogue)
