# SPDX-License-Identifier: Apache-2.0
"""What kind of network a design is, in the two words designs are told apart by: how it switches, how optics sit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from optinet.catalogue import Catalogue, load_catalogue

ELECTRICAL = "EPS"  # electrical packet switches alone
_PACKAGING = {"npo": "NPO", "cpo_2d": "CPO", "cpo_2p5d": "CPO", "cpo_3d": "CPO"}
_PLUGGABLE = "pluggable"


def technology_of(scenario: Mapping[str, Any]) -> tuple[str, str]:
    """Return the technology of the optical circuit switches and the packaging of the optics of a scenario.

    The first is ``EPS`` without such switches, else that of the catalogue, such as ``MEMS``, ``DLC`` or ``DBS``; the
    second is ``pluggable``, ``NPO`` or ``CPO``, several joined by " + ". Either is empty where the catalogue of today
    does not know the component, the second also without optics.
    """
    design = scenario.get("design")
    roles: Mapping[str, Any] = design if isinstance(design, Mapping) else {}
    switching = _text(str(roles["ocs"]), "technology") if roles.get("ocs") else ELECTRICAL
    forms = [_text(str(roles[role]), "packaging") for role in ("optics", "ocs_optics") if roles.get(role)]
    names = dict.fromkeys(_PACKAGING.get(form, _PLUGGABLE) for form in forms if form)
    return switching, " + ".join(names)


def _text(component: str, key: str) -> str:
    catalogue = _catalogue()
    return catalogue[component].text.get(key, "") if component in catalogue else ""


@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    return load_catalogue()
