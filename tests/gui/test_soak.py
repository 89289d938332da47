# SPDX-License-Identifier: Apache-2.0
"""The soak run itself is part of ``make test``; here is how it judges memory."""

from __future__ import annotations

import pytest

from gui.soak import growth_problem


@pytest.mark.parametrize(
    ("megabytes", "problem"),
    [
        ([100, 150, 200, 200, 210, 205], ""),  # the first third is for warming up
        ([200, 200, 200, 200, 240, 240], "memory grew by 20 %"),
        ([100], ""),
    ],
)
def test_memory_of_the_last_third_is_held_against_the_second(megabytes, problem):
    shares = [(i + 0.5) / len(megabytes) for i in range(len(megabytes))]
    assert growth_problem(list(zip(shares, megabytes, strict=True))).startswith(problem)
    assert bool(growth_problem(list(zip(shares, megabytes, strict=True)))) == bool(problem)
