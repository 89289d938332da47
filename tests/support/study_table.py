# SPDX-License-Identifier: Apache-2.0
"""The figures of a study on a page: kept in a small table beside it, because running the whole study takes a minute.

A row knows the hash of its scenario, and so the table is of the study as it stands or the test says so; some points,
the cheap ones, are run again every time. ``UPDATE_DOCS=1`` runs all of them and writes the table anew.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from experiments.evaluate import evaluate
from experiments.study import Point, Study, load

PATH = Path(__file__).parents[2] / "docs" / "data" / "train_llm.csv"
METRICS = ("step_time_ms", "j_per_token", "usd_per_million_tokens")
COLUMNS = ("design", "model", "scenario_sha256", *METRICS)
MODELS = {"llama_3_405b": "Dense 405B", "deepseek_v3": "Mixture 671B"}


def points() -> list[Point]:
    """Return the points of the study."""
    study = load("train_llm")
    assert isinstance(study, Study)
    return list(study.points())


def row(point: Point) -> dict[str, str]:
    """Run a point and return its row."""
    found = evaluate(point.scenario).assessment
    numbers = {name: f"{found.metric(name).value:.5g}" for name in METRICS}
    return key(point) | numbers


def key(point: Point) -> dict[str, str]:
    """Return what tells a point: design, model and hash of its scenario."""
    model = str(point.scenario.workload.parameters["model"])
    return {"design": point.case, "model": model, "scenario_sha256": point.scenario.content_sha256}


def stored() -> list[dict[str, str]]:
    """Return the table as it is kept."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def store(rows: Iterable[dict[str, str]]) -> None:
    """Write the table."""
    with PATH.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def train_llm_markdown() -> str:
    """Return the table for the page: a line for each design."""
    by_design: dict[str, dict[str, dict[str, str]]] = {}
    for each in stored():
        by_design.setdefault(each["design"], {})[each["model"]] = each
    heads = [f"{title}: step, s | J/token | USD per 1e6 tokens" for title in MODELS.values()]
    lines = [f"| Design | {' | '.join(heads)} |", "|---" * (1 + 3 * len(MODELS)) + "|"]
    for design, rows in by_design.items():
        cells = [cell for model in MODELS for cell in _cells(rows[model])]
        lines.append(f"| {design} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(of: dict[str, str]) -> tuple[str, str, str]:
    step_ms, joules, usd = (float(of[name]) for name in METRICS)
    return f"{step_ms / 1e3:.2f}", f"{joules:#.3g}", f"{usd:#.3g}"
