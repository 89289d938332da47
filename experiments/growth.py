# SPDX-License-Identifier: Apache-2.0
"""Fabrics that grow: where a tier of switches is added, and what tells scenarios of one case apart."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from experiments.plain_values import percent_text
from optinet.results import Run

_Key: TypeAlias = tuple[str, ...]

_FEW_KEYS = 3  # more would be too many combinations to try
_GROWS = ("cost_per_endpoint_usd", "network_w_per_endpoint")


def cliffs(runs: Iterable[Run]) -> Iterator[str]:
    """Yield a remark wherever a fabric that grows needs one more tier of switches.

    Parameters
    ----------
    runs
        Those whose scenarios differ in ``topology.endpoints`` alone are one growing fabric.
    """
    growing: dict[str, dict[float, Run]] = {}
    for run in runs:
        plan, endpoints = _without_size(run.scenario)
        if endpoints is not None and "switch_tiers" in run.metrics:
            growing.setdefault(json.dumps([run.case, plan], sort_keys=True), {})[endpoints] = run
    for label, by_size in zip(_labels([json.loads(key) for key in growing]), growing.values(), strict=True):
        for smaller, larger in itertools.pairwise(sorted(by_size)):
            before, after = by_size[smaller], by_size[larger]
            tiers = [run.metrics["switch_tiers"].value for run in (before, after)]
            if tiers[1] > tiers[0]:
                grown = [after.metrics[name].value / before.metrics[name].value - 1 for name in _GROWS]
                what = " and ".join(
                    f"{percent_text(share, 0, signed=True)} {of}"
                    for share, of in zip(grown, ("cost", "power"), strict=True)
                )
                yield f"{label}: {tiers[1]:g} tiers from {larger:,} endpoints, {what} per endpoint"


def _without_size(scenario: Mapping[str, Any]) -> tuple[dict[str, Any], float | None]:
    topology = dict(scenario.get("topology", {}))
    endpoints = topology.pop("endpoints", None)
    return {**_plan(scenario), "topology": topology}, endpoints


def _labels(groups: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Name growing fabrics by their case, and by what they differ in from others of it."""
    labels = []
    for case, plan in groups:
        namesakes = [other for of_case, other in groups if of_case == case]
        apart = differing(namesakes)[namesakes.index(plan)] if len(namesakes) > 1 else ""
        labels.append(", ".join(filter(None, (case or str(plan["topology"].get("name", "")), apart))))
    return labels


def differing(scenarios: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return for every scenario what tells it from the others, such as "endpoints=1024, oversubscription=2".

    Of keys that change together only as many are named as it takes.
    """
    flat = [dict(_leaves(_plan(scenario))) for scenario in scenarios]
    keys = dict.fromkeys(key for one in flat for key in one if key[-1] != "name")
    apart = [key for key in keys if _kinds(flat, (key,)) > 1]
    few = (some for size in range(1, _FEW_KEYS + 1) for some in itertools.combinations(apart, size))
    told = next((some for some in few if _kinds(flat, some) == _kinds(flat, apart)), apart)
    return [", ".join(f"{key[-1]}={_short(one[key])}" for key in told if key in one) for one in flat]


def _kinds(flat: Sequence[Mapping[_Key, Any]], keys: Sequence[_Key]) -> int:
    return len({json.dumps([one.get(key) for key in keys]) for one in flat})


def _plan(scenario: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in scenario.items() if key not in ("workload", "title", "tags", "caveat")}


def _leaves(table: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
