# SPDX-License-Identifier: Apache-2.0
"""The command line as its user meets it: exit codes, one clear block for a mistake, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import subprocess
import sys

import pytest

from experiments import cli
from optinet.results import find_runs, open_run
from tests.support.waiting import PATIENCE_S

ROOT = [sys.executable, "-m", "optinet"]


@pytest.fixture
def optinet(capfd, monkeypatch):
    """Return a function that runs a command line in this process: exit code, standard output, standard error."""
    monkeypatch.delenv("OPTINET_DEBUG", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["optinet", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return exit_.value.code, out, err

    return run


def test_help_is_there_without_loading_anything_heavy():
    code = """
import sys
from experiments.cli import _run
code = _run(sys.argv[1:])
heavy = {"numpy", "numba", "h5py", "pydantic", "matplotlib", "scipy", "networkx", "topologies", "PyQt6"}
sys.stderr.write(" ".join(sorted(heavy & set(sys.modules))))
sys.exit(code)
"""
    for arguments in (["--help"], ["run", "--help"], ["sweep", "--help"], ["--version"], []):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert done.stderr == "", arguments
        assert done.stdout


def test_runs_are_read_without_loading_a_solver(made_run):
    code = """
import sys
from experiments.cli import _run
code = _run(sys.argv[1:])
sys.stderr.write(" ".join(sorted({"numba", "networkx", "scipy.optimize", "matplotlib", "pandas"} & set(sys.modules))))
sys.exit(code)
"""
    folder = made_run("a").path.parent
    done = subprocess.run([sys.executable, "-c", code, "runs", folder], capture_output=True, text=True, check=True)
    assert done.stderr == "1 run\n" and "uniform" in done.stdout


def test_help_names_every_command(optinet):
    code, out, _ = optinet("--help")
    assert code == 0
    words = out.split()
    for name in (
        "run",
        "sweep",
        "compare",
        "validate",
        "topologies",
        "catalogue",
        "inspect",
        "export",
        "view",
        "reconfigure",
    ):
        assert name in words, name
    assert optinet() == (0, out, "")


def test_help_of_every_command_ends_with_an_example_that_can_be_parsed():
    for command in cli.COMMANDS:
        help_text = cli._examples(command)
        examples = [shlex.split(line, comments=True) for line in help_text.splitlines()[1:]]
        assert examples, command
        for words in examples:
            if "eval" not in words:
                assert words[:2] == ["optinet", command.__name__]
                cli.app.parse_args(words[1 : words.index(">") if ">" in words else None], exit_on_error=False)


def test_a_shell_completes_commands_options_and_files(optinet, tmp_path):
    (tmp_path / "row.toml").touch()
    ask = """
eval "$SCRIPT"; cd "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _optinet; echo "${COMPREPLY[*]}"
"""
    script = optinet("completion", "bash")[1]

    def completed(*words):
        command = ["bash", "-c", ask, "bash", str(tmp_path), "optinet", *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | {"SCRIPT": script}
        ).stdout.split()

    assert completed("un") == ["uncertainty", "unpack"]
    assert completed("sweep", "x.toml", "--pro") == ["--progress"]
    assert completed("export", "x.h5", "--to", "g") == ["graphml"]
    assert completed("run", "r") == ["row.toml"]
    assert optinet("completion", "zsh")[1].startswith("#compdef optinet")


def test_version(optinet):
    assert optinet("--version") == (0, "0.1.0\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rum"], 'Did you mean "run"?'),
        (["run", "x", "-o", "y", "--sett", "a=b"], "Did you mean --set?"),
        (["run"], "SCENARIO"),
        (["run", "x"], "--output"),
        (["run", "x", "z", "-o", "y"], "More was given than the command takes: 'z'."),
        (["compare"], "PATHS"),
        (["export", "x", "--to", "cvs"], 'Did you mean "csv"?'),
        (["sweep", "x", "-o", "y", "--workers", "0"], ">= 1"),
        (["sweep", "x", "-o", "y", "--workers", "two"], "two"),
        (["sweep", "x", "-o", "y", "--timeout-s", "-1"], "> 0"),
        (["inspect", "a", "b"], "b"),
        (["topologies", "toruss"], "did you mean 'torus'?"),
        (["catalogue", "palomr"], "did you mean 'palomar'?"),
        (["validate", "no-such-name"], "no-such-name"),
        (["validate", "missing.toml"], "missing.toml: no such file"),
        (["sweep", "which_interconnet", "-o", "unused"], "did you mean 'which_interconnect'?"),
        (["run", "which_interconnect", "-o", "unused"], "run it with 'optinet sweep'"),
        (["run", ".", "-o", "unused"], ".: is a folder"),
        (["inspect", "missing.h5"], "missing.h5: no such file"),
        (["view", "missing.h5"], "missing.h5: no such file"),
    ],
)
def test_a_mistake_gets_one_clear_block_and_exit_code_2(optinet, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = optinet(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"])
def test_a_shard_that_is_none_is_refused(optinet, study_path, tmp_path, shard):
    code, _, err = optinet("sweep", study_path, "-o", tmp_path / "runs", f"--shard={shard}")
    assert code == 2
    assert "i/n with 1 <= i <= n" in err


def test_a_run_is_written_shown_and_compared(optinet, scenario_path, tmp_path):
    path = tmp_path / "run.h5"
    code, out, err = optinet("run", scenario_path, "-o", path, "--set", "design.optics=lpo_1t6_dr8")
    assert (code, err) == (0, "")
    assert out.startswith("Small\n")
    run = open_run(path)
    assert run.scenario["design"]["optics"] == "lpo_1t6_dr8"
    assert run.table("provenance")["command_line"].startswith("optinet run ")
    for metric in run.metrics:
        assert metric in out
    assert optinet("inspect", path) == (0, out, "")
    code, out, _ = optinet("inspect", path, "--json")
    stored = json.loads(out)
    assert stored["metrics"]["network_kw"]["value"] == run.metrics["network_kw"].value
    assert stored["metrics"]["network_kw"]["unit"] == "kW"
    assert stored["scenario"] == run.scenario
    code, out, _ = optinet("compare", path, "--json")
    assert json.loads(out)["rows"][0]["case"] == "Small"
    assert optinet("compare", path, "--to", "json") == (0, out, "")
    code, out, _ = optinet("compare", tmp_path, "--to", "markdown")
    assert code == 0 and out.startswith("| design | uniform Gb/s |")
    code, out, err = optinet("run", scenario_path, "-o", path)
    assert (code, out, err) == (
        2,
        "",
        f"{path}: is there already; allowed: another file name, or --force to replace it\n",
    )
    assert optinet("run", scenario_path, "-o", path, "--force")[0] == 0
    assert open_run(path).scenario["design"]["optics"] == "retimed_1t6_dr8"


def test_an_output_that_cannot_be_written_is_told_before_the_scenario_is_looked_at(optinet, scenario_path, tmp_path):
    text = scenario_path.read_text()
    for output, message in (
        (tmp_path / "absent" / "run.h5", "no such folder"),
        (tmp_path, "is a folder; allowed: a file name"),
        (scenario_path, "is there already and is not a run file"),
        (scenario_path / "run.h5", "no such folder"),
    ):
        code, out, err = optinet("run", "no-such-scenario", "-o", output, "--force")
        assert (code, out) == (2, "")
        assert message in err and len(err.splitlines()) == 1
    assert scenario_path.read_text() == text


def test_all_mistakes_of_a_scenario_come_together(optinet, scenario_path, tmp_path):
    text = scenario_path.read_text()
    scenario_path.write_text(text.replace("leaves = 2", "leafs = 2").replace("spines = 2", 'spines = "two"'))
    code, out, err = optinet("run", scenario_path, "-o", tmp_path / "run.h5", "--set", "workload.gbps_per_endpoint=-1")
    assert (code, out) == (2, "")
    assert f"{scenario_path}:4: topology.leafs: unknown key 'leafs'" in err
    assert "did you mean 'leaves'?" in err
    assert f"{scenario_path}:5: topology.spines: text 'two'" in err
    assert "--set workload.gbps_per_endpoint=-1" in err
    assert not (tmp_path / "run.h5").exists()
    assert optinet("validate", scenario_path)[0] == 2


def test_run_and_validate_say_the_same_of_what_does_not_fit(optinet, scenario_path, tmp_path):
    changes = ("--set", "topology.host_length_m=50.0", "--set", "topology.leaves=1000")
    code, out, err = optinet("run", scenario_path, "-o", tmp_path / "run.h5", *changes)
    assert (code, out) == (2, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == ["design.host_link", "design.switch"]
    assert all(line.startswith(f"{scenario_path}:") for line in err.splitlines())
    assert optinet("validate", scenario_path, *changes) == (2, "", err)
    code, _, err = optinet("ocs", scenario_path)
    assert code == 2 and err.startswith(f"{scenario_path}:2: topology: has no optical plant")


def test_a_sweep_ends_with_the_table_and_where_the_files_are(optinet, study_path, tmp_path):
    folder = tmp_path / "runs"
    code, out, err = optinet("sweep", study_path, "-o", folder, "--workers", "1", "--set", "seed=9")
    assert code == 0
    assert [line.split("  ")[0] for line in out.splitlines()[4:7]] == ["retimed", "LPO", "pod [1]"]
    assert err.splitlines()[-1].startswith(f"6 run files in {folder} (6 new)")
    assert {open_run(path).scenario["seed"] for path in find_runs([folder])} == {9}
    code, _, err = optinet("sweep", study_path, "-o", folder)
    assert code == 2
    assert "--resume" in err
    code, again, err = optinet(
        "sweep", study_path, "-o", folder, "--workers", "1", "--set", "seed=9", "--resume", "--json"
    )
    assert code == 0
    assert "(0 new)" in err
    assert [row["case"] for row in json.loads(again)["rows"]] == ["retimed", "LPO", "pod"]


def test_a_sweep_with_a_failed_point_says_so_in_its_exit_code(optinet, study_path, tmp_path):
    study_path.write_text(
        study_path.read_text().replace("links_per_pair = 1}", "links_per_pair = 1, host_length_m = 70.0}")
    )
    code, out, err = optinet("sweep", study_path, "-o", tmp_path / "runs", "--workers", "1")
    assert code == 2
    assert "pod" in out and "retimed" not in out
    failures = json.loads((tmp_path / "runs" / "failures.json").read_text())
    lines = study_path.read_text().splitlines()
    for failure in failures:
        place, _, said = failure["error"].removeprefix(f"{study_path}:").partition(": ")
        assert said.startswith("design.host_link: ") and "host_link" in lines[int(place) - 1]
    assert err.splitlines()[-1] == f"4 points failed; errors are in {tmp_path / 'runs' / 'failures.json'}."


def test_every_line_that_a_program_reads_of_a_sweep_is_an_event(optinet, study_path, tmp_path):
    command = ("sweep", study_path, "-o", tmp_path / "runs", "--workers", "1", "--progress", "json")
    change = ("--set", "seed=4")
    for arguments, code, last in ((change, 0, "ended"), (change, 2, "error"), (("--set", "sed=4"), 2, "error")):
        found, _, err = optinet(*command, *arguments)
        events = [json.loads(line) for line in err.splitlines()]
        assert (found, events[-1]["event"]) == (code, last)
    assert "did you mean 'seed'?" in events[-1]["text"]


def test_validate_tells_scenarios_and_studies_apart(optinet, scenario_path, study_path):
    code, out, _ = optinet("validate", scenario_path)
    assert (code, out) == (
        0,
        f"{scenario_path}: a valid scenario: topology leaf_spine, workload uniform, routing best\n",
    )
    assert optinet("validate", study_path)[1] == f"{study_path}: a valid study: 6 points in 3 cases\n"
    assert optinet("validate", "which_interconnect")[0] == 0
    assert optinet("validate", "nvl72")[0] == 0
    assert "did you mean 'nvl72'?" in optinet("validate", "nvl27")[2]


def test_what_validate_finds_can_be_read_by_programs(optinet, scenario_path, study_path):
    code, out, _ = optinet("validate", scenario_path, "--json")
    found = json.loads(out)
    assert (code, found["valid"], found["kind"], found["workload"]) == (0, True, "scenario", "uniform")
    study = {"valid": True, "kind": "study", "points": 6, "cases": 3}
    assert study.items() <= json.loads(optinet("validate", study_path, "--json")[1]).items()
    change = "topology.host_length_m=50.0"
    code, out, _ = optinet("validate", scenario_path, "--json", "--set", change, "--set", "topology.leaves=1000")
    found = json.loads(out)
    assert (code, found["valid"]) == (2, False)
    assert [problem["where"] for problem in found["problems"]] == ["design.host_link", "design.switch"]
    assert found["problems"][0]["location"].startswith(f"{scenario_path}:")


def test_a_plan_tells_what_a_sweep_would_do(optinet, study_path, tmp_path):
    command = ("sweep", study_path, "-o", tmp_path / "runs", "--workers", "2", "--dry-run")
    code, out, err = optinet(*command)
    assert (code, err) == (0, "")
    assert "to run                   6" in out
    found = json.loads(optinet(*command, "--json", "--shard", "1/1")[1])
    assert {"points": 6, "to_run": 6, "done": 0, "in_other_shards": 0, "workers": 2}.items() <= found.items()
    assert found["estimated_s"] > 0.0
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "other").touch()
    assert "needs --resume" in optinet(*command)[2]
    assert not find_runs([tmp_path / "runs"])


def test_topologies_are_listed_and_described(optinet):
    code, out, _ = optinet("topologies")
    assert code == 0
    assert {"torus", "fat_tree", "ocs_mesh"} <= {line.split()[0] for line in out.splitlines()}
    _, out, _ = optinet("topologies", "fat_tree")
    assert "k " in out and "required" in out
    _, out, _ = optinet("topologies", "fat_tree", "--json")
    assert "k" in json.loads(out)["properties"]
    assert "torus" in json.loads(optinet("topologies", "--json")[1])


def test_the_catalogue_shows_values_with_sources(optinet):
    _, out, _ = optinet("catalogue")
    assert "palomar" in out
    _, out, _ = optinet("catalogue", "ocs")
    kinds = {line.split()[1] for line in out.splitlines()[1:]}
    assert kinds == {"ocs"}
    _, out, _ = optinet("catalogue", "palomar")
    row = next(line for line in out.splitlines() if line.startswith("power_max_w"))
    assert row.split()[:6] == ["power_max_w", "108", "100", "to", "120", "W"]
    assert "A01" in row
    assert any(line.startswith("A01 ") and "Mission Apollo" in line for line in out.splitlines())
    data = json.loads(optinet("catalogue", "palomar", "--json")[1])
    assert {"key": "power_max_w", "unit": "W", "low": 100.0}.items() <= next(
        row for row in data["values"] if row["key"] == "power_max_w"
    ).items()
    assert "A01" in {source["id"] for source in data["sources"]}


def test_export_gives_everything_as_json_and_a_table_as_csv(optinet, made_run, tmp_path):
    run = made_run(metrics={"network_kw": 1.5, "fibers": float("nan")})
    data = json.loads(optinet("export", run.path)[1])
    assert data["groups"]["metrics"]["value"][-2:] == [1.5, None]
    assert data["groups"]["arcs"]["load_gbps"] == run.arc_load_gbps.tolist()
    _, out, _ = optinet("export", run.path, "--to", "csv", "--table", "arcs")
    assert out.splitlines()[0] == "capacity_gbps,load_gbps,utilization"
    assert out.splitlines()[1] == "800.0,400.0,0.5"
    assert len(out.splitlines()) == 1 + 16
    target = tmp_path / "metrics.csv"
    assert optinet("export", run.path, "--to", "csv", "-o", target) == (0, "", "")
    assert "network_kw" in target.read_text()
    code, _, err = optinet("export", run.path, "--to", "csv", "--table", "arc")
    assert code == 2 and "did you mean 'arcs'?" in err
    code, _, err = optinet("export", run.path, "-o", run.path)
    assert code == 2 and "is the run file itself" in err
    code, _, err = optinet("export", run.path, "-o", tmp_path / "absent" / "x.json")
    assert (code, err) == (2, f"{tmp_path / 'absent'}: no such folder\n")
    assert open_run(run.path).content_sha256 == run.content_sha256


def test_view_starts_the_viewer_as_a_process_and_passes_its_exit_code(optinet, made_run, monkeypatch):
    started = []

    def start(command, **_):
        started.append(command)
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", start)
    run = made_run(metrics={})
    (run.path.parent / "to grow").mkdir()
    assert optinet("view", run.path, run.path.parent / "to grow") == (3, "", "")
    assert started == [[sys.executable, "-m", "gui.app", str(run.path), str(run.path.parent / "to grow")]]


def test_a_fault_is_one_line_and_its_traceback_on_request(optinet, scenario_path, tmp_path, monkeypatch):
    import experiments.evaluate

    def fault(_):
        msg = "nobody thought of this"
        raise LookupError(msg)

    monkeypatch.setattr(experiments.evaluate, "evaluate", fault)
    code, out, err = optinet("run", scenario_path, "-o", tmp_path / "run.h5")
    assert (code, out) == (1, "")
    assert err == "optinet failed: LookupError: nobody thought of this\nOPTINET_DEBUG=1 shows the traceback.\n"
    monkeypatch.setenv("OPTINET_DEBUG", "1")
    with pytest.raises(LookupError):
        cli._run(["run", str(scenario_path), "-o", str(tmp_path / "run.h5")])


def test_ctrl_c_is_no_error_message(optinet, scenario_path, tmp_path, monkeypatch):
    import experiments.evaluate

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments.evaluate, "evaluate", interrupt)
    assert optinet("run", scenario_path, "-o", tmp_path / "run.h5") == (130, "", "Stopped.\n")
    assert not (tmp_path / "run.h5").exists()


def test_a_reader_that_stops_reading_is_no_error(made_run):
    run = made_run(metrics={})
    for arguments in (["--help"], ["export", str(run.path)], ["catalogue"]):
        process = subprocess.Popen([*ROOT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        _, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, err) == (0, b""), arguments


def test_a_full_disk_behind_standard_output_is_a_clear_line(made_run):
    run = made_run(metrics={})
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [*ROOT, "export", str(run.path)], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (2, "No space left on device\n")


def test_output_survives_a_terminal_that_knows_ascii_alone(made_run):
    run = made_run(case="größer", metrics={"delivered_gbps_per_endpoint": 1.0})
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run([*ROOT, "compare", str(run.path)], capture_output=True, env=environment, check=True)
    assert b"gr\\xf6\\xdfer" in done.stdout


def test_the_priced_bill_of_materials_is_exported_as_csv(optinet, scenario_path, tmp_path):
    run = tmp_path / "run.h5"
    optinet("run", scenario_path, "-o", run)
    code, out, _ = optinet("export", run, "--to", "csv", "--table", "bom")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0])[:5] == ["role", "component", "where", "count", "length_m"]
    switches = next(row for row in rows if row["role"] == "switch")
    count, price_usd = int(switches["count"]), float(switches["price_usd"])
    assert switches["title"].startswith("102.4T switch")
    assert float(switches["cost_usd"]) == pytest.approx(count * price_usd)
    assert float(switches["cost_low_usd"]) < float(switches["cost_usd"]) < float(switches["cost_high_usd"])
    # 2,500 FIT each
    assert float(switches["failures_per_day"]) == pytest.approx(count * 2500 * 24e-9)
    total = sum(float(row["cost_usd"]) for row in rows if row["cost_usd"] != "nan")
    assert total == pytest.approx(open_run(run).metric("cost_usd").value)
