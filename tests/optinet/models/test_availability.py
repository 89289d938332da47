# SPDX-License-Identifier: Apache-2.0
"""Failures a day by hand, and the slices of a TPU v4 pod."""

from fractions import Fraction
from math import comb

import pytest

import optinet
from optinet.errors import OptinetError
from optinet.models.availability import availability, failures
from optinet.models.bom import BillOfMaterials, BomLine
from tests.support.parts import PARTS

POD = {"n_cubes": 64, "hosts_per_cube": 16}


@pytest.mark.parametrize(
    ("host_availability", "cubes", "expected"),
    [
        (0.99, 16, 0.7474),
        (0.99, 32, 0.5000),
        (0.99, 48, 0.7420),
        (0.99, 64, 0.0000),
        (0.995, 16, 0.7515),
        (0.995, 32, 0.5029),
        (0.995, 48, 0.7500),
        (0.999, 16, 0.8397),
        (0.999, 32, 0.6795),
        (0.999, 48, 0.7500),
        (0.999, 64, 0.3590),
    ],
)
def test_slices_of_any_cubes(host_availability, cubes, expected):
    found = optinet.slice_availability(**POD, host_availability=host_availability, cubes_per_slice=cubes)
    assert found == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("host_availability", "cubes", "expected"), [(0.99, 16, 0.0763), (0.999, 16, 0.7740), (0.999, 64, 0.3590)]
)
def test_slices_of_fixed_cubes(host_availability, cubes, expected):
    found = optinet.slice_availability(
        **POD, host_availability=host_availability, cubes_per_slice=cubes, reconfigurable=False
    )
    assert found == pytest.approx(expected, abs=5e-5)


def test_slices_in_exact_rationals():
    p = Fraction(9, 10) ** 2
    usable = sum(comb(7, k) * p**k * (1 - p) ** (7 - k) * (k // 3) * 3 for k in range(8))
    assert optinet.slice_availability(7, 2, 0.9, 3) == pytest.approx(float(usable / 7), rel=1e-12)
    # two fixed slices of three, the seventh cube is in none
    assert optinet.slice_availability(7, 2, 0.9, 3, reconfigurable=False) == pytest.approx(
        float(p**3 * 6 / 7), rel=1e-12
    )


def test_slices_of_several_sizes_in_exact_rationals():
    # slices of 3, 2 and 1 cubes and one spare: of X cubes that are up they take X, but never more than six
    p = Fraction(9, 10) ** 2
    usable = sum(comb(7, k) * p**k * (1 - p) ** (7 - k) * min(k, 6) for k in range(8))
    assert optinet.slice_availability(7, 2, 0.9, [3, 2, 1]) == pytest.approx(float(usable / 7), rel=1e-12)
    # of 5 and 2 cubes, 3 that are up run the small one alone
    most = [0, 0, 2, 2, 2, 5, 5, 7]
    usable = sum(comb(7, k) * p**k * (1 - p) ** (7 - k) * most[k] for k in range(8))
    assert optinet.slice_availability(7, 2, 0.9, [5, 2]) == pytest.approx(float(usable / 7), rel=1e-12)
    fixed = optinet.slice_availability(7, 2, 0.9, [5, 2], reconfigurable=False)
    assert fixed == pytest.approx(float((5 * p**5 + 2 * p**2) / 7), rel=1e-12)


@pytest.mark.parametrize("host_availability", [0.0, 1.0])
def test_hosts_that_never_or_always_fail(host_availability):
    assert optinet.slice_availability(144, 16, host_availability, 48) == host_availability


def test_equal_slices_are_several_of_one_size():
    one, several = (optinet.slice_availability(144, 16, 0.999, size) for size in (48, [48, 48, 48]))
    assert one == pytest.approx(several, rel=1e-12)


@pytest.mark.parametrize(("n_ocs", "expected"), [(96, 0.9084), (48, 0.9531), (24, 0.9763)])
def test_availability_of_the_ocs_layer(n_ocs, expected):
    assert optinet.fabric_availability(0.999, n_ocs) == pytest.approx(expected, abs=5e-5)


def test_availability_of_unlike_ocs():
    assert optinet.fabric_availability([0.9, 0.8, 0.5]) == pytest.approx(0.36)
    with pytest.raises(OptinetError, match=r"ocs_availability: 1.5(.|\n)*n_ocs: 3 beside 2"):
        optinet.fabric_availability([0.9, 1.5], 3)


@pytest.mark.parametrize(("mtbf_hours", "expected"), [(13.8, 0.9169), (98.5, 0.9875)])
def test_availability_from_repair(mtbf_hours, expected):
    # UB-Mesh, arXiv 2503.20377: 91.6 % and 98.8 % at 75 min
    assert availability(mtbf_hours, 1.25) == pytest.approx(expected, abs=1e-4)


def test_bad_arguments_are_reported_together():
    with pytest.raises(OptinetError) as caught:
        optinet.slice_availability(4, 0, 1.5, 5)
    assert [problem.where for problem in caught.value.problems] == [
        "hosts_per_cube",
        "cubes_per_slice",
        "host_availability",
    ]


def test_failures_a_day():
    lines = (
        BomLine("switch", "box", "tier 1", 10),
        BomLine("module", "dr8", "leaf-spine", 1000),
        BomLine("ocs", "mems", "plant", 2),
        BomLine("connector", "lc", "leaf-spine", 1000),
        BomLine("nic", "nic_800g", "hosts", 5),
    )
    report = failures(BillOfMaterials(lines, ocs_ports_used=200), PARTS)
    assert report.per_day == pytest.approx(
        {"switch": 10 * 1000 * 24e-9, "module": 1000 * 700 * 24e-9, "ocs": (2 / 200_000 + 200 * 100e-9) * 24}
    )
    assert report.total_per_day == pytest.approx(2.4e-4 + 0.0168 + 2.4e-4 + 4.8e-4)
    assert report.unrated == ("nic_800g",)


def test_field_failure_rate_of_pluggables():
    # 719 FIT are 6.3 failures in 1,000 modules and a year
    parts = PARTS.with_values({"dr8.fit": 719})
    report = failures(BillOfMaterials((BomLine("module", "dr8", "leaf-spine", 1000),)), parts)
    assert report.total_per_day * 365 == pytest.approx(6.3, abs=0.005)
