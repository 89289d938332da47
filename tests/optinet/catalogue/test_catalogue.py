# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import numpy as np
import pytest

from optinet.catalogue import Catalogue, load_catalogue
from optinet.catalogue.describe import catalogue_rows, component_rows
from optinet.errors import CatalogueError

CATALOGUE = load_catalogue()


def small(names):
    components = {name: CATALOGUE[name] for name in names}
    return Catalogue(components, CATALOGUE.sources(), {name: found.kind for name, found in components.items()})


class TestLooking:
    def test_component(self):
        palomar = CATALOGUE["palomar"]
        assert (palomar.id, palomar.kind, palomar.vendor) == ("palomar", "ocs", "Google")
        assert palomar.text == {"technology": "MEMS", "bidirectional": "yes"}
        assert palomar.values["ports"].value == 136

    def test_value_and_text(self):
        assert CATALOGUE.value("palomar", "power_max_w") == 108.0
        assert CATALOGUE.text("cpo_3d_1t6", "packaging") == "cpo_3d"
        assert "palomar" in CATALOGUE
        assert "palomino" not in CATALOGUE

    def test_ids_of_a_kind(self):
        assert CATALOGUE.ids("cooling") == ("air", "liquid")
        assert CATALOGUE.ids("submarine") == ()
        assert set(CATALOGUE.ids("ocs")) < set(CATALOGUE.ids())

    def test_unknown_component_names_the_nearest(self):
        with pytest.raises(CatalogueError, match=r"unknown component 'palomarr'.*did you mean 'palomar'"):
            CATALOGUE["palomarr"]

    def test_unknown_value_names_component_keys_and_the_nearest(self):
        with pytest.raises(CatalogueError) as caught:
            CATALOGUE.value("air", "overhead")
        (problem,) = caught.value.problems
        assert problem.where == "catalogue.air.overhead"
        assert problem.allowed == "overhead_fraction, pue_ratio, fan_fraction, liquid_fraction"
        assert problem.nearest == "overhead_fraction"

    def test_unknown_text(self):
        with pytest.raises(CatalogueError, match=r"has no text 'technologie'; allowed: technology, bidirectional"):
            CATALOGUE.text("palomar", "technologie")

    def test_source(self):
        source = CATALOGUE.sources()["A01"]
        assert source.year == 2022
        assert source.url == "https://arxiv.org/abs/2208.10041"

    def test_it_can_be_sent_to_another_process(self):
        there = pickle.loads(pickle.dumps(CATALOGUE.with_values({"palomar.power_w": 90.0})))
        assert there.value("palomar", "power_w") == 90.0
        assert there["smf"] == CATALOGUE["smf"]


class TestDraw:
    drawn = CATALOGUE.draw(20_000, seed=7)

    def test_mean_and_range_of_a_triangle(self):
        loss = self.drawn.value("palomar", "insertion_loss_db")  # triangle 1.0, 1.6, 2.0
        assert loss.shape == (20_000,)
        assert loss.min() >= 1.0
        assert loss.max() <= 2.0
        variance = (1.0**2 + 1.6**2 + 2.0**2 - 1.0 * 1.6 - 1.0 * 2.0 - 1.6 * 2.0) / 18
        assert loss.mean() == pytest.approx(4.6 / 3, abs=5 * np.sqrt(variance / 20_000))
        assert loss.var() == pytest.approx(variance, rel=0.05)

    def test_a_value_without_range_is_constant(self):
        assert np.array_equal(self.drawn.value("mpo_standard", "loss_max_db"), np.full(20_000, 0.75))

    def test_counts_stay_whole(self):
        ports = self.drawn.value("palomar", "ports")
        assert set(ports) == set(range(128, 137))

    def test_same_seed_same_draws_and_another_seed_others(self):
        again = CATALOGUE.draw(20_000, seed=7).value("palomar", "power_w")
        assert np.array_equal(again, self.drawn.value("palomar", "power_w"))
        assert not np.array_equal(CATALOGUE.draw(20_000, seed=8).value("palomar", "power_w"), again)

    def test_other_components_change_no_draw(self):
        alone = small(["smf"]).draw(20_000, seed=7).value("smf", "attenuation_db_per_km")
        assert np.array_equal(alone, self.drawn.value("smf", "attenuation_db_per_km"))

    def test_values_are_independent(self):
        a, b = self.drawn.value("polatis_384", "power_w"), self.drawn.value("polatis_384", "insertion_loss_db")
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
        # the same triangle in two components is drawn apart too
        a, b = (self.drawn.value(name, "price_usd_per_port") for name in ("polatis_384", "polatis_576"))
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.03

    def test_draws_cannot_be_written(self):
        with pytest.raises(ValueError, match="read-only"):
            self.drawn.value("palomar", "power_w")[0] = 1.0

    def test_listed_value_stays_what_it_is(self):
        assert self.drawn["palomar"].values["power_w"].value == 85

    def test_at_least_one(self):
        with pytest.raises(CatalogueError, match="1 or more"):
            CATALOGUE.draw(0, seed=1)


class TestVarying:
    def test_bound_fixes_one_value(self):
        low, high = CATALOGUE.bound("low", "palomar.power_w"), CATALOGUE.bound("high", "palomar.power_w")
        assert (low.value("palomar", "power_w"), high.value("palomar", "power_w")) == (60.0, 108.0)
        assert low.value("palomar", "insertion_loss_db") == 1.6
        assert np.array_equal(high.draw(3, 1).value("palomar", "power_w"), [108.0, 108.0, 108.0])

    def test_bound_of_a_drawn_catalogue_keeps_the_other_draws(self):
        drawn = CATALOGUE.draw(5, seed=3)
        fixed = drawn.bound("low", "palomar.power_w")
        assert np.array_equal(fixed.value("palomar", "power_w"), np.full(5, 60.0))
        assert np.array_equal(fixed.value("smf", "price_usd_per_m"), drawn.value("smf", "price_usd_per_m"))
        assert drawn.value("palomar", "power_w").std() > 0

    @pytest.mark.parametrize(
        ("which", "name", "found"),
        [
            ("middle", "palomar.power_w", "unknown end 'middle'"),
            ("low", "palomar.powr_w", "has no value 'powr_w'"),
            ("low", "x.y", "unknown component 'x'"),
        ],
    )
    def test_bound_of_nothing(self, which, name, found):
        with pytest.raises(CatalogueError, match=found):
            CATALOGUE.bound(which, name)

    def test_with_values(self):
        changed = CATALOGUE.with_values({"palomar.power_w": 90, "smf.price_usd_per_m": 0.1})
        found = changed["palomar"].values["power_w"]
        assert (found.value, found.low, found.high, found.unit) == (90.0, 90.0, 90.0, "W")
        assert (found.source, found.basis) == ("scenario", "estimate")
        assert (
            CATALOGUE.with_values({"panama.efficiency_fraction": 0.97})["panama"]
            .values["efficiency_fraction"]
            .conflicts
            == ()
        )
        assert changed.value("smf", "price_usd_per_m") == 0.1
        assert changed.value("palomar", "ports") == 136
        assert CATALOGUE.value("palomar", "power_w") == 85.0

    def test_changes_add_up(self):
        twice = CATALOGUE.with_values({"palomar.power_w": 90.0}).with_values({"palomar.ports": 130})
        assert (twice.value("palomar", "power_w"), twice.value("palomar", "ports")) == (90.0, 130.0)

    def test_everything_wrong_is_told_at_once(self):
        with pytest.raises(CatalogueError) as caught:
            CATALOGUE.with_values(
                {
                    "palomarr.power_w": 1.0,
                    "palomar.power": 1.0,
                    "palomar.power_w": float("nan"),
                    "palomar.ports": 1.5,
                    "ups.efficiency_fraction": 92.0,
                    "smf.price_usd_per_m": -0.1,
                    "lc.loss_db": "0.1",
                    "nodot": 1.0,
                    "lpo_1t6_dr8.tx_oma_dbm": -1.0,  # the one that is right
                }
            )
        problems = caught.value.problems
        assert [problem.where for problem in problems] == [
            "catalogue.palomarr.power_w",
            "catalogue.palomar.power",
            "catalogue.palomar.power_w",
            "catalogue.palomar.ports",
            "catalogue.ups.efficiency_fraction",
            "catalogue.smf.price_usd_per_m",
            "catalogue.lc.loss_db",
            "catalogue.nodot",
        ]
        assert [problem.nearest for problem in problems[:2]] == ["palomar", "power_w"]


class TestRecording:
    def test_it_remembers_what_was_asked_for(self):
        view = CATALOGUE.recording()
        assert view.used == ()
        view.value("smf", "price_usd_per_m")
        view.value("palomar", "power_w")
        view.value("palomar", "power_w")
        assert view.used == (("palomar", "power_w"), ("smf", "price_usd_per_m"))
        assert CATALOGUE.used == ()
        assert CATALOGUE.recording().used == ()

    def test_what_is_made_from_it_records_into_it(self):
        view = CATALOGUE.recording()
        view.draw(2, seed=1).with_values({"air.overhead_fraction": 0.3}).value("air", "overhead_fraction")
        assert view.used == (("air", "overhead_fraction"),)

    def test_a_drawn_catalogue_can_be_recorded(self):
        drawn = CATALOGUE.draw(2, seed=1)
        view = drawn.recording()
        assert np.array_equal(view.value("palomar", "power_w"), drawn.value("palomar", "power_w"))
        assert view.used == (("palomar", "power_w"),)


class TestDescribe:
    def test_rows_of_the_catalogue(self):
        rows = catalogue_rows(CATALOGUE)
        assert len(rows) == len(CATALOGUE.ids())
        assert rows[0].kind == "ocs"
        assert [row.kind for row in rows] == sorted((row.kind for row in rows), key=CATALOGUE.kinds().index)
        (air, _) = catalogue_rows(CATALOGUE, "cooling")
        assert air == ("air", "cooling", "Air", 4)

    def test_conflicts_are_in_the_remark(self):
        rows = {row.key: row for row in component_rows(CATALOGUE["elsfp_8"])}
        expected = "at the chip; conflict: 282 [B27]: 24.5 dBm in the same text: at the connector"
        assert rows["optical_power_mw"].note == expected

    def test_rows_of_a_component(self):
        row, *others = component_rows(CATALOGUE["air"])
        assert [other.key for other in others] == ["pue_ratio", "fan_fraction", "liquid_fraction"]
        assert row[:8] == ("overhead_fraction", 0.35, 0.2, 0.5, "1", "estimate", "estimate", "C")
        assert row.note == "engineering estimate: fans, room units, chiller"
