# SPDX-License-Identifier: Apache-2.0
"""Failed parts between the viewer and the table ``[failed]`` of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from experiments.failed import failed_parts
from gui.state.fabric.failed_parts import links_part, named, node_part, ocs_part, scenario_parts
from gui.state.fabric.failure import Part
from gui.state.fabric.scene import Scene


def parts_of_run(scene: Scene) -> tuple[Part, ...]:
    """Return the parts that the scenario of a run says are down."""
    from optinet.reliability.parts import links_between, nodes_named

    table = failed_parts(scene.run.scenario)
    if not table:
        return ()
    found: list[Part] = []
    for name in table.nodes:
        nodes = sorted(nodes_named(scene.node_names, [name], "", []))
        if len(nodes) == 1:
            found.append(node_part(scene, nodes[0]))
        elif nodes:
            found.append(Part("group", tuple(nodes), f"nodes {name}", pattern=name))
    for link in table.links:
        if isinstance(link, tuple):
            links = links_between(scene.link_ends, *(nodes_named(scene.node_names, [name], "", []) for name in link))
        else:
            links = np.array([link], dtype=np.int64)
        if len(links):
            found.append(links_part(scene, links))
    groups = scenario_parts(scene)
    for group in table.groups:
        found += groups.get(group, ()) if isinstance(group, str) else [_numbered(scene, group)]
    return tuple(dict.fromkeys((*found, *map(ocs_part, table.ocs))))


def _numbered(scene: Scene, group: int) -> Part:
    """Return a pod, cube or block by its number, called as its fold is where it is one."""
    members = np.flatnonzero(scene.nodes.group == group)
    folds = np.unique(scene.folds.group[members])
    title = f"group {group}"
    if len(folds) == 1 and folds[0] >= 0 and np.count_nonzero(scene.folds.group == folds[0]) == len(members):
        title = scene.folds.names[int(folds[0])]
    return Part("group", tuple(members.tolist()), title)


def table_of_parts(scene: Scene, parts: Iterable[Part]) -> dict[str, Any]:
    """Return the table ``[failed]`` of a scenario for some parts; empty where everything works."""
    table: dict[str, list[Any]] = {"nodes": [], "links": [], "ocs": [], "groups": []}
    ends = np.sort(scene.link_ends, axis=1)
    for part in parts:
        members = np.array(part.members, dtype=np.int64)
        if part.kind == "ocs":
            table["ocs"] += part.members
        elif part.kind == "links":
            pairs = np.unique(ends[members], axis=0)
            both = len(pairs) == 1 and np.count_nonzero((ends == pairs[0]).all(axis=1)) == len(members)
            table["links"] += [[scene.node_names[node] for node in pairs[0].tolist()]] if both else members.tolist()
        elif part.pattern:
            table["nodes"].append(part.pattern)
        else:
            numbers = np.unique(scene.nodes.group[members])
            whole = (
                len(numbers) == 1
                and numbers[0] >= 0
                and np.count_nonzero(scene.nodes.group == numbers[0]) == len(members)
            )
            if part.kind == "group" and whole:
                table["groups"].append(int(numbers[0]))
            else:
                table["nodes"] += [scene.node_names[node] for node in part.members]
    return {name: list(dict.fromkeys(map(_hashable, values))) for name, values in table.items() if values}


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def scenario_with(scene: Scene, parts: tuple[Part, ...]) -> dict[str, Any]:
    """Return the scenario of a run with these parts down and no others, its title telling them."""
    scenario = {key: value for key, value in scene.run.scenario.items() if key != "failed"}
    table = table_of_parts(scene, parts)
    title = str(scenario.get("title") or scene.run.case or scene.title).partition(", without ")[0]
    if not table:
        return {**scenario, "title": title}
    return {**scenario, "title": f"{title}, without {named(parts)}", "failed": table}
