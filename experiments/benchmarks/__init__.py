# SPDX-License-Identifier: Apache-2.0
"""optinet beside its peers: the same work on the same inputs in one run, with a check that the answers agree.

``python -m experiments.benchmarks`` runs all of it. Every row says what both sides were given and what is inside the
times. Compiling (Numba) and building graphs are outside on both sides; every measurement has a process of its own, so
that its peak memory, interpreter and libraries inside, is its own too. A peer that is not installed is named as absent.
"""

from __future__ import annotations
