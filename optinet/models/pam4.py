# SPDX-License-Identifier: Apache-2.0
"""Error ratio of PAM4 lanes, with noise of the receiver and with light that interferes.

The receiver's noise is the same on all four levels. Light of the same wavelength that reaches the receiver beside the
signal beats with it: with a signal of power ``P_k`` on level k and interfering light of mean power ``P_x``, of random
phase and polarization, the variance of the beat is ``P_k P_x`` (half of ``2 P_k P_x``, the polarizations being aligned
half of the time; Goldstein, Eskildsen and Elrefaie, IEEE Photonics Technology Letters 6 (1994) 657). It is taken as
Gaussian, which many small reflections come near to and few overstate.

Eyes are a third of the outer OMA apart. With Q the half eye over the receiver's noise, e = 1 / (ER - 1) the power of
the lowest level over the OMA, and x the mean power of the interfering light over that of the signal,

    BER = 1/8 sum over levels k of n_k erfc(1 / sqrt(2 (1/Q^2 + 36 (e + k/3) (e + 1/2) x))) / 2,    n = 1, 2, 2, 1,

which without interference is ``3/8 erfc(Q / sqrt 2)``.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfc, erfcinv

from optinet.models.values import Quantity, unwrapped

KP4_BER = 2.4e-4
"""Largest error ratio before RS(544,514), IEEE 802.3 clauses 121 and 124."""
INNER_BER = 4.8e-3
"""Largest error ratio before the inner Hamming(128,120) code and RS(544,514) together, IEEE P802.3dj."""
POST_FEC_BER = 1e-15
"""Error ratio a link must leave to its layer 2, as data sheets of 800G DR8 modules promise."""

NO_POWER_HELPS_DB = 30.0
"""Stands for the penalty of interference that keeps the error ratio above its limit at any power."""

_STEPS = 24  # to a millionth of a dB
_NEIGHBORS = np.array([1.0, 2.0, 2.0, 1.0])
_LEVELS = np.arange(4) / 3.0


def pam4_pre_fec_ber(
    q: Quantity, interference_fraction: Quantity = 0.0, extinction_ratio_db: Quantity = np.inf
) -> Quantity:
    """Return the bit error ratio of Gray-coded PAM4 before FEC.

    Parameters
    ----------
    q
        Half eye over the receiver's noise, amplitude ratio. KP4 needs 2.4e-4, Q = 3.414.
    interference_fraction
        Mean power of interfering light over that of the signal.
    extinction_ratio_db
        Of the transmitter; matters with interference alone.
    """
    lowest = 1.0 / np.expm1(np.asarray(extinction_ratio_db) * math.log(10.0) / 10.0)
    beat = 36.0 * (lowest[..., None] + _LEVELS) * ((lowest + 0.5) * interference_fraction)[..., None]
    q = np.asarray(q, dtype=np.float64)
    noise = np.divide(1.0, q * q, out=np.full(q.shape, np.inf), where=q > 0)[..., None] + beat
    with np.errstate(divide="ignore"):
        return unwrapped(erfc(1.0 / np.sqrt(2.0 * noise)) @ _NEIGHBORS / 16.0)


def q_for_ber(ber: float) -> float:
    """Return the Q at which PAM4 has an error ratio, without interference: ``sqrt 2 erfcinv(8/3 BER)``."""
    return math.sqrt(2.0) * float(erfcinv(8.0 / 3.0 * ber))


def interference_penalty_db(interference_fraction: Quantity, extinction_ratio_db: Quantity, ber: float) -> Quantity:
    """Return how much more optical power a receiver needs for an error ratio when light interferes.

    Solved by bisection. `NO_POWER_HELPS_DB` where the interference alone makes more errors.
    """
    x = np.asarray(interference_fraction, dtype=np.float64)
    if not np.any(x):
        return unwrapped(np.zeros(x.shape))
    q, (low, high) = q_for_ber(ber), (np.zeros(x.shape), np.full(x.shape, NO_POWER_HELPS_DB))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        enough = np.asarray(pam4_pre_fec_ber(q * 10 ** (middle / 10), x, extinction_ratio_db)) <= ber
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return unwrapped(high)


def fec_for(pre_fec_ber: float) -> str:
    """Return the least forward error correction that a link of this error ratio needs."""
    limits = ((POST_FEC_BER, "no FEC"), (KP4_BER, "KP4"), (INNER_BER, "KP4 and inner code"))
    return next((name for limit, name in limits if pre_fec_ber <= limit * (1 + 1e-9)), "beyond FEC")
