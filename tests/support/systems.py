# SPDX-License-Identifier: Apache-2.0
"""Shipped systems, perhaps changed, solved and assessed once each."""

from functools import cache

import numpy as np

import optinet
import topologies
from experiments.scenario import load_scenario
from optinet import workloads
from optinet.catalogue import load_catalogue
from optinet.design import Design


@cache
def assessed(name, *overrides):
    """Return fabric, solution and assessment of a shipped system, perhaps changed, without intervals."""
    return unspread(load_scenario(name, overrides))


def unspread(scenario):
    plan = scenario.resolved()
    topology, workload, routing = (dict(plan[key]) for key in ("topology", "workload", "routing"))
    catalogue = load_catalogue().with_values(plan["catalogue"])
    fabric = topologies.build(topology.pop("name"), **topology)
    demand = workloads.demand(fabric, workload.pop("name"), workload, plan["seed"])
    solution = optinet.solve(fabric, demand, routing["name"])
    design = Design.from_roles(plan["design"], catalogue, plan.get("racks"))
    return fabric, solution, optinet.assess(solution, design, catalogue)


def metric(name, key, *overrides):
    return assessed(name, *overrides)[2].metric(key).value


def endpoint_gbps(name, *overrides):
    """Capacity of the links of an endpoint, one direction; the same for all."""
    fabric = assessed(name, *overrides)[0]
    per_node = np.bincount(fabric.arc_tail, weights=fabric.arc_capacity_gbps, minlength=fabric.n_nodes)
    (rate,) = set(per_node[fabric.endpoints].round(9))
    return rate
