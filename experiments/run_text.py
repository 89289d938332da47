# SPDX-License-Identifier: Apache-2.0
"""What the command line prints about a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.plain_values import interval_text, number_text, percent_text, to_json, unit_text
from experiments.present import rows_text
from optinet.results import Run

_DRAWN_DIGITS = 4  # percentiles of a few hundred draws are good to a few percent of their range


def run_text(run: Run, width: int | None = None) -> str:
    """Return a run's scenario, metrics, power, cost, link budgets and notes as text."""
    parts = [_headline(run), _scenario(run.scenario, width)]
    metrics = [
        (m.name, number_text(m.value), interval_text(m.low, m.high, _DRAWN_DIGITS), unit_text(m.unit), m.meaning)
        for m in run.metrics.values()
    ]
    parts.append(rows_text(("metric", "value", "range", "unit", "meaning"), metrics, width))
    parts += [_optimum(run, width), _collective(run, width), _jobs(run, width), _availability(run, width)]
    parts.append(_shares("power", run.power_categories, run.power_w, "W", width))
    parts.append(_shares("cost", run.cost_categories, run.cost_usd, "USD", width))
    parts += [_switch_optics(run, width), _cabling(run, width), *_budgets(run, width)]
    if run.notes:
        parts.append(rows_text(("notes",), [(note,) for note in run.notes], width))
    origin = run.table("provenance")
    made = f"made {origin['started_utc']} on {origin['host']} by optinet {origin['optinet']}"
    parts.append(f"{made}, content {run.content_sha256[:16]}\n")
    return "\n".join(part for part in parts if part)


def metrics_json(run: Run) -> str:
    """Return a run's headline and metrics as JSON."""
    metrics = {m.name: {"value": m.value, "low": m.low, "high": m.high, "unit": m.unit} for m in run.metrics.values()}
    return to_json(head(run) | {"metrics": metrics})


def head(run: Run) -> dict[str, Any]:
    """Return a run's headline as plain data."""
    names = ("title", "case", "routing", "verdict", "notes", "scenario", "content_sha256")
    return {"path": str(run.path), **{name: getattr(run, name) for name in names}}


def _headline(run: Run) -> str:
    kilobytes = run.path.stat().st_size / 1000
    lines = [run.title or run.path.stem, f"  file     {run.path} ({kilobytes:,.0f} kB)"]
    lines += [
        f"  {key:<8} {text}"
        for key, text in (("case", run.case), ("routing", run.routing), ("verdict", run.verdict))
        if text
    ]
    caveat = run.scenario.get("caveat")
    return "\n".join([*lines, *([f"  caveat   {caveat}"] if caveat else [])]) + "\n"


def _optimum(run: Run, width: int | None) -> str:
    if "optimum" not in run.groups:
        return ""
    table = run.table("optimum")
    lower, upper = float(table["lower"]), float(table["upper"])
    bounds = f"{lower:,.6g}" if upper <= lower * (1.0 + 1e-9) else f"{lower:,.6g} to {upper:,.6g}"
    lines = [f"best of all routings: throughput {bounds}, found by {table['method']}", f"  limit    {table['limit']}"]
    lines += [f"  note     {table['note']}"] if table["note"] else []
    names = ("link_class", "share_fraction", "saturated_arcs", "one_more_link")
    rows = [
        (name, percent_text(share), f"{full:,}", f"{more:.3g}")
        for name, share, full, more in zip(*(table[name] for name in names), strict=True)
    ]
    heads = ("link class", "share of the limit", "full arcs", "most that one more link adds")
    return "\n".join(lines) + "\n" + rows_text(heads, rows, width)


def _collective(run: Run, width: int | None) -> str:
    """Where the time of a collective goes, and what other algorithms would have taken."""
    table = run.table("collective")
    if not table:
        return ""
    names = ("phase", "n_steps", "alpha_s", "transfer_s", "busiest")
    rows = [
        (
            phase,
            f"{steps:,}",
            f"{alpha * 1e6:,.3g}",
            f"{transfer * 1e6:,.4g}",
            f"{1e3 * steps * (alpha + transfer):,.4g}",
            link,
        )
        for phase, steps, alpha, transfer, link in zip(*(table[name] for name in names), strict=True)
    ]
    size = f"{float(table['size_gbit']) / 8:g} GB, {table['n_groups']} groups of {table['n_ranks']} ranks"
    others = ", ".join(f"{name} {s * 1e3:,.4g} ms" for name, s in zip(table["tried"], table["tried_s"], strict=True))
    head = f"{table['operation']} by {table['algorithm']}: {size}\n  tried    {others}\n"
    heads = ("phase", "steps", "start-up of a step, us", "bits of a step, us", "all, ms", "busiest links")
    return head + rows_text(heads, rows, width)


def _jobs(run: Run, width: int | None) -> str:
    """What several jobs do to each other."""
    table = run.table("jobs")
    if not table:
        return ""
    names = ("name", "kind", "model", "n_endpoints", "alone_s", "cycle_s", "slowdown_ratio", "worst_slowdown_ratio")
    rows = [
        (*texts, f"{n:,}", *(f"{each:.4g}" for each in times), f"{tokens:,.0f}", f"{j:.4g}", held_by or "-")
        for *texts, n, alone_s, cycle_s, slower, worst, tokens, j, held_by in zip(
            *(table[name] for name in (*names, "tokens_per_s", "j_per_token", "held_by")), strict=True
        )
        for times in [(alone_s, cycle_s, slower, worst)]
    ]
    heads = ("job", "does", "model", "endpoints", "alone s", "beside s", "slower x", "worst x", "tokens/s", "J/token")
    return rows_text((*heads, "held back by"), rows, width)


def _availability(run: Run, width: int | None) -> str:
    """What is delivered for how much of the time, and what is down how often."""
    table, causes = run.table("availability"), run.table("failure_causes")
    if not table:
        return ""
    names = ("time_fraction", "delivered_gbps", "low_gbps", "high_gbps", "served_fraction")
    rows = [
        (f"{100 * time:g} %", f"{gbps:,.0f}", interval_text(low, high, _DRAWN_DIGITS), percent_text(served, 2))
        for time, gbps, low, high, served in zip(*(table[name] for name in names), strict=True)
    ]
    head = f"failures: {table['n_states']:,} states drawn, {table['n_solved']:,} different\n"
    heads = ("at least so long", "delivered Gb/s", "5 to 95 % of draws", "endpoints served")
    columns = ("kind", "part", "where", "count", "failures_fit", "repair_hours", "down_fraction", "extent")
    down = [
        (*texts, f"{count:,}", f"{fit:,.0f}", f"{hours:g}", f"{count * fraction:.2g}", f"{extent:,.1f}")
        for *texts, count, fit, hours, fraction, extent in zip(*(causes[name] for name in columns), strict=True)
    ]
    titles = ("what fails", "part", "where", "count", "FIT", "repair h", "down on average", "each takes down")
    return head + rows_text(heads, rows, width) + "\n" + rows_text(titles, down, width)


def _scenario(scenario: Mapping[str, Any], width: int | None) -> str:
    rows = []
    for key, value in scenario.items():
        if isinstance(value, Mapping) and value:
            rows.append((key, ", ".join(f"{k} = {v}" for k, v in value.items())))
        elif key not in ("title", "caveat") and value not in ("", [], {}, None):
            rows.append((key, value))
    return rows_text(("scenario", ""), rows, width)


def _shares(what: str, categories: tuple[str, ...], values: Any, unit: str, width: int | None) -> str:
    total = float(values.sum())
    rows = [
        (name, f"{value:,.0f}", percent_text(value / total) if total else "-")
        for name, value in zip(categories, values, strict=True)
    ]
    return rows_text((what, unit, "share"), [*rows, ("total", f"{total:,.0f}", "")], width)


def _switch_optics(run: Run, width: int | None) -> str:
    """What the fullest box of each tier holds, whether it fits, and what a failure takes down."""
    table = run.table("switch_optics")
    rows = []
    for i, where in enumerate(table.get("where", ())):
        of = {name: column[i] for name, column in table.items()}
        edge = f"{of['edge_needed_mm']:,.0f} of {of['edge_available_mm']:,.0f} mm {of['edge']}"
        counts = (f"{of[key]:,}" for key in ("modules", "lasers", "external_lasers"))
        down = (f"{of[key]:,.0f}" for key in ("module_failure_gbps", "laser_failure_gbps", "repair_gbps"))
        serdes = f"{of['serdes']}, {of['electrical_loss_db']:g} dB"
        rows.append((where, of["module"], serdes, *counts, f"{of['optics_w']:,.0f}", *down, edge.replace("nan", "?")))
    if not rows:
        return ""
    heads = ("fullest switch", "optics", "driven by", "modules", "lasers", "laser modules", "W")
    return rows_text((*heads, "module down Gb/s", "laser down", "repair down", "edge"), rows, width)


_CABLING = ("fiber", "jumper", "connector", "panel", "shuffle", "fiber_array", "circulator")


def _cabling(run: Run, width: int | None) -> str:
    """From lanes to fibers to what holds them, class by class."""
    paths, bom = run.table("physical_paths"), run.table("bom")
    if "lanes_per_link" not in paths or "fiber" not in paths["medium"]:
        return ""
    lines = list(zip(bom["role"], bom["where"], bom["count"].tolist(), strict=True))
    used = [role for role in _CABLING if any(role == each for each, *_ in lines)]
    rows = []
    for i, name in enumerate(paths["link_class"]):
        if paths["medium"][i] == "fiber":
            counts = (sum(n for role, where, n in lines if (role, where) == (each, name)) for each in used)
            shape = (paths[key][i] for key in ("n_links", "lanes_per_link", "strands_per_link", "segments"))
            rows.append((name, *(f"{number:,}" for number in (*shape, *counts))))
    heads = {"fiber": "fibers", "panel": "panel units", "fiber_array": "fiber arrays"}
    shown = (heads.get(role, f"{role}s") for role in used)
    return rows_text(("cabling", "links", "lanes", "strands", "segments", *shown), rows, width)


def _budgets(run: Run, width: int | None) -> Iterator[str]:
    """Yield all link budgets in one table, then the waterfall of each."""
    if not run.budgets:
        return
    margins = ("typical_margin_db", "margin_3sigma_db", "worst_margin_db")
    heads = ("link budget", "typical dB", "3-sigma dB", "worst dB", "closing", "failing", "verdict")
    rows = [
        (
            b["link_class"],
            *(f"{b[key]:.2f}" for key in margins),
            percent_text(b["link_yield_fraction"], 4),
            f"{b['links_expected_to_fail']:,.3g} of {b['n_links']:,}",
            b["verdict"],
        )
        for b in run.budgets
    ]
    yield rows_text(heads, rows, width)
    for budget in run.budgets:
        if "fec_needed" in budget:  # not in files of the first days
            yield _reserves(budget, width)
        yield _waterfall(budget, width)


def _reserves(budget: Mapping[str, Any], width: int | None) -> str:
    passes = budget["ocs_passes_closing"]
    rows = [
        (
            "error ratio before FEC",
            f"{budget['pre_fec_ber']:.2g} typical, {budget['pre_fec_ber_3sigma']:.2g} at 3 sigma",
        ),
        ("FEC of the link, and needed", f"{budget['fec']}, {budget['fec_needed']}"),
        ("most OCS passes that close", "-" if passes < 0 else f"{passes}"),
        ("longest fiber that closes", f"{budget['reach_closing_m']:,.0f} m"),
    ]
    if not math.isnan(budget["interference_db"]):
        rows.insert(0, ("reflected light over signal", f"{budget['interference_db']:.1f} dB"))
    return rows_text((budget["link_class"], ""), rows, width)


def _waterfall(budget: Mapping[str, Any], width: int | None) -> str:
    """From what the transmitter and receiver allow between them, part by part, to what is left."""
    keys = ("mean_loss_db", "sigma_db", "worst_loss_db", "cumulative_loss_db")
    left_db = budget["power_budget_db"]
    rows = [("power budget", "", "", "", "", f"{left_db:.2f}")]
    for i, (part, component) in enumerate(zip(budget["part"], budget["component"], strict=True)):
        mean_db, sigma_db, worst_db, cumulative_db = (float(budget[key][i]) for key in keys)
        numbers = (f"{mean_db:.2f}", f"{sigma_db:.2f}", f"{worst_db:.2f}", f"{left_db - cumulative_db:.2f}")
        rows.append((part, component, *numbers))
    heads = (budget["link_class"], "component", "loss dB", "sigma dB", "worst dB", "left dB")
    return rows_text(heads, rows, width)
