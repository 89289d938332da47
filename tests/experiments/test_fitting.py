# SPDX-License-Identifier: Apache-2.0
"""What does not fit is told by 'validate', with its line and what would fit, before anything is solved."""

from __future__ import annotations

import re

import pytest

from experiments.scenario import Scenario
from experiments.summary import checked_file
from optinet.errors import ScenarioError

POD = """
[topology]
name = "tpu_pod"
slices = [
  {chips = [4, 4, 8]},
  {chips = [4, 6, 8]},
  {chips = [8, 8, 8], twisted = true},
]
[workload]
name = "uniform"
[design]
chip = "tpu_ici"
cube_link = "cube_copper"
ocs_optics = "bidi_tpu_800g"
ocs = "palomar"
"""
JOB = """
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 8, links_per_pair = 2}
design = {switch = "switch_51t2", host_link = "aec_800g", optics = "retimed_800g_dr8", accelerator = "b300"}
[workload]
name = "training"
model = "llama_3_70b"
global_batch = 64
[workload.parallelism]
tp = 4
pp = 4
"""
COLLECTIVE = """
topology = {name = "torus", dims = [4, 4]}
workload = {name = "all_reduce", algorithm = "hierarchical", domain_size = 3}
design = {chip = "tpu_ici", cube_link = "cube_copper"}
failures = {rewire = true}
"""


def problems(tmp_path, text):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        checked_file(path)
    return [str(problem).removeprefix(str(tmp_path) + "/") for problem in caught.value.problems]


def test_a_slice_that_is_no_whole_number_of_cubes_names_the_next_that_is(tmp_path):
    found = problems(tmp_path, POD)
    assert found[0].startswith("wrong.toml:6: topology.slices[1].chips: 4 x 6 x 8; allowed: ")
    assert found[0].endswith("three multiples of the cube side 4, such as 4 x 8 x 8")
    assert found[1].startswith("wrong.toml:7: topology.slices[2].chips: a 8 x 8 x 8 torus cannot be twisted; allowed: ")
    right = POD.replace("4, 6, 8", "4, 8, 8").replace(", twisted = true", "")
    (tmp_path / "right.toml").write_text(right)
    assert isinstance(checked_file(tmp_path / "right.toml"), Scenario)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "pp = 4",
            "pp = 3",
            r"wrong.toml:8: workload.parallelism: tp 4 x .* = 24 parts on 32 endpoints",
        ),
        ("tp = 4\npp = 4", "tp = 1", r"wrong.toml:4: workload: .* GB an endpoint .*; allowed: zero = 3"),
        ("[workload.parallelism]\ntp = 4\npp = 4", 'parallelism = "best"\nscale_up_endpoints = 1\nsequence = 8192', ""),
        ("tp = 4", "tp = 4\nslice = 2", r"wrong.toml:10: workload.parallelism.slice: only a pod of cubes has slices"),
        ("global_batch = 64", "global_batch = 63", r"wrong.toml:7: workload.global_batch: .*; allowed: 62 or 64"),
        ('"b300"', '"tpu_v2"', r"wrong.toml:3: design.accelerator: 'tpu_v2' has no .*; allowed: tpu_v5p"),
    ],
)
def test_a_job_that_does_not_fit_is_told(tmp_path, old, new, says):
    text = JOB.replace(old, new)
    if not says:
        (tmp_path / "right.toml").write_text(text)
        assert isinstance(checked_file(tmp_path / "right.toml"), Scenario)
        return
    (found,) = problems(tmp_path, text)
    assert re.search(says, found), found


def test_everything_that_does_not_fit_is_told_at_once(tmp_path):
    found = problems(tmp_path, COLLECTIVE)
    assert [each.split(": ")[1] for each in found] == ["workload.domain_size", "failures.rewire"]
    assert "a divisor of 16: 2, 4, 8" in found[0]


def test_a_study_is_checked_point_by_point(tmp_path):
    grid = '[grid]\n"workload.parallelism.tp" = [4, 3]\n'
    text = "[base]\n" + JOB.replace("[workload", "[base.workload") + grid
    found = problems(tmp_path, text)
    assert len(found) == 2  # 3 divides neither heads nor endpoints
    assert found[0].startswith("wrong.toml:13: workload.parallelism.tp: 3 does not divide 64 heads; allowed: ")
