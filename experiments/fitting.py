# SPDX-License-Identifier: Apache-2.0
"""Whether the parts of a scenario fit together, found out without solving anything.

`experiments.scenario` checks every part by itself. What only shows on the fabric is checked here: the shape of what is
built, roles and rates of the design, endpoints, model and memory of a job, files, what may fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from experiments.fabrics import fabric_in
from experiments.failed import masks_of
from optinet.errors import OptinetError, Problem, ScenarioError

if TYPE_CHECKING:
    from experiments.draft import Draft
    from experiments.scenario import Scenario
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.fabric import Fabric
    from optinet.failure_masks import FailureMasks


def fitted(scenario: Scenario) -> Fabric:
    """Build the fabric of a scenario and fit everything else to it; return the fabric.

    Raises
    ------
    ScenarioError
        Naming everything that does not fit, and what would.
    """
    from optinet.catalogue import load_catalogue
    from optinet.design import Design
    from optinet.failure_study import check_failures
    from optinet.models.physical_path import physical_paths

    fabric = fabric_in("topology", scenario.topology.flat())
    catalogue = load_catalogue().with_values(scenario.catalogue)
    design = Design.from_roles(scenario.design, catalogue)
    failed = next(masks_of(fabric, scenario.resolved(), scenario.failed)) if scenario.failed else None
    problems: list[Problem] = []
    for check in (
        lambda: physical_paths(fabric, design, catalogue),
        lambda: _check_workload(scenario, fabric, design, catalogue, failed),
        lambda: check_failures(fabric, scenario.failures) if scenario.failures else None,
        lambda: fabric_in("scale_out", scenario.scale_out.flat()) if scenario.scale_out else None,
    ):
        problems += _problems(check)
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return fabric


def misfits(scenario: Scenario, draft: Draft) -> Iterator[Problem]:
    """Yield everything that does not fit, each with the line or the option that says it."""
    yield from draft.located(_problems(lambda: fitted(scenario)))


def _check_workload(
    scenario: Scenario, fabric: Fabric, design: Design, catalogue: Catalogue, failed: FailureMasks | None
) -> None:
    from optinet import workloads
    from optinet.models.job_on_fabric import check_job, check_jobs

    name, parameters = scenario.workload.name, scenario.workload.parameters
    if name == workloads.SEVERAL_JOBS:
        check_jobs(fabric, parameters, design, catalogue, scenario.seed, failed)
    elif name in workloads.JOBS:
        check_job(fabric, name, parameters, design, catalogue, failed)
    else:
        workloads.check(fabric, name, parameters, scenario.seed, scenario.folder, failed)


def _problems(check: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        check()
    except OptinetError as error:
        return error.problems
    return ()
