# SPDX-License-Identifier: Apache-2.0
"""Run files with numbers chosen by the test, and a study so small that it is solved in no time."""

from __future__ import annotations

import json

import numpy as np
import pytest

import topologies
from optinet.results import open_run, write_run
from optinet.results.content import RunContent, fabric_groups

LEAF_SPINE = {"name": "leaf_spine", "leaves": 2, "spines": 2, "hosts_per_leaf": 2, "links_per_pair": 1}

STUDY = """\
title = "Tiny"

[base]
seed = 3
topology = {name = "leaf_spine", leaves = 2, spines = 2, hosts_per_leaf = 2, links_per_pair = 1}

[grid]
workload = [
    {name = "uniform", gbps_per_endpoint = 800.0},
    {name = "random_permutation", gbps_per_endpoint = 800.0},
]

[[case]]
name = "retimed"
design = {switch = "switch_102t4", host_link = "aec_1t6", optics = "retimed_1t6_dr8"}

[[case]]
name = "LPO"
design = {switch = "switch_102t4", host_link = "aec_1t6", optics = "lpo_1t6_dr8"}

[[case]]
name = "pod"
topology = {name = "tpu_pod", cubes = [2, 1, 1], cube_side = 2, link_gbps = 100.0}
design = {chip = "tpu_ici", cube_link = "cube_copper", ocs_optics = "bidi_tpu_800g", ocs = "palomar"}
"""


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """The run files of the study, made once; not to be changed."""
    from experiments.runner import sweep
    from experiments.study import load_study

    folder = tmp_path_factory.mktemp("swept")
    path = folder / "tiny.toml"
    path.write_text(STUDY)
    return sweep(load_study(path), folder / "runs", workers=1).runs


@pytest.fixture
def study_path(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def scenario_path(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(
        """\
title = "Small"
[topology]
name = "leaf_spine"
leaves = 2
spines = 2
hosts_per_leaf = 2
links_per_pair = 1
[workload]
name = "uniform"
[design]
switch = "switch_102t4"
host_link = "aec_1t6"
optics = "retimed_1t6_dr8"
"""
    )
    return path


@pytest.fixture
def made_run(tmp_path):
    """Return a function that writes a run file with the metrics given and opens it."""
    count = iter(range(1000))

    def make(case="A", workload="uniform", metrics=(), topology=LEAF_SPINE, name="", **changes):
        metrics = {"ocs_boxes": 0.0} | dict(metrics)
        scenario = {
            "title": "",
            "seed": 0,
            "caveat": changes.pop("caveat", ""),
            "topology": topology,
            "workload": workload if isinstance(workload, dict) else {"name": workload},
            "routing": {"name": "best"},
            "design": {"optics": case},
        }
        fabric = topologies.build(**topology)
        names = list(metrics)
        nothing = [np.nan] * len(names)
        groups = {
            **fabric_groups(fabric),
            "scenario": {"toml": "", "json": json.dumps(scenario | changes.pop("scenario", {}))},
            "arcs": {
                "capacity_gbps": fabric.arc_capacity_gbps,
                "load_gbps": fabric.arc_capacity_gbps / 2,
                "utilization": np.full(fabric.n_arcs, 0.5),
            },
            "metrics": {
                "name": names,
                "value": list(metrics.values()),
                "low": nothing,
                "high": nothing,
                "unit": ["1"] * len(names),
                "meaning": [""] * len(names),
            },
        }
        if power_w := changes.pop("power_w", {}):
            groups["power"] = {"category": list(power_w), "power_w": list(power_w.values())}
        if notes := changes.pop("notes", ()):
            groups["notes"] = {"text": list(notes)}
        head = {"title": "", "routing": "ecmp", "verdict": "closes", "scenario_sha256": "0" * 64} | changes
        path = tmp_path / f"{name or f'run-{next(count)}'}.h5"
        return open_run(write_run(path, RunContent(case=case, groups=groups, **head)))

    return make
