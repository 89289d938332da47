# SPDX-License-Identifier: Apache-2.0
"""Parts of a fabric that the user has marked as failed, and what the run carries without them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number
from gui.state.fabric.drawing import Drawing
from gui.state.fabric.failure import After, Part
from gui.state.fabric.picking import Picked
from gui.state.fabric.scene import KIND_NAMES, Scene, link_values
from gui.state.runs.columns import MISSING
from optinet.fabric import NodeKind

Ints = NDArray[np.int64]

COLUMNS = ("Part", "Kind", "Nodes", "Links down")
DRAWN = (
    ("delivered_at_99_gbps_per_endpoint", "99"),
    ("delivered_at_99_9_gbps_per_endpoint", "99.9"),
    ("delivered_at_99_99_gbps_per_endpoint", "99.99"),
)
LISTED = 3  # parts named in one line


def picked_part(scene: Scene, drawing: Drawing, picked: Picked) -> Part | None:
    """Return what is drawn at a place: links, a node, or a folded group; None for what cannot fail."""
    if picked.kind == "segment":
        return links_part(scene, drawing.links_of(picked.index))
    node = int(drawing.point_node[picked.index])
    if node >= 0:
        return node_part(scene, node)
    group = int(drawing.point_group[picked.index])
    return group_part(scene, group) if group >= 0 else None


def links_part(scene: Scene, links: Ints) -> Part:
    """Return links as a part, called by what the first of them joins."""
    a, b = (scene.node_names[node] for node in scene.link_ends[links[0]])
    parallel = len(np.unique(np.sort(scene.link_ends[links], axis=1), axis=0)) == 1
    what = "link" if len(links) == 1 else f"{len(links):,} links"
    return Part("links", tuple(links.tolist()), f"{what} {a} – {b}{'' if parallel else ' and others'}")


def node_part(scene: Scene, node: int) -> Part:
    """Return a switch, host or chip as a part."""
    kind, name = KIND_NAMES[NodeKind(int(scene.node_kind[node]))][0], scene.node_names[node]
    return Part("node", (node,), name if name.startswith(kind) else f"{kind} {name}")


def group_part(scene: Scene, group: int) -> Part:
    """Return a pod, cube, plane, block or rack with all its nodes as a part."""
    return Part("group", tuple(np.flatnonzero(scene.folds.group == group).tolist()), scene.folds.names[group])


def ocs_part(ocs: int) -> Part:
    """Return an optical circuit switch as a part."""
    return Part("ocs", (ocs,), f"OCS {ocs}")


def same_part(scene: Scene, other: Scene, part: Part) -> Part | None:
    """Return the part of another fabric that has the names of a part of this one; None where it has no such part."""
    if part.kind == "ocs":
        there = other.plant is not None and all(ocs < other.plant.n_ocs for ocs in part.members)
        return part if there else None
    of_name = {name: node for node, name in enumerate(other.node_names)}
    nodes = scene.link_ends[list(part.members)].ravel() if part.kind == "links" else part.members
    try:
        found = np.array([of_name[scene.node_names[node]] for node in nodes], dtype=np.int64)
    except KeyError:
        return None
    if part.kind != "links":
        return dataclasses.replace(part, members=tuple(found.tolist()))
    pairs = np.unique(np.sort(found.reshape(-1, 2), axis=1), axis=0)
    ends = np.sort(other.link_ends, axis=1)
    joined = [np.flatnonzero((ends == pair).all(axis=1)) for pair in pairs]
    if not all(len(links) for links in joined):
        return None
    # of parallel links as many as have failed here, the first ones
    many = [np.count_nonzero((np.sort(found.reshape(-1, 2), axis=1) == pair).all(axis=1)) for pair in pairs]
    return links_part(other, np.concatenate([links[:n] for links, n in zip(joined, many, strict=True)]))


def scenario_parts(scene: Scene) -> dict[str, tuple[Part, ...]]:
    """Return the parts of each group that the run's scenario says fail together, by the name of the group."""
    from optinet.reliability.parts import nodes_named

    failures = scene.run.scenario.get("failures") or {}
    found = {}
    for name, group in (failures.get("group") or {}).items():
        fits = nodes_named(scene.node_names, group["nodes"], "", [])
        nodes = (Part("group", tuple(sorted(fits)), f"group {name}"),) if fits else ()
        found[name] = (*nodes, *map(ocs_part, group["ocs"]))
    return found


def drawn_failures(scene: Scene) -> str:
    """Return what the run's own draws of failures have shown; empty for a run of the intact fabric alone."""
    metrics = scene.run.metrics
    rates = [
        f"{format_number(metrics[name].value)} Gb/s per endpoint {share} % of the time"
        for name, share in DRAWN
        if name in metrics and not np.isnan(metrics[name].value)
    ]
    return f"Failures drawn from this scenario leave at least {', '.join(rates)}" if rates else ""


def group_of(scene: Scene, drawing: Drawing, picked: Picked) -> int:
    """Return the group that something drawn belongs to, with both ends if it is a line; -1 for none."""
    if picked.kind == "segment":
        groups = np.unique(scene.folds.group[scene.link_ends[drawing.links_of(picked.index)]])
        return int(groups[0]) if len(groups) == 1 else -1
    node = int(drawing.point_node[picked.index])
    return int(scene.folds.group[node]) if node >= 0 else int(drawing.point_group[picked.index])


def links_down(scene: Scene, parts: tuple[Part, ...]) -> Ints:
    """Return the links that carry nothing without these parts, in order."""
    down = np.zeros(scene.n_links, dtype=bool)
    dead = np.zeros(scene.n_nodes, dtype=bool)
    for part in parts:
        if part.kind == "links":
            down[list(part.members)] = True
        elif part.kind == "ocs" and scene.plant is not None:
            through = scene.plant.end_ocs[scene.plant.circuit_ends[:, 0]]
            links = scene.plant.circuit_link[np.isin(through, part.members)]
            down[links[links >= 0]] = True
        elif part.kind != "ocs":
            dead[list(part.members)] = True
    return np.flatnonzero(down | dead[scene.link_ends].any(axis=1))


def nodes_down(scene: Scene, parts: tuple[Part, ...]) -> Ints:
    """Return the nodes that have failed, in order."""
    nodes = {node for part in parts if part.kind in ("node", "group") for node in part.members}
    return np.array(sorted(node for node in nodes if node < scene.n_nodes), dtype=np.int64)


def part_rows(scene: Scene, parts: tuple[Part, ...]) -> list[tuple[str, ...]]:
    """Return a row of texts for each part, in the order of `COLUMNS`."""
    words = {"links": "link", "ocs": "OCS"}
    return [
        (
            part.title,
            words.get(part.kind, part.kind),
            f"{len(part.members):,}" if part.kind in ("node", "group") else MISSING,
            f"{len(links_down(scene, (part,))):,}",
        )
        for part in parts
    ]


def arguments(scene: Scene, parts: tuple[Part, ...], *, bound: bool, loads: Path) -> list[str]:
    """Return the command of optinet that solves a run without these parts."""
    links = sorted({link for part in parts if part.kind == "links" for link in part.members})
    ocs = sorted({ocs for part in parts if part.kind == "ocs" for ocs in part.members})
    words = ["fail", scene.run.path, "--json", "--loads", loads, "--force", *(["--bound"] if bound else [])]
    words += ["--instead"] if scene.own_parts else []
    for option, values in (
        ("--node", [scene.node_names[node] for node in nodes_down(scene, parts)]),
        ("--link", links),
        ("--ocs", ocs),
    ):
        words += [word for value in values for word in (option, value)]
    return list(map(str, words))


def without_parts(scene: Scene, after: After) -> Scene:
    """Return a scene with the loads that are left; belongs in a worker."""
    intact = scene.intact or scene
    load = after.arc_load_gbps
    built = np.asarray(intact.run.arc_capacity_gbps, dtype=np.float64)  # whatever is down in the run itself
    capacity = np.where(after.arc_up, built, 0.0)
    utilization = np.divide(load, capacity, out=np.zeros_like(load), where=capacity > 0)
    limiting = np.zeros(intact.n_links, dtype=bool)
    limiting[after.limiting // 2] = True
    facts = [intact.facts[name] for name in intact.class_names]
    changed = dataclasses.replace(
        intact,
        arc_load_gbps=load,
        arc_capacity_gbps=capacity,
        arc_utilization=utilization,
        link_values=link_values(load, capacity, utilization, intact.link_length_m, intact.link_class, facts),
        limiting=limiting,
        limit_text=f"limit: {after.facts['limit']}",
        intact=intact,
        after=after,
    )
    # the same nodes and links at the same places: what was worked out for drawing them holds
    kept = ("opening", "is_host_link", "without_capacity")
    vars(changed).update({name: vars(intact)[name] for name in kept if name in vars(intact)})
    return changed


def named(parts: tuple[Part, ...]) -> str:
    """Return what parts are called, in one line."""
    titles = [part.title for part in parts[:LISTED]]
    more = len(parts) - len(titles)
    return ", ".join([*titles, *([f"{more:,} more"] if more else [])])
