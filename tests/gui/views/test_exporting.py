# SPDX-License-Identifier: Apache-2.0
"""Every view as a picture, on paper, and as data."""

from __future__ import annotations

import csv
import errno
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from PyQt6.QtPdf import QPdfDocument


def test_every_view_is_written_as_picture_and_data_by_the_worker(engine_here, window, tmp_path, wait, qtbot):
    window.work.engine.start_command("a job", tmp_path, ["-c", "import sys; sys.exit('no such thing')"], ["sweep"])
    window.panels["scenario"].show()
    qtbot.waitUntil(lambda: window.panels["scenario"].widget.is_settled)
    window.selection.set(window.table.row_keys[:2])
    wait(window)
    scene = window.fabric_state.scene
    hosts = [node for node in range(scene.n_nodes) if scene.node_names[node].startswith("host")]
    window.fabric_state.set_chosen((hosts[0], hosts[-1]))
    qtbot.waitUntil(lambda: window.fabric_state.trace is not None and not window.work.engine.active)
    window.messages.clear()
    written = set()
    for name, panel in window.panels.items():
        panel.show()
        qtbot.waitUntil(panel.widget.isVisible)
        wait(window)
        if panel.export() is None:  # a chart that these runs have no data for, or circuits that they do not have
            continue
        written.add(name)
        for kind in ("png", "svg", "pdf", "csv"):
            window.dialogs.save = tmp_path / f"export.{name}_{kind}.{kind}"
            assert window.commands.run(f"export.{name}_{kind}"), name
        wait(window)
        png, svg, pdf, data = (
            (tmp_path / f"export.{name}_{kind}.{kind}").read_bytes() for kind in ("png", "svg", "pdf", "csv")
        )
        assert png.startswith(b"\x89PNG"), name
        drawing = ET.fromstring(svg)
        strokes = [part for part in drawing.iter() if part.tag.rpartition("}")[2] in ("text", "path", "polyline")]
        assert len(strokes) > 5, name  # vectors, and no picture of pixels
        assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, name
        rows = list(csv.reader(data.decode().splitlines()))
        assert len(rows) > 1 and {len(row) for row in rows} == {len(rows[0])}, name
    assert {"fabric", "scenario", "runs", "jobs", "paths", "compare", "power", "loads", "pareto"} <= written
    jobs = (tmp_path / "export.jobs_csv.csv").read_text(encoding="utf-8")
    assert "a job,failed" in jobs and "no such thing" in jobs
    scenario = list(csv.DictReader((tmp_path / "export.scenario_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["Value"] for row in scenario if (row["Section"], row["Key"]) == ("Topology", "leaves")] == ["8"]
    hops = list(csv.DictReader((tmp_path / "export.paths_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert sum(float(row["share of the traffic"]) for row in hops if row["hop"] == "1") == pytest.approx(1.0)
    rows = list(csv.reader((tmp_path / "export.runs_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 5 and "Power (kW)" in rows[0]
    arcs = list(csv.DictReader((tmp_path / "export.fabric_csv.csv").read_text(encoding="utf-8").splitlines()))
    assert len(arcs) == 2 * window.fabric_state.scene.n_links
    assert {row["utilization (%)"] for row in arcs} == {"25.0"}
    assert window.messages.messages == []


def test_a_pdf_shows_what_the_view_shows(window, tmp_path, wait):
    window.panels["power"].show()
    wait(window)
    export = window.panels["power"].export()
    export.write(tmp_path / "power.pdf")
    document = QPdfDocument(None)
    assert document.load(str(tmp_path / "power.pdf")) == QPdfDocument.Error.None_
    size = export.size.toSize()
    pictures = [document.render(0, size), export.image(1.0)]
    shares = []
    for picture in pictures:  # the share of each of 8 x 8 fields that is not of the ground
        image = picture.convertToFormat(QImage.Format.Format_RGB32).scaled(size)
        pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
        pixels = pixels.reshape(size.height(), size.width(), 4)[: size.height() // 8 * 8, : size.width() // 8 * 8, :3]
        other = np.abs(pixels.astype(int) - pixels[-1, -1]).sum(axis=2) > 60
        shares.append(other.reshape(8, other.shape[0] // 8, 8, other.shape[1] // 8).mean(axis=(1, 3)))
    assert np.abs(shares[0] - shares[1]).max() < 0.08 and shares[1].max() > 0.16
    document.close()


def test_a_png_has_300_dots_per_inch_and_names_what_it_shows(window, tmp_path, wait):
    window.dialogs.save = tmp_path / "f.png"
    window.commands.run("export.fabric_png")
    wait(window)
    image = QImage(str(tmp_path / "f.png"))
    assert image.width() == pytest.approx(window.fabric.width() * 300 / 96, abs=1)
    assert image.dotsPerMeterX() == pytest.approx(300 / 0.0254, abs=1)
    assert image.text("Title") == "Fabric: 1b / LPO · uniform"


def test_an_export_that_cannot_be_written_is_one_line(window, tmp_path, wait):
    for kind in ("png", "svg", "pdf", "csv"):
        window.dialogs.save = tmp_path / "no such folder" / f"x.{kind}"
        window.commands.run(f"export.fabric_{kind}")
        wait(window)
        (message,) = window.messages.messages
        assert "no such folder" in message and "No such file" in message, kind
        window.messages.clear()


def test_a_full_disk_on_export_is_one_line(window, tmp_path, wait, monkeypatch):
    def full(_path, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    window.dialogs.save = tmp_path / "x.png"
    window.commands.run("export.fabric_png")
    wait(window)
    (message,) = window.messages.messages
    assert "No space left" in message
