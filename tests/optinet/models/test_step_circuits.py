# SPDX-License-Identifier: Apache-2.0
"""Circuits for the parts of a training step: free changes give the best of all sets, dear ones the best single set."""

from __future__ import annotations

import numpy as np
import pytest

import topologies
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import SolverError
from optinet.models.job import job_cycle_s
from optinet.models.job_on_fabric import job_on_fabric
from optinet.models.physical_path import physical_paths
from optinet.models.reconfiguration import reconfiguration
from optinet.models.step_circuits import _on_sets, _parts, circuit_sets, step_circuits

CATALOGUE = load_catalogue()
ROLES = {
    "switch": "switch_102t4", "host_link": "aec_1t6", "ocs_optics": "bidi_800g_fr4", "ocs": "palomar",
    "accelerator": "b300",
}  # fmt: skip
DESIGN = Design.from_roles(ROLES, CATALOGUE)
JOB = {"model": "llama_3_70b", "sequence": 4096, "global_batch": 128, "parallelism": {"tp": 8, "pp": 2}}
MESH = topologies.build(
    "ocs_mesh", blocks=8, hosts_per_block=8, uplinks_per_block=8, circuits="full", uplink_gbps=400.0
)
WAY_S = 2e-6


@pytest.fixture(scope="module")
def sets():
    job = job_on_fabric(MESH, "training", JOB, "best", DESIGN, CATALOGUE).job
    return circuit_sets(MESH, job, 1, DESIGN, CATALOGUE)


def chosen(sets, change_s=None):
    return step_circuits(sets, WAY_S, physical_paths(MESH, DESIGN, CATALOGUE), DESIGN, CATALOGUE, change_s)


def times(sets):
    """Return a step with every part on each set by itself, the others on the whole step's circuits."""
    return {each.name: job_cycle_s(each.job, WAY_S, DESIGN, CATALOGUE) for each in sets}


def test_changes_that_are_free_give_the_best_of_all_and_dear_ones_the_best_single_set(sets):
    assert [each.name for each in sets] == ["as built", "whole step", "pipeline", "data at the end"]
    single = {name: time_s for name, time_s in times(sets).items() if np.isfinite(time_s)}
    free = chosen(sets, 0.0)
    # a step is shortest where every exchange takes the least time that any set offers
    index = {
        part: min(range(len(sets)), key=lambda i: sum(x.count * x.transfer_s for x in _parts(sets[i].job)[part]))
        for part in _parts(sets[0].job)
    }
    assert free.phased_s == pytest.approx(job_cycle_s(_on_sets(sets, index), WAY_S, DESIGN, CATALOGUE))
    dear = chosen(sets, 1e9)
    assert dear.phased_s == dear.fixed_s == pytest.approx(min(single.values()))
    assert dear.changes == 0
    assert len(set(dear.chosen.values())) == 1
    assert free.built_s == dear.built_s == pytest.approx(single["as built"])


def test_the_break_even_time_is_where_changing_stops_to_pay(sets):
    at = chosen(sets, 0.0).break_even_s
    assert chosen(sets, 0.99 * at).phased_s < chosen(sets, 0.0).fixed_s
    assert chosen(sets, 1.01 * at).changes == 0


def test_a_change_takes_what_the_technology_takes(sets):
    found = chosen(sets)
    pause = reconfiguration(physical_paths(MESH, DESIGN, CATALOGUE), DESIGN, CATALOGUE, found.moves_per_ocs)
    assert found.change_s == pytest.approx(pause.total_ms * 1e-3)
    # into the circuits of the gradients' rings before the end of the step, and out of them after it
    assert found.changes == 2
    free = chosen(sets, 0.0)
    assert found.phased_s == pytest.approx(free.phased_s + 2 * found.change_s)
    assert found.chosen["data at the end"] == "data at the end"
    assert found.break_even_s > found.change_s


def test_a_fabric_without_such_circuits_is_an_error():
    clos = topologies.build("leaf_spine", leaves=8, spines=2, hosts_per_leaf=8, links_per_pair=1)
    job = job_on_fabric(clos, "training", JOB, "ecmp", DESIGN, CATALOGUE).job
    with pytest.raises(SolverError, match=r"workload\.circuits: .* ocs_mesh"):
        circuit_sets(clos, job, 1, DESIGN, CATALOGUE)
