# SPDX-License-Identifier: Apache-2.0
"""Draw what the README shows of the demo's runs into docs/images: ``python docs/draw_demo.py RUNS``."""

from __future__ import annotations

import sys
from pathlib import Path

from experiments.charts import scatter
from experiments.compare import comparison
from experiments.drawing import png
from optinet.results import find_runs, open_run

X, Y = "cost_per_endpoint_usd", "network_kw"


def draw(runs: Path, picture: Path) -> None:
    """Write the designs by cost and power, with the front of those that none surpasses in both and in rate."""
    table = comparison([open_run(path) for path in find_runs([runs])])
    delivered = next(column.key for column in table.columns if column.key.startswith("delivered"))
    table = table.with_front([delivered, Y, X])
    columns = {column.key: column for column in table.columns}
    picture.write_bytes(
        png(scatter(table, columns[X], columns[Y], "Power and cost of 24 designs for 4,096 accelerators"))
    )


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(__file__).parent / "images" / "demo_power_cost.png")
