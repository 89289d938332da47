# SPDX-License-Identifier: Apache-2.0
"""optinet: a simulator of optical interconnects and network topologies.

Names are loaded on first use (PEP 562), so that importing `optinet` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optinet.assessing import assess
    from optinet.assessment import Assessment
    from optinet.catalogue import load_catalogue
    from optinet.collectives.result import CollectiveTime
    from optinet.collectives.timing import collective_demand, collective_time
    from optinet.design import Design
    from optinet.errors import OptinetError
    from optinet.fabric import Fabric
    from optinet.failures import Failure, FailureImpact, failure_impact, power_domain, reconfigure_around
    from optinet.flows.bisection import bisection
    from optinet.flows.bounds import least_mean_distance, permutation_bound, throughput_bound, worst_permutation
    from optinet.flows.concurrent.auto import concurrent_flow
    from optinet.flows.concurrent.result import ConcurrentFlow
    from optinet.flows.connectivity import edge_connectivity
    from optinet.flows.limit import limit_of, sensitivity
    from optinet.flows.link_loads import link_loads
    from optinet.flows.loads import LinkLoads
    from optinet.flows.max_min import max_min_rates
    from optinet.flows.path_metrics import path_metrics
    from optinet.flows.simulate import simulate_flows
    from optinet.models.availability import fabric_availability, slice_availability
    from optinet.models.margin import link_margin
    from optinet.results import open_run
    from optinet.rewiring import Rewiring, reconfigure, rewire
    from optinet.routing.flow_paths import flow_paths
    from optinet.slices import set_slices, slice_fabric, swap_cube
    from optinet.solution import Solution, solve
    from optinet.structure import PodSlice
    from optinet.traffic.demand import Demand
    from optinet.wiring import Wiring, wire

_HOME = {
    "Assessment": "optinet.assessment",
    "Bisection": "optinet.flows.quick_bisection",
    "CollectiveTime": "optinet.collectives.result",
    "ConcurrentFlow": "optinet.flows.concurrent.result",
    "Demand": "optinet.traffic.demand",
    "Design": "optinet.design",
    "Fabric": "optinet.fabric",
    "Failure": "optinet.failures",
    "FailureImpact": "optinet.failures",
    "LinkLoads": "optinet.flows.loads",
    "OptinetError": "optinet.errors",
    "PodSlice": "optinet.structure",
    "Rewiring": "optinet.rewiring",
    "Solution": "optinet.solution",
    "Wiring": "optinet.wiring",
    "assess": "optinet.assessing",
    "bisection": "optinet.flows.bisection",
    "collective_demand": "optinet.collectives.timing",
    "collective_time": "optinet.collectives.timing",
    "concurrent_flow": "optinet.flows.concurrent.auto",
    "fabric_availability": "optinet.models.availability",
    "failure_impact": "optinet.failures",
    "edge_connectivity": "optinet.flows.connectivity",
    "flow_paths": "optinet.routing.flow_paths",
    "least_mean_distance": "optinet.flows.bounds",
    "limit_of": "optinet.flows.limit",
    "link_loads": "optinet.flows.link_loads",
    "link_margin": "optinet.models.margin",
    "load_catalogue": "optinet.catalogue",
    "max_min_rates": "optinet.flows.max_min",
    "open_run": "optinet.results",
    "path_metrics": "optinet.flows.path_metrics",
    "permutation_bound": "optinet.flows.bounds",
    "power_domain": "optinet.failures",
    "reconfigure": "optinet.rewiring",
    "reconfigure_around": "optinet.failures",
    "rewire": "optinet.rewiring",
    "set_slices": "optinet.slices",
    "sensitivity": "optinet.flows.limit",
    "simulate_flows": "optinet.flows.simulate",
    "slice_availability": "optinet.models.availability",
    "slice_fabric": "optinet.slices",
    "solve": "optinet.solution",
    "swap_cube": "optinet.slices",
    "throughput_bound": "optinet.flows.bounds",
    "wire": "optinet.wiring",
    "worst_permutation": "optinet.flows.bounds",
}

__all__ = [
    "Assessment",
    "Bisection",
    "CollectiveTime",
    "ConcurrentFlow",
    "Demand",
    "Design",
    "Fabric",
    "Failure",
    "FailureImpact",
    "LinkLoads",
    "OptinetError",
    "PodSlice",
    "Rewiring",
    "Solution",
    "Wiring",
    "assess",
    "bisection",
    "collective_demand",
    "collective_time",
    "concurrent_flow",
    "edge_connectivity",
    "fabric_availability",
    "failure_impact",
    "flow_paths",
    "least_mean_distance",
    "limit_of",
    "link_loads",
    "link_margin",
    "load_catalogue",
    "max_min_rates",
    "open_run",
    "path_metrics",
    "permutation_bound",
    "power_domain",
    "reconfigure",
    "reconfigure_around",
    "rewire",
    "sensitivity",
    "set_slices",
    "simulate_flows",
    "slice_availability",
    "slice_fabric",
    "solve",
    "swap_cube",
    "throughput_bound",
    "wire",
    "worst_permutation",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    msg = f"module 'optinet' has no attribute '{name}'"
    raise AttributeError(msg, name=name, obj=sys.modules[__name__])  # Python then suggests the nearest name


def __dir__() -> list[str]:
    return __all__
