# SPDX-License-Identifier: Apache-2.0
"""Link budgets: worked checks by hand, published cases, verdicts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import OptinetError
from optinet.fabric import NodeKind
from optinet.models.link_budget import link_budget, link_budgets, worst
from optinet.models.link_limits import link_limits, with_length, with_ocs_passes
from optinet.models.margin import failing_links_fraction, link_margin
from optinet.models.pam4 import interference_penalty_db, pam4_pre_fec_ber
from optinet.models.physical_path import PathPart, PhysicalPath, physical_paths
from tests.support.parts import COMPONENTS, PARTS, catalogue_of, component, design, with_range


def path_of(parts, n_links=100, medium="fiber"):
    """A link class of given parts; the budget reads nothing else of it."""
    return PhysicalPath(
        link_class="link",
        class_index=0,
        n_links=n_links,
        spare_ends=0,
        gbps=800.0,
        length_m=100.0,
        total_length_m=100.0 * n_links,
        medium=medium,
        end_a=parts[0].component,
        end_b=parts[-1].component,
        kind_a=NodeKind.SWITCH,
        kind_b=NodeKind.SWITCH,
        through_ocs=any(part.name == "ocs" for part in parts),
        lanes_per_link=8,
        strands_per_link=16,
        pairs_per_link=0,
        segments=1,
        units_per_end_a=1.0,
        units_per_end_b=1.0,
        parts=tuple(parts),
    )


def mesh_budget(optics, catalogue=PARTS, ocs="mems"):
    fabric = topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=4)
    paths = physical_paths(fabric, design(switch="box", optics=optics, host_link="aec", ocs=ocs), catalogue)
    (budget,) = link_budgets(paths, catalogue)
    return budget


def test_ocs_path_of_given_parts():
    # OCS 1.5, two circulators of 0.8, four connectors of 0.3, 300 m of 0.4 dB/km: 4.42 dB
    parts = [(1.5, 0, 1), (0.8, 0, 2), (0.3, 0, 4), (0.3 * 0.4, 0, 1)]
    margins = {budget: optinet.link_margin(budget, parts).margin_db for budget in (3.0, 4.0, 6.3)}
    assert margins == pytest.approx({3.0: -1.42, 4.0: -0.42, 6.3: 1.88}, abs=1e-12)
    assert [optinet.link_margin(budget, parts).fail_fraction for budget in margins] == [1, 1, 0]


def test_statistical_path_of_given_parts():
    found = link_margin(4.0, [(1.5, 0.25, 1), (0.7, 0.1, 2), (0.25, 0.1, 4)])
    assert found.mean_loss_db == pytest.approx(3.9, abs=1e-12)
    assert found.sigma_db == pytest.approx(0.35, abs=1e-12)
    assert found.margin_db == pytest.approx(0.1, abs=1e-12)
    assert found.margin_3sigma_db == pytest.approx(4.0 - 4.95, abs=1e-12)
    assert found.fail_fraction == pytest.approx(0.38755, abs=5e-6)


def test_channel_of_the_dr_standards():
    # 500 m of 0.5 dB/km and 2.75 dB of connectors fill 3.0 dB
    assert link_margin(3.0, [(0.5 * 0.5, 0, 1), (2.75, 0, 1)]).margin_db == pytest.approx(0, abs=1e-12)
    # FR4: 2 km and 3.0 dB of connectors fill 4.0 dB
    assert link_margin(4.0, [(2 * 0.5, 0, 1), (3.0, 0, 1)]).margin_db == pytest.approx(0, abs=1e-12)
    # DR4: -0.8 dBm launched, -4.4 dBm needed
    assert link_margin(-0.8 + 4.4, []).margin_db == pytest.approx(3.6)


def test_ocs_paths_of_the_component_tables():
    # R300 and four low-loss MPO over 500 m: typical 2.27 dB passes DR4, the largest losses 4.57 dB fail even FR4
    typical, largest = [(1.5, 0, 1), (0.15, 0, 4), (0.5 * 0.34, 0, 1)], [(3.0, 0, 1), (0.35, 0, 4), (0.17, 0, 1)]
    assert link_margin(3.0, typical).mean_loss_db == pytest.approx(2.27)
    assert link_margin(4.0, largest).margin_db == pytest.approx(4.0 - 4.57)
    # circulators at both ends fail DR4
    assert link_margin(3.0, [*typical, (0.7, 0, 2)]).mean_loss_db == pytest.approx(3.67)
    # 1.6T DR8 measured: 2.4 - 2.4 + 7.2 carries a liquid-crystal OCS, four standard MPO and two circulators
    assert link_margin(7.2, [(2.6, 0, 1), (0.35, 0, 4), (0.7, 0, 2)]).margin_db == pytest.approx(1.8)


def test_waterfall_line_by_line():
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=1)
    _, path = physical_paths(fabric, design(switch="box", optics="dr8", host_link="aec"), PARTS)
    budget = link_budget(path, PARTS)
    # typical 1 - 2 + 5 dBm; sigma of transmitter (0 to 3) and receiver (-6.5 to -3.5) half a dB each
    assert budget.power_budget_db == 4
    # connector 0.15 with at most 0.45, so sigma 0.1; 50 m of fiber of 0.4 dB/km at most 0.4
    rows = [(line.name, line.mean_loss_db, line.sigma_db, line.worst_loss_db) for line in budget.lines]
    expected = [
        ("transmitter", 0, 0.5, 0),
        ("connector", 0.15, 0.1, 0.45),
        ("fiber", 0.02, 0, 0.02),
        ("connector", 0.15, 0.1, 0.45),
        ("receiver", 0, 0.5, 0),
    ]
    for row, wanted in zip(rows, expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-12) if row[0] == wanted[0] else False
    assert [line.cumulative_loss_db for line in budget.lines] == pytest.approx([0, 0.15, 0.17, 0.32, 0.32])
    sigma = np.sqrt(0.5**2 + 0.1**2 + 0.1**2 + 0.5**2)
    assert budget.margin.margin_db == pytest.approx(4 - 0.32, abs=1e-12)
    assert budget.margin.margin_3sigma_db == pytest.approx(3.68 - 3 * sigma, abs=1e-12)
    assert budget.worst_margin_db == pytest.approx(3 - 0.92, abs=1e-12)
    assert budget.verdict == "closes"


def test_bidirectional_link_through_an_ocs():
    budget = mesh_budget("fr4_bidi")
    # two LC of 0.1, two circulators of 0.7, OCS 1.5, 100 m of 0.4 dB/km
    reflections = budget.lines[-2]
    assert (reflections.name, budget.lines[-3].name) == ("reflections", "circulator")
    assert budget.margin.mean_loss_db == pytest.approx(0.2 + 1.4 + 1.5 + 0.04 + reflections.mean_loss_db, abs=1e-12)
    assert budget.power_budget_db == 4
    largest_db = 0.8 + 2.0 + 2.4 + 0.04 + reflections.worst_loss_db
    assert budget.worst_margin_db == pytest.approx(4 - largest_db, abs=1e-12)
    assert budget.margin.margin_3sigma_db < 0 < budget.margin.margin_db
    assert budget.verdict == "at risk"
    assert budget.link_yield_fraction == 1 - budget.fail_fraction
    assert budget.links_expected_to_fail == pytest.approx(6 * budget.fail_fraction)
    # more often than one lane, less often than if its 8 lanes shared nothing
    assert budget.margin.fail_fraction < budget.fail_fraction < 1 - (1 - budget.margin.fail_fraction) ** 16


def test_verdict_follows_the_margins():
    lossy = PARTS.with_values({"mems.insertion_loss_db": 4.0, "mems.insertion_loss_max_db": 4.0})
    assert mesh_budget("fr4_bidi", lossy).verdict == "infeasible"
    strong = PARTS.with_values({"fr4_bidi.tx_oma_dbm": 6.0})
    assert mesh_budget("fr4_bidi", strong).verdict == "closes"


def test_inner_fec_adds_to_the_typical_budget_and_not_to_the_worst_case():
    plain, coded = mesh_budget("dr8"), mesh_budget("dr8_slow_fec")
    assert coded.margin.margin_db - plain.margin.margin_db == pytest.approx(1.5, abs=1e-12)
    assert coded.worst_margin_db == plain.worst_margin_db


def test_reflected_light_part_by_part():
    budget = mesh_budget("fr4_bidi")
    # seen from a receiver: the circulator leaks 50 dB down; behind 0.7 dB a connector returns 55, behind 0.82 the OCS
    # 46, behind 2.34 the far connector 55; the signal is 3.14 dB down
    returned_db = [50, 55 + 2 * 0.7, 46 + 2 * 0.82, 55 + 2 * 2.34]
    together = sum(10 ** (-(one - 3.14) / 10) for one in returned_db)
    assert budget.interference_db == pytest.approx(10 * np.log10(together), abs=1e-12)
    typical_db = interference_penalty_db(together, 5.0, 2.4e-4)
    # and at the worst: losses 1.0, 0.4, 2.4; returns 45, 45, 40; extinction 4 dB; signal 5.24 dB down
    returned_db = [45, 45 + 2 * 1.0, 40 + 2 * 1.42, 45 + 2 * 3.84]
    together = sum(10 ** (-(one - 5.24) / 10) for one in returned_db)
    worst_db = interference_penalty_db(together, 4.0, 2.4e-4)
    line = budget.lines[-2]
    expected = (typical_db, (worst_db - typical_db) / 3, worst_db)
    assert (line.mean_loss_db, line.sigma_db, line.worst_loss_db) == pytest.approx(expected, abs=1e-9)
    assert 0 < typical_db < worst_db


def test_a_nearer_transmitter_that_is_stronger_interferes_more():
    strong = PARTS.with_values({"fr4_bidi.tx_oma_dbm": 3.0})
    # both ends alike: the level does not matter
    assert mesh_budget("fr4_bidi", strong).interference_db == mesh_budget("fr4_bidi").interference_db
    louder = with_range(PARTS, "circulator_o_band.directivity_db", 30, 30).with_values(
        {"circulator_o_band.directivity_db": 30.0}
    )
    assert mesh_budget("fr4_bidi", louder).interference_db > -30 + 3


def test_links_of_one_direction_per_fiber_have_no_reflections():
    budget = mesh_budget("dr8")
    assert np.isnan(budget.interference_db)
    assert "reflections" not in [line.name for line in budget.lines]


def test_a_circulator_inside_the_module_leaks_as_the_module_says():
    parts = [PathPart("transmitter", "fr8_bidi"), PathPart("fiber", "smf", 1000.0), PathPart("receiver", "fr8_bidi")]
    # 0.4 dB of fiber; the circulator inside leaks 40 dB down
    assert link_budget(path_of(parts), PARTS).interference_db == pytest.approx(-40 + 0.4, abs=1e-12)


def test_backscatter_grows_with_the_fiber():
    parts = [PathPart("transmitter", "fr4_bidi"), PathPart("fiber", "long", 500.0), PathPart("receiver", "fr4_bidi")]
    fiber = component("long", "fiber", {"attenuation_db_per_km": 0, "return_loss_db": 40})
    found = link_budget(path_of(parts), catalogue_of([*COMPONENTS, fiber])).interference_db
    assert found == pytest.approx(-40 + 10 * np.log10(0.5), abs=1e-12)
    none = [parts[0], PathPart("fiber", "long", 0.0), parts[2]]
    assert np.isnan(link_budget(path_of(none), catalogue_of([*COMPONENTS, fiber])).interference_db)


def test_error_ratio_and_the_fec_it_needs():
    # 4 dB of budget less 0.32: Q is 3.68 dB above that of KP4's limit
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=1)
    _, path = physical_paths(fabric, design(switch="box", optics="dr8", host_link="aec"), PARTS)
    budget = link_budget(path, PARTS)
    limit_q = 3.41407
    assert budget.pre_fec_ber == pytest.approx(pam4_pre_fec_ber(limit_q * 10**0.368), rel=1e-4)
    three_sigma_db = budget.margin.margin_3sigma_db
    assert budget.pre_fec_ber_3sigma == pytest.approx(pam4_pre_fec_ber(limit_q * 10 ** (three_sigma_db / 10)), rel=1e-4)
    assert (budget.fec, budget.fec_needed) == ("KP4", "KP4")
    # a link that is at risk needs more than it has
    assert (mesh_budget("fr4_bidi").fec, mesh_budget("fr4_bidi").fec_needed) == ("KP4", "beyond FEC")
    coded = mesh_budget("dr8_slow_fec")
    assert coded.fec == "KP4 and inner code"
    assert coded.pre_fec_ber_3sigma <= 4.8e-3 if coded.verdict == "closes" else coded.pre_fec_ber_3sigma > 4.8e-3


def limits_of(catalogue=PARTS, **roles):
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=1)
    made = design(switch="box", host_link="aec", **roles)
    paths = physical_paths(fabric, made, catalogue)
    (limits,) = link_limits(paths, made, catalogue)
    return limits, paths[1]


def test_the_longest_fiber_that_closes_is_where_the_margin_ends():
    # lossy fiber without spread: what is left at 3 sigma without fiber, over 10 dB/km
    lossy = PARTS.with_values({"smf.attenuation_db_per_km": 10.0})
    limits, path = limits_of(lossy, optics="dr8")
    left_db = link_budget(with_length(path, 0.0), lossy).margin.margin_3sigma_db
    assert limits.reach_m == pytest.approx(left_db / 10 * 1e3, abs=500 / 2**13)
    assert link_budget(with_length(path, limits.reach_m), lossy).verdict == "closes"
    # good fiber: the module's own reach ends it
    assert limits_of(optics="dr8")[0].reach_m == 500
    weak = PARTS.with_values({"dr8.tx_oma_dbm": -3.0})
    assert limits_of(weak, optics="dr8", ocs="mems")[0].reach_m == 0
    assert limits_of(weak, optics="dr8", ocs="mems")[0].ocs_passes == -1


def test_ocs_passes_are_as_many_as_the_margin_holds():
    assert limits_of(optics="dr8")[0].ocs_passes == -1  # the design names no OCS
    limits, path = limits_of(optics="dr8", ocs="mems")
    # 3.68 - 3 sqrt(0.52) dB at 3 sigma; one OCS takes 1.52 dB and 0.3 of sigma, two take twice that
    margins = [link_budget(with_ocs_passes(path, n, "mems"), PARTS).margin.margin_3sigma_db for n in range(3)]
    expected = [3.68 - 1.52 * n - 3 * np.sqrt(0.52 + 0.09 * n) for n in range(3)]
    assert margins == pytest.approx(expected, abs=1e-9)
    assert limits.ocs_passes == sum(margin >= 0 for margin in margins) - 1
    strong = PARTS.with_values({"dr8.tx_oma_dbm": 4.0})
    assert limits_of(strong, optics="dr8", ocs="mems")[0].ocs_passes == 2


def test_the_weaker_direction_counts():
    weak = PARTS.with_values({"dr8_slow_fec.tx_oma_dbm": -2.0, "dr8_slow_fec.inner_fec_gain_db": 0.0})
    parts = [PathPart("transmitter", "dr8"), PathPart("connector", "lc"), PathPart("fiber", "smf", 100.0)]
    budget = link_budget(path_of([*parts, PathPart("receiver", "dr8_slow_fec")]), weak)
    assert (budget.transmitter, budget.receiver, budget.power_budget_db) == ("dr8_slow_fec", "dr8", 1)
    assert [line.name for line in budget.lines] == ["transmitter", "fiber", "connector", "receiver"]
    # an inner FEC needs both ends
    assert link_budget(path_of([*parts, PathPart("receiver", "dr8_slow_fec")]), PARTS).power_budget_db == 4


def test_copper_has_no_budget_and_the_worst_class_is_found():
    assert link_budget(path_of([PathPart("cable", "aec", 3.0)], medium="copper"), PARTS) is None
    budgets = mesh_budget("dr8"), mesh_budget("fr4_bidi")
    assert worst(budgets) is budgets[1]
    assert worst([]) is None


def test_a_link_closes_if_all_its_lanes_do():
    """Against links drawn at random: two fibers of four lanes each."""
    rng = np.random.default_rng(4)
    n, margin, own, shared = 400_000, 1.2, 0.5, 0.4
    lanes = margin - own * rng.standard_normal((n, 2, 4)) - shared * rng.standard_normal((n, 2, 1))
    drawn = np.mean(lanes.min(axis=(1, 2)) < 0)
    assert failing_links_fraction(margin, own, shared, 4, 2) == pytest.approx(drawn, abs=4 * np.sqrt(drawn / n))


@given(st.floats(-1, 4), st.floats(0, 1), st.floats(0, 1))
def test_one_lane_on_one_fiber_is_a_lane(margin, own, shared):
    if own >= 0.05 and shared >= 0.05:
        expected = link_margin(margin, [(0.0, own, 1), (0.0, shared, 1)]).fail_fraction
        assert failing_links_fraction(margin, own, shared, 1, 1) == pytest.approx(expected, rel=1e-6, abs=1e-14)
    # fibers share nothing
    alone = failing_links_fraction(margin, own, shared, 4, 1)
    assert failing_links_fraction(margin, own, shared, 4, 8) == pytest.approx(1 - (1 - alone) ** 8, rel=1e-9, abs=1e-14)


def test_draws_broadcast():
    drawn = with_range(PARTS, "mems.insertion_loss_db", 1.0, 2.0).draw(100, seed=5)
    budget = mesh_budget("fr4_bidi", drawn)
    assert (
        budget.margin.margin_db.shape == budget.worst_margin_db.shape == budget.links_expected_to_fail.shape == (100,)
    )
    transmitter, receiver = drawn.value("fr4_bidi", "tx_oma_dbm"), drawn.value("fr4_bidi", "rx_sensitivity_dbm")
    fiber_db = drawn.value("smf", "attenuation_db_per_km") * 0.1
    expected = transmitter - 2 - receiver - (0.2 + 1.4 + fiber_db + drawn.value("mems", "insertion_loss_db"))
    expected = expected - budget.lines[-2].mean_loss_db
    assert budget.lines[-2].mean_loss_db.shape == budget.pre_fec_ber.shape == (100,)
    assert budget.margin.margin_db == pytest.approx(expected, abs=1e-12)
    assert budget.verdict in ("closes", "at risk", "infeasible")


part_lists = st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 0.5), st.integers(1, 4)), min_size=1, max_size=6)


@given(part_lists, st.floats(0, 10))
def test_margin_against_single_parts(parts, budget_db):
    """Counts are repetition, and more loss never helps."""
    together = link_margin(budget_db, parts)
    apart = link_margin(budget_db, [(mean, sigma, 1) for mean, sigma, count in parts for _ in range(count)])
    assert together.margin_3sigma_db == pytest.approx(apart.margin_3sigma_db, abs=1e-9)
    assert 0 <= together.fail_fraction <= 1
    assert link_margin(budget_db, [*parts, (0.5, 0.1, 1)]).margin_3sigma_db < together.margin_3sigma_db


def test_every_number_of_a_margin_that_is_none_is_named():
    with pytest.raises(OptinetError) as caught:
        link_margin(np.nan, [(np.inf, -0.1, 1), (1.0, 0.1), (1.0, 0.1, -2)])
    assert [problem.where for problem in caught.value.problems] == [
        "power_budget_db",
        "parts[0].mean_loss_db",
        "parts[0].sigma_db",
        "parts[1]",
        "parts[2].count",
    ]
