# SPDX-License-Identifier: Apache-2.0
r"""Two pipelined binary trees at once: the latency of a tree at the bandwidth of a chain.

A rank within a binary tree sends twice what it receives, and a leaf sends nothing. So the buffer is halved between two
trees in which no rank is within both, each half goes in s segments, and in every step each rank sends and receives at
most two segments of n / 2s bits. Over h levels below the first rank that takes

.. math:: (s + h - 1)\left(\alpha + \frac{n}{s B}\right),\qquad s^* = \sqrt{\frac{(h - 1)\,n}{\alpha B}},\qquad
          h = \lfloor \log_2 (p - 1) \rfloor + 1,

with s* in all :math:`(\sqrt{n / B} + \sqrt{(h - 1) \alpha})^2` for a broadcast, and as much again before it for the
reduction of an all-reduce (P. Sanders, J. Speck, J. L. Träff, "Two-tree algorithms for full bandwidth broadcast,
reduction and scan", Parallel Computing 35, 2009; NCCL has these trees since version 2.4 as double binary trees). Their
ranks send one message at a time; ours send to both children of a step at once, which takes as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.schedule import STARTUP_S, Ints, Phase, endpoint_gbps, joined, transfers


def double_tree(call: Collective) -> Iterator[Phase]:
    """Up both trees to the first rank of each group, for all-reduce, and down again."""
    parents, depth = _trees(call.p)
    levels = int(depth.max())
    line_s = call.size_gbit / max(float(endpoint_gbps(call.fabric)[call.groups].min()), 1e-300)
    segments = max(1, round(math.sqrt((levels - 1) * line_s / STARTUP_S)))
    chunk = call.size_gbit / 2 / segments
    child = np.arange(1, call.p)
    for name, up in (("reduce", True), ("broadcast", False))[call.operation == "broadcast" :]:
        steps, stages = [], []
        for stream, (parent, deep) in enumerate(zip(parents, depth, strict=True)):
            source, target = (child, parent) if up else (parent, child)
            steps.append(transfers(call.groups[:, source], call.groups[:, target], chunk, stream))
            stages.append(np.tile(levels - deep if up else deep - 1, len(call.groups)))
        yield Phase(f"{name}, segments", segments + levels - 1, joined(steps), np.concatenate(stages))


def _trees(p: int) -> tuple[Ints, Ints]:
    """Return parent and depth, below rank 0, of the ranks from 1 in both trees; shape (2, p - 1).

    The first has the ranks in order: odd ones are leaves, and what would be above the last rank is left out. The second
    is its mirror image where that takes odd to even, and else moved on by one.
    """
    rank, n = np.arange(1, p), p - 1
    bit = rank & -rank
    above = (rank ^ bit) | (bit << 1)
    first = np.where(above <= n, above, rank ^ bit)
    image = np.concatenate(([0], n + 1 - rank if n % 2 == 0 else rank % n + 1))
    second = np.empty(n, dtype=np.int64)
    second[image[1:] - 1] = image[first]
    parents = np.array([first, second])
    depth = np.zeros((2, p), dtype=np.int64)
    for tree, parent in enumerate(parents):
        at = parent.copy()
        depth[tree, 1:] = 1
        while at.any():
            depth[tree, 1:] += at > 0
            at = np.where(at > 0, parent[at - 1], 0)
    return parents, depth[:, 1:]
