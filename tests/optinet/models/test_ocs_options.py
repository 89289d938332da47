# SPDX-License-Identifier: Apache-2.0
"""Which OCS a plant could be built of: ports, boxes and what is in the way."""

import json

import pytest

import topologies
from experiments import cli
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError
from optinet.models.ocs_options import ocs_options

CATALOGUE = load_catalogue()
POD = Design.from_roles({"chip": "tpu_ici", "cube_link": "cube_copper", "ocs_optics": "bidi_tpu_800g"})
MESH = Design.from_roles({"switch": "switch_102t4", "host_link": "aec_1t6", "ocs_optics": "bidi_800g_fr4"})


def options(design, topology, **parameters):
    found = ocs_options(topologies.build(topology, **parameters), design, CATALOGUE)
    assert {each.ocs for each in found} == set(CATALOGUE.ids("ocs"))
    return {each.ocs: each for each in found}


def test_a_pod_of_144_cubes_needs_boxes_of_288_ports():
    found = options(POD, "tpu_pod", cubes=(4, 4, 9))
    assert found["palomar"].boxes == 0
    assert found["palomar"].notes == ("136 ports, 288 needed of one box",)
    assert not found["palomar"].fits
    for ocs, boxes in (("lumentum_r300", 48), ("coherent_dlc_320", 48), ("polatis_576", 24), ("telescent_1008", 16)):
        assert (found[ocs].boxes, found[ocs].more_boxes) == (boxes, boxes - 48)
    assert found["lumentum_r300"].fits
    assert found["lumentum_r300"].power_w == 48 * 100
    assert found["lumentum_r300"].price_usd == 48 * 300 * 350
    assert found["lumentum_r300"].dark_ms == pytest.approx(25 + 6.2 + 50)
    assert found["calient_s320"].dark_ms == pytest.approx(200 + 6.2 + 50)


def test_a_mesh_is_spread_over_smaller_boxes():
    """16 blocks of 64 uplinks on 8 devices of 128 ports: 8 fibers of each block on a box, or 4, or 2."""
    found = options(MESH, "ocs_mesh", blocks=16, hosts_per_block=8, uplinks_per_block=64)
    assert found["palomar"].ports_needed == 128
    assert (found["palomar"].boxes, found["palomar"].more_boxes) == (8, 0)
    assert (found["lumentum_r64"].boxes, found["lumentum_r64"].more_boxes) == (16, 8)
    assert (found["lightmatter_32"].boxes, found["lightmatter_32"].more_boxes) == (32, 24)
    assert found["epiphotonics_plzt_16"].boxes == 0  # one fiber of each block cannot be wired at will
    assert (found["polatis_576"].boxes, found["polatis_576"].more_boxes) == (2, -6)
    assert found["lightmatter_32"].verdict == "infeasible"
    assert "one way" in found["ipronics_one32"].notes[-1]
    assert "fixed matchings" in found["rotor_128"].notes[-1]


def test_several_fibers_take_several_plants():
    duplex = Design.from_roles({"switch": "switch_102t4", "host_link": "aec_1t6", "ocs_optics": "retimed_800g_dr8"})
    found = options(duplex, "ocs_mesh", blocks=16, hosts_per_block=8, uplinks_per_block=64)
    assert found["palomar"].boxes == 16 * 8
    assert found["palomar"].more_boxes == 0


def test_without_a_plant_there_is_nothing_to_choose():
    with pytest.raises(CatalogueError, match="no optical plant"):
        options(MESH, "leaf_spine", leaves=2, spines=2, hosts_per_leaf=2)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "pod.toml"
    path.write_text(
        'topology = {name = "tpu_pod", cubes = [2, 2, 2]}\nworkload = {name = "uniform"}\n'
        'design = {chip = "tpu_ici", cube_link = "cube_copper", ocs_optics = "bidi_tpu_800g"}\n'
    )
    for words, shown in ((["ocs", str(path)], "needs 16 ports"), (["ocs", str(path), "--json"], '"fits": true')):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        out = capsys.readouterr().out
        assert ended.value.code == 0
        assert shown in out
    assert {row["ocs"] for row in json.loads(out)} == set(CATALOGUE.ids("ocs"))
