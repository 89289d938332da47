# SPDX-License-Identifier: Apache-2.0
"""What the copper links of a fabric leave of their loss budget. How far copper reaches: `optinet.models.copper`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.models.copper import CopperReach, copper_reach

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.models.physical_path import PhysicalPath


@dataclass(frozen=True)
class CopperLink:
    """One class of copper links.

    Parameters
    ----------
    link_class, length_m
        Its name and its longest link.
    reach
        How far its cable reaches.
    """

    link_class: str
    length_m: float
    reach: CopperReach

    @property
    def margin_db(self) -> float:
        """What the longest link leaves of the budget."""
        return self.reach.margin_db(self.length_m)


def copper_links(paths: Iterable[PhysicalPath], catalogue: Catalogue) -> tuple[CopperLink, ...]:
    """Return the copper links whose losses the catalogue tells."""
    found = ((path, copper_reach(path.end_a, catalogue)) for path in paths if path.medium == "copper")
    return tuple(CopperLink(path.link_class, path.length_m, reach) for path, reach in found if reach)
