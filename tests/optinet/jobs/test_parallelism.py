# SPDX-License-Identifier: Apache-2.0
"""Where the parts of a job are: every endpoint once, by orders and by axes, and what is said where they do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topologies
from optinet.errors import DemandError, OptinetError
from optinet.jobs.parallelism import DIMENSIONS, Parallelism, place
from optinet.jobs.transformer import Transformer

DENSE = Transformer(layers=12, hidden=64, heads=16, kv_heads=4, head_width=4, ffn=256, vocabulary=1000)
MIXTURE = DENSE.model_copy(update={"experts": 32, "experts_per_token": 2, "expert_ffn": 64})
TORUS = topologies.build("torus", dims=(4, 4, 8))


def clos(hosts):
    return topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=hosts // 4, links_per_pair=1)


@settings(max_examples=40)
@given(st.data())
def test_groups_of_every_kind_hold_every_endpoint_once(data):
    degrees = {name: data.draw(st.sampled_from([1, 2, 4])) for name in DIMENSIONS}
    ways = degrees["tp"] * degrees["cp"] * degrees["dp"]
    ep = data.draw(st.sampled_from([k for k in (1, 2, 4, 8, 16, 32) if ways % k == 0]))
    order = tuple(data.draw(st.permutations(DIMENSIONS)))
    fabric = clos(4 * ways * degrees["pp"])
    wanted = Parallelism(**degrees, ep=ep, order=order, endpoints=ways * degrees["pp"], first_endpoint=3)
    placed = place(fabric, wanted, MIXTURE)
    for kind in ("tensor", "context", "data", "pipeline", "expert", "expert data"):
        assert sorted(placed.groups(kind).ravel()) == list(range(3, 3 + ways * degrees["pp"]))
    # the innermost dimension of more than one part is on endpoints in a row
    inner = next((name for name in order if degrees[name] > 1), None)
    if inner:
        axis = DIMENSIONS[::-1].index(inner)
        assert np.all(np.diff(placed.endpoint, axis=axis) == 1)


def test_experts_are_shared_inside_a_stage_and_held_again_by_the_rest_of_it():
    placed = place(clos(64), Parallelism(tp=2, pp=2, ep=8), MIXTURE)
    stage = {int(e): i for i, members in enumerate(placed.endpoint.reshape(2, -1)) for e in members}
    for kind, size in (("expert", 8), ("expert data", 4)):
        groups = placed.groups(kind)
        assert groups.shape[1] == size
        assert all(len({stage[int(e)] for e in group}) == 1 for group in groups)
    meet = {(i, j) for i, a in enumerate(placed.groups("expert")) for j, b in enumerate(placed.groups("expert data"))
            if len(set(a) & set(b)) == 1}  # fmt: skip
    assert len(meet) == 64  # each endpoint is in one of each


def test_dimensions_follow_the_axes_they_are_mapped_to():
    axes = {"tp": (2, 2, 2), "dp": (1, 2, 4), "pp": (2, 1, 1)}
    placed = place(TORUS, Parallelism(tp=8, dp=8, pp=2, axes=axes), DENSE)
    x, y, z = np.unravel_index(placed.endpoint, (4, 4, 8))
    pp, dp, _, tp = np.indices(placed.endpoint.shape)
    # innermost first: tp takes the lowest steps of every axis, then data, then stages
    assert np.array_equal(x, tp // 4 + 2 * pp)
    assert np.array_equal(y, tp // 2 % 2 + 2 * (dp // 4))
    assert np.array_equal(z, tp % 2 + 2 * (dp % 4))


def test_a_job_takes_a_slice_of_a_pod_in_the_order_of_the_slice():
    pod = topologies.build(
        "tpu_pod", pod_cubes=4, cube_side=2, slices=[{"chips": [2, 2, 2]}, {"chips": [2, 2, 4], "cubes": [3, 1]}]
    )
    placed = place(pod, Parallelism(tp=4, slice=1), DENSE)
    assert set(placed.endpoint.ravel()) == {*range(24, 32), *range(8, 16)}
    # a row along the long axis crosses from cube 3 to cube 1
    assert placed.groups("tensor")[0].tolist() == [24, 25, 8, 9]


@pytest.mark.parametrize(
    ("wanted", "where", "says"),
    [
        ({"tp": 8, "pp": 3}, "workload", "pp = 2 with dp = 8 or pp = 4 with dp = 4"),
        ({"tp": 8, "dp": 8}, "workload", "dp = 16"),
        ({"tp": 3}, "workload.tp", "1, 2, 4, 8, 16"),
        ({"pp": 16}, "workload.pp", "1 to 12"),
        ({"ep": 64}, "workload.ep", "1, 2, 4, 8, 16, 32"),
        ({"slice": 2}, "workload.slice", "tpu_pod"),
        ({"endpoints": 129}, "workload.endpoints", "128"),
        ({"tp": 4, "axes": {"tp": (2, 1, 1)}}, "workload.axes.tp", "4, as tp says"),
        ({"tp": 4, "dp": 32, "axes": {"tp": (4, 1, 1), "dp": (4, 8, 1)}}, "workload.axes", "its length, 4"),
        ({"order": ("tp", "tp", "dp", "pp")}, "workload.order", "each of tp, cp, dp, pp once"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(wanted, where, says):
    with pytest.raises(OptinetError) as caught:
        place(TORUS, Parallelism(**wanted), MIXTURE)
    problem = next(each for each in caught.value.problems if each.where == where)
    assert says in str(problem)


def test_a_dense_model_has_no_experts_to_share():
    with pytest.raises(DemandError, match="no experts"):
        place(TORUS, Parallelism(ep=2), DENSE)
