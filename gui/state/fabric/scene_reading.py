# SPDX-License-Identifier: Apache-2.0
"""Reads the fabric of a run for the view: its arrays, its layout, what limits it and what is down in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gui.state.fabric.folding import folds_of, folds_of_stands
from gui.state.fabric.layout import FLOOR, STRUCTURE, Layout, Nodes, layout_of
from gui.state.fabric.layout.clos import with_shuffles
from gui.state.fabric.layout.floor import stands_of
from gui.state.fabric.link_facts import LinkFacts, link_facts
from gui.state.fabric.racks import racks_of_run
from gui.state.fabric.run_parts import parts_of_run
from gui.state.fabric.scene import FULLEST_SHARE, Floats, Ints, Scene, link_values
from gui.state.runs.entry import RunEntry
from optinet.plant import OpticalPlant
from optinet.results import Run
from optinet.structure import Planes


def scene_of(entry: RunEntry, style: str = STRUCTURE) -> Scene:
    """Read the arrays of a run and lay its fabric out; this takes time and belongs in a worker."""
    run = entry.run
    run.read("nodes", "links", "link_classes", "arcs", "structure", "plant", "optimum", "copper", "catalogue", "failed")
    link_ends = np.column_stack((np.asarray(run.arc_tail)[::2], np.asarray(run.arc_head)[::2])).astype(np.int64)
    nodes = Nodes(*(np.asarray(a, dtype=np.int64) for a in (run.node_kind, run.node_tier, run.node_group)))
    load, capacity, utilization = (
        np.asarray(a, dtype=np.float64) for a in (run.arc_load_gbps, run.arc_capacity_gbps, run.arc_utilization)
    )
    capacity = np.where(np.repeat(run.link_up, 2), capacity, 0.0)
    link_class = np.asarray(run.link_class, dtype=np.int64)
    names, facts = tuple(run.link_class_names), link_facts(run)
    length = np.asarray(run.link_length_m, dtype=np.float64)
    limiting, limit_text = _limiting(run, utilization)
    plant = run.fabric.plant if run.table("plant") else None
    stands = stands_of(nodes, link_ends, racks_of_run(run)) if style == FLOOR else None
    layout = layout_of(run.structure, link_ends, nodes, style, stands, _devices(plant, len(link_ends)))
    scene = Scene(
        key=entry.key,
        title=entry.label,
        run=run,
        style=style,
        layout=_with_shuffles(layout, run, style, link_ends, facts),
        folds=folds_of(run.structure, nodes, link_ends),
        nodes=nodes,
        node_names=tuple(str(name) for name in run.node_names),
        link_ends=link_ends,
        link_values=link_values(load, capacity, utilization, length, link_class, [facts[name] for name in names]),
        link_class=link_class,
        class_names=names,
        facts=facts,
        link_length_m=length,
        arc_load_gbps=load,
        arc_capacity_gbps=capacity,
        arc_utilization=utilization,
        limiting=limiting,
        limit_text=limit_text,
        plant=plant,
    )
    folds = scene.folds if stands is None else folds_of_stands(stands)
    scene = dataclasses.replace(scene, own_parts=parts_of_run(scene), folds=folds)
    for _ in (scene.opening, scene.boxes, scene.without_capacity, run.metrics, run.table("reconfiguration")):
        pass  # made and read here, in the worker, while the file is there
    return scene


def _with_shuffles(layout: Layout, run: Run, style: str, link_ends: Ints, facts: Mapping[str, LinkFacts]) -> Layout:
    passing = [index for index, name in enumerate(run.link_class_names) if "shuffle" in facts[name].parts]
    if not passing or style != STRUCTURE or not isinstance(run.structure, Planes):
        return layout
    shuffled = np.flatnonzero(np.isin(run.link_class, passing))
    return with_shuffles(layout, run.structure, link_ends, shuffled)


def _devices(plant: OpticalPlant | None, n_links: int) -> Ints:
    """Return the optical circuit switch that each link passes, -1 for none; shape (n_links,)."""
    device = np.full(n_links, -1, dtype=np.int64)
    if plant is not None:
        made = plant.circuit_link >= 0
        device[plant.circuit_link[made]] = plant.circuit_ocs[made]
    return device


def _limiting(run: Run, utilization: Floats) -> tuple[NDArray[np.bool_], str]:
    """Return the links that limit the throughput: those of the run's bound, else those the routing fills most."""
    share = np.asarray(run.table("optimum").get("arc_share_fraction", np.zeros(0)), dtype=np.float64)
    if share.any():
        deciding = (share.reshape(-1, 2) > 0).any(axis=1)
        words = str(run.table("optimum").get("limit", ""))
        text = f"{deciding.sum():,} links decide the upper bound of the throughput"
        return deciding, f"{text} ({words})" if words else text
    used = utilization.reshape(-1, 2).max(axis=1, initial=0.0)
    most = float(used.max(initial=0.0))
    fullest = (used >= FULLEST_SHARE * most) & (most > 0)
    of = ", ".join(run.link_class_names[i] for i in np.unique(np.asarray(run.link_class)[fullest]).tolist())
    return fullest, f"{fullest.sum():,} links of {of} are the fullest, at {100 * most:,.1f} % of capacity"
