# SPDX-License-Identifier: Apache-2.0
"""SimGrid's side of the flow simulation: reads one case as JSON from standard input, writes the answer as JSON.

A program of its own, run by the system's interpreter: SimGrid's Python module comes from the system's package manager
and knows nothing of a virtual environment. CM02 with every TCP factor off is the fluid model that optinet has; links
are full duplex, all flows start at 0. Measured is `Engine.run`, in which SimGrid routes and simulates.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from simgrid import Actor, Comm, Engine, simgrid_version

FLUID = (
    "network/model:CM02",
    "network/crosstraffic:0",
    "network/TCP-gamma:0",
    "network/bandwidth-factor:1",
    "network/latency-factor:1",
    "network/weight-S:0",
)
PLATFORM = """<?xml version='1.0'?><!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><zone id="world" routing="Full">
<cluster id="torus" prefix="chip" suffix="" radical="0-{last}" speed="1Gf" bw="{bytes_per_s}Bps" lat="{latency_s}s"
 sharing_policy="SPLITDUPLEX" topology="TORUS" topo_parameters="{dims}"/></zone></platform>"""


def main() -> None:
    """Simulate the case, or tell the version if that is asked for."""
    if sys.argv[1:] == ["version"]:
        sys.stdout.write(simgrid_version)
        return
    case = json.load(sys.stdin)
    options = (f"--cfg={option}" for option in (*FLUID, *case["options"]))
    engine = Engine(["simgrid", "--log=root.thresh:error", *options])
    with tempfile.TemporaryDirectory() as folder:
        platform = Path(folder) / "platform.xml"
        platform.write_text(
            PLATFORM.format(
                last=case["n_nodes"] - 1,
                bytes_per_s=repr(case["capacity_gbps"] * 1e9 / 8),
                latency_s=repr(case["latency_s"]),
                dims=",".join(map(str, case["dims"])),
            )
        )
        engine.load_platform(str(platform))
    chips = sorted(engine.all_hosts, key=lambda host: int(host.name.removeprefix("chip")))
    comms: list[Comm] = []

    def send_all() -> None:
        flows = zip(case["source"], case["target"], case["size_bytes"], strict=True)
        comms.extend(Comm.sendto_async(chips[s], chips[t], size) for s, t, size in flows)
        Comm.wait_all(comms)

    Actor.create("sender", chips[0], send_all)
    start = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - start
    json.dump({"seconds": seconds, "finish_s": [comm.finish_time for comm in comms]}, sys.stdout)


if __name__ == "__main__":
    main()
