# SPDX-License-Identifier: Apache-2.0
"""Error ratio of PAM4 with noise and interference, against sums over decisions and simulated light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from optinet.models.pam4 import (
    INNER_BER,
    KP4_BER,
    NO_POWER_HELPS_DB,
    fec_for,
    interference_penalty_db,
    pam4_pre_fec_ber,
    q_for_ber,
)


def error_ratio_by_decisions(q, x, extinction_ratio_db):
    """Powers in units of the OMA: every level against the thresholds beside it, two bits a symbol."""
    ratio = 10 ** (extinction_ratio_db / 10)
    levels = 1 / (ratio - 1) + np.arange(4) / 3
    total = 0.0
    for level in levels:
        sigma = np.sqrt((1 / 6 / q) ** 2 + level * levels.mean() * x)
        for threshold in (levels[1:] + levels[:-1]) / 2:
            if abs(threshold - level) < 0.2:
                total += norm.sf(abs(threshold - level) / sigma) / 4 / 2
    return total


def test_pam4_error_ratio():
    # the KP4 limit of 2.4e-4 is at Q = 3.41407
    assert brentq(lambda q: pam4_pre_fec_ber(q) - 2.4e-4, 1, 10) == pytest.approx(3.41407, abs=5e-6)
    assert q_for_ber(KP4_BER) == pytest.approx(3.41407, abs=5e-6)
    assert pam4_pre_fec_ber(3.8) == pytest.approx(5.4261e-5, rel=1e-4)
    assert pam4_pre_fec_ber(0.0) == pytest.approx(3 / 8)


@given(st.floats(1, 8), st.floats(0, 1e-2), st.floats(2, 10))
def test_interference_against_single_decisions(q, x, extinction_ratio_db):
    found = pam4_pre_fec_ber(q, x, extinction_ratio_db)
    assert found == pytest.approx(error_ratio_by_decisions(q, x, extinction_ratio_db), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("ber", [KP4_BER, INNER_BER])
def test_penalty_restores_the_error_ratio(ber):
    for x in (1e-5, 1e-4, 4e-4):
        penalty_db = interference_penalty_db(x, 4.33, ber)
        exact_db = brentq(
            lambda db, x=x: error_ratio_by_decisions(q_for_ber(ber) * 10 ** (db / 10), x, 4.33) - ber, 0, 9
        )
        assert penalty_db == pytest.approx(exact_db, abs=1e-5)
    assert interference_penalty_db(0.0, 4.33, ber) == 0
    assert interference_penalty_db(0.1, 4.33, ber) == NO_POWER_HELPS_DB


def test_beating_light_has_the_variance_taken():
    """Twenty weak fields of random phase and polarization beside a signal of one polarization."""
    rng = np.random.default_rng(3)
    signal, interfering = 1.7, 1e-3
    fields = np.sqrt(interfering / 20) * np.exp(2j * np.pi * rng.random((200_000, 20)))
    aligned = fields * np.cos(2 * np.pi * rng.random((200_000, 20)))
    beat = 2 * np.sqrt(signal) * aligned.sum(axis=1).real
    assert beat.var() == pytest.approx(signal * interfering, rel=0.02)


def test_fec_by_error_ratio():
    found = [fec_for(ber) for ber in (1e-16, 1e-12, 2.4e-4, 1e-3, 4.8e-3, 1e-2)]
    assert found == ["no FEC", "KP4", "KP4", "KP4 and inner code", "KP4 and inner code", "beyond FEC"]
