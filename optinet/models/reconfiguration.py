# SPDX-License-Identifier: Apache-2.0
"""How long traffic waits when circuits are set anew: the OCS switches, links come up again, the controller acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.models.values import Quantity, text_of
from optinet.physical_path import PhysicalPath

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design

_WITH_DSP = ("retimed", "lro")


@dataclass(frozen=True)
class Reconfiguration:
    """Time to set circuits anew, in three parts that follow one another.

    Parameters
    ----------
    switching_time_ms
        Of the OCS.
    reacquire_time_ms
        Until the transceivers carry data again.
    controller_overhead_ms
        Deciding, commanding and checking.
    """

    switching_time_ms: Quantity
    reacquire_time_ms: Quantity
    controller_overhead_ms: Quantity

    @property
    def total_ms(self) -> Quantity:
        """The three together."""
        return self.switching_time_ms + self.reacquire_time_ms + self.controller_overhead_ms


def control_component(paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue) -> str:
    """Return the design's `ocs_control`, or the one that fits the optics: a DSP takes longer to lock again."""
    optics = next(path.end_a for path in paths if path.through_ocs)
    with_dsp = text_of(catalogue, optics, "packaging") in _WITH_DSP
    return design.get("ocs_control") or ("ocs_control_dsp" if with_dsp else "ocs_control_lpo")


def reconfiguration(paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue) -> Reconfiguration | None:
    """Return the reconfiguration time of a design, or None if no link passes an OCS.

    Parameters
    ----------
    paths
        Physical path of every link class.
    design, catalogue
        The components and their values.
    """
    if not any(path.through_ocs for path in paths):
        return None
    control = control_component(paths, design, catalogue)
    return Reconfiguration(
        catalogue.value(design.component("ocs"), "switching_time_ms"),
        catalogue.value(control, "reacquire_time_ms"),
        catalogue.value(control, "controller_overhead_ms"),
    )
