# SPDX-License-Identifier: Apache-2.0
"""Hierarchical algorithms: within a scale-up domain, across domains, within again.

Ranks of a group are arranged as m domains of g ranks. All-reduce scatters within every domain, all-reduces across
domains among ranks of equal place, g rings of m at once on n / g each, and gathers within (as NCCL does across NVLink
domains, and M. Cho et al., "BlueConnect", MLSys 2019). All-gather goes across first, then within; reduce-scatter the
other way round. All-to-all hands over within the domain what the rank of equal place will send, then sends across
(NCCL's PXN). Broadcast goes across, then within, along trees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from optinet.collectives.exchange import tree
from optinet.collectives.operation import Collective
from optinet.collectives.rings import ring_step
from optinet.collectives.schedule import AllPairs, Ints, Phase
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric, NodeKind


def domains(fabric: Fabric) -> Ints:
    """Return the domain of every endpoint, shape (n_endpoints,), where the fabric tells.

    Hosts that are attached to the same switches share a domain; chips share one when they are in one block or cube.
    """
    group = fabric.node_group[fabric.endpoints]
    hosts = fabric.node_kind[fabric.endpoints] == NodeKind.HOST
    if not hosts.any():
        return group
    attached: dict[int, list[int]] = {}
    is_host = fabric.node_kind[fabric.arc_tail] == NodeKind.HOST
    for host, switch in zip(fabric.arc_tail[is_host].tolist(), fabric.arc_head[is_host].tolist(), strict=True):
        attached.setdefault(host, []).append(switch)
    label: dict[tuple[int, ...], int] = {}
    offset = int(group.max(initial=-1)) + 1
    result = group.copy()
    for index in np.flatnonzero(hosts):
        key = tuple(sorted(attached.get(int(fabric.endpoints[index]), ())))
        result[index] = offset + label.setdefault(key, len(label))
    return result


def arranged(call: Collective, domain_size: int | None) -> Ints:
    """Return every group as domains of ranks; shape (n_groups, m, g), the order of the groups kept within.

    Parameters
    ----------
    call
        The collective.
    domain_size
        Consecutive ranks that make a domain; None for the domains of the fabric.

    Raises
    ------
    DemandError
        If the ranks of a group do not fall into equal domains, or into one or into single ranks only.
    """
    p = call.p
    if domain_size is not None:
        if not 1 < domain_size < p or p % domain_size:
            divisors = ", ".join(str(k) for k in range(2, p) if p % k == 0) or "none"
            raise DemandError(
                Problem("domain_size", f"{domain_size} for groups of {p} ranks", f"a divisor of {p}: {divisors}")
            )
        return call.groups.reshape(len(call.groups), -1, domain_size)
    domain = domains(call.fabric)[call.groups]
    rows, shape = [], (0, 0)
    for index, (group, label) in enumerate(zip(call.groups, domain, strict=True)):
        _, first, place, count = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
        here = (len(count), int(count[0]))
        if label.min() < 0 or count.min() != count.max() or min(here) < 2 or (index and here != shape):
            spread = f"{len(count)} domains of {count.min()} to {count.max()}"
            raise DemandError(
                Problem(
                    "groups",
                    f"group {index} has its {p} ranks in {spread}",
                    "several domains with equally many ranks, at least 2, alike in all groups; or give domain_size",
                )
            )
        shape = here
        rows.append(group[np.argsort(first[place], kind="stable")])
    return np.array(rows).reshape(len(rows), *shape)


def hierarchical(call: Collective, domain_size: int | None = None) -> Iterator[Phase]:
    """Within domains, across them, and within again; see the module."""
    ranks = arranged(call, domain_size)
    _, m, g = ranks.shape
    n, operation = call.size_gbit, call.operation
    inside, across = ranks.reshape(-1, g), np.swapaxes(ranks, 1, 2).reshape(-1, m)
    if operation == "all_to_all":
        yield Phase("all-to-all within domains", 1, AllPairs(inside, n / g))
        yield Phase("all-to-all across domains", 1, AllPairs(across, n / m))
        return
    if operation == "broadcast":
        # the first rank of a group is the first of its first domain
        leaders = np.ascontiguousarray(ranks[:, :, 0])
        for groups in (leaders, inside):
            yield from tree(dataclasses.replace(call, groups=groups))
        return
    if operation in ("all_reduce", "reduce_scatter"):
        yield Phase("reduce-scatter within domains", g - 1, ring_step(inside, n / g))
    names = {"all_reduce": "all-reduce", "reduce_scatter": "reduce-scatter", "all_gather": "all-gather"}
    steps = (2 if operation == "all_reduce" else 1) * (m - 1)
    yield Phase(f"{names[operation]} across domains", steps, ring_step(across, n / call.p))
    if operation != "reduce_scatter":
        yield Phase("all-gather within domains", g - 1, ring_step(inside, n / g))
