# SPDX-License-Identifier: Apache-2.0
"""Runs of the table without files."""

from __future__ import annotations

import pytest

from gui.state.runs.entry import RunEntry


@pytest.fixture
def make_entry():
    def make(name, **values):
        texts = dict.fromkeys(("title", "design", "workload", "topology", "routing", "verdict", "caveat", "file"), "")
        numbers = {key: value for key, value in values.items() if not isinstance(value, str)}
        texts |= {"design": name} | {key: value for key, value in values.items() if isinstance(value, str)}
        return RunEntry(f"/runs/{name}.h5", texts, numbers)

    return make
