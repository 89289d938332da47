# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from gui.state.power import MAX_BARS, power_bars


def test_bars_are_stacked_by_category_the_largest_first(make_entry):
    bars = power_bars(
        [
            make_entry("a", workload="uniform", power_kw={"laser": 2.0, "switch_chips": 5.0, "nothing": 0.0}),
            make_entry("b", power_kw={"switch_chips": 4.0, "ocs": 1.0}),
        ]
    )
    assert bars.labels == ("a · uniform", "b") and bars.workload == ""
    assert bars.categories == ("switch chips", "laser", "OCS")
    assert bars.kw == pytest.approx(np.array([[5, 2, 0], [4, 0, 1]]))
    assert bars.starts_kw == pytest.approx(np.array([[0, 5, 7], [0, 4, 4]]))


def test_what_is_under_the_pointer_has_a_name_and_a_unit(make_entry):
    bars = power_bars([make_entry("a", power_kw={"laser": 2.0, "switch": 5.0})])
    assert bars.workload == ""
    assert bars.at(0, 4.9) == "a\nswitch: 5.0 of 7.0 kW"
    assert bars.at(0, 5.1) == "a\nlaser: 2.0 of 7.0 kW"
    assert bars.at(0, 7.1) is bars.at(0, -1.0) is bars.at(1, 1.0) is bars.at(-1, 1.0) is None


def test_only_so_many_bars_are_drawn(make_entry):
    bars = power_bars([make_entry(f"{i}", power_kw={"x": 1.0}) for i in range(MAX_BARS + 5)])
    assert len(bars.labels) == MAX_BARS and bars.left_out == 5


def test_no_runs_make_no_bars(make_entry):
    assert power_bars([]).kw.shape == (0, 0)
    assert power_bars([make_entry("a")]).kw.shape == (1, 0)


def test_a_workload_that_all_runs_share_is_said_once(make_entry):
    bars = power_bars([make_entry(name, workload="uniform", power_kw={"module_dsp": 1.0}) for name in ("a", "b")])
    assert bars.labels == ("a", "b") and bars.workload == "uniform"
    assert bars.categories == ("module DSP",)
