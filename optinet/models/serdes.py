# SPDX-License-Identifier: Apache-2.0
"""Which SerDes drives what: long reach by the rate of a lane, shorter ones by the loss they have to cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optinet.models.values import nominal

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue

_LONG_REACH = ((112.0, "serdes_lr_112g"), (224.0, "serdes_lr_224g"))
_SHORT_REACH = ("serdes_ucie", "serdes_xsr", "serdes_vsr")
_LINE_OVER_PAYLOAD = 1.0625
"""Gb/s on the line for each Gb/s of payload: 257/256 of coding times 544/514 of KP4, 106.25 for 100."""


def long_reach_serdes(lane_gbps: float) -> str:
    """Return the long-reach SerDes of lanes of this rate."""
    return next((serdes for limit_gbps, serdes in _LONG_REACH if lane_gbps <= limit_gbps), _LONG_REACH[-1][1])


def serdes_for(electrical_loss_db: float, long_reach: str, catalogue: Catalogue) -> str:
    """Return the shortest-reach SerDes that covers an electrical loss, at most the long-reach one."""
    for serdes in _SHORT_REACH:
        if nominal(catalogue, serdes, "max_loss_db") >= electrical_loss_db:
            return serdes
    return long_reach


def nyquist_ghz(lane_gbps: float) -> float:
    """Return the Nyquist frequency of a PAM4 lane: half its symbol rate, two bits in a symbol.

    Parameters
    ----------
    lane_gbps
        Payload of the lane, > 0: 100 gives 26.5625 GHz ("112G"), 200 gives 53.125 GHz ("224G").
    """
    return lane_gbps * _LINE_OVER_PAYLOAD / 2 / 2
