# SPDX-License-Identifier: Apache-2.0
"""Zero-load latency over the traffic, from endpoint transmit to endpoint receive.

What is counted where, so that nothing is counted twice:

- A switch's published latency is port to port and has the MAC and PCS of both its ports inside, but no FEC: FEC is
counted
  once per link. A chip's hop latency has router, MAC, PCS and FEC inside.
- The endpoint's own MAC and PCS are counted at each end of a path (Broadcom's scale-up Ethernet budget, SUE RM104,
2025, is
  built this way: 2 x 50 ns bridge + 2 x 50 ns link and PHY + 250 ns switch + fiber = 549 ns).
- Where endpoints are hosts, the NIC is inside the headline, once at each end; chips have none. `components_ns` tells
it apart.
- Modules count at both ends of a link, an inner FEC once per link, a cable's retimers once per cable.

Queueing and the serialisation of a message are not in: this is the latency of the first bit through an idle network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import NodeKind
from optinet.models.physical_path import PhysicalPath
from optinet.models.values import Quantity, largest, optional, unwrapped

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.routing.signatures import PathSignatures

COMPONENTS = ("switch", "chip", "phy", "modules", "ocs", "propagation", "endpoints")


@dataclass(frozen=True, eq=False)
class LatencyDistribution:
    """Latency of every path signature, weighted by traffic.

    Parameters
    ----------
    latency_ns
        shape (n_signatures,), or (n_draws, n_signatures).
    weight
        shape (n_signatures,), sums to 1; empty if no traffic flows, then every statistic is NaN.
    components_ns
        The mean, split: switch, chip (router and PHY of chips), phy (MAC, PCS, FEC), modules, ocs, propagation,
        endpoints.
    includes_nic
        Whether a NIC at each end is inside.
    """

    latency_ns: NDArray[np.float64]
    weight: NDArray[np.float64]
    components_ns: dict[str, Quantity]
    includes_nic: bool

    @property
    def mean_ns(self) -> Quantity:
        """Mean over the traffic."""
        return unwrapped(self.latency_ns @ self.weight) if len(self.weight) else np.nan

    @property
    def min_ns(self) -> Quantity:
        """Shortest path."""
        return unwrapped(self.latency_ns.min(axis=-1)) if len(self.weight) else np.nan

    @property
    def max_ns(self) -> Quantity:
        """Longest path."""
        return unwrapped(self.latency_ns.max(axis=-1)) if len(self.weight) else np.nan

    def quantile_ns(self, fraction: float) -> Quantity:
        """Return the least latency that at least `fraction` of the traffic does not exceed.

        Parameters
        ----------
        fraction
            0 to 1.
        """
        if not len(self.weight):
            return np.nan
        order = np.argsort(self.latency_ns, axis=-1, kind="stable")
        below = np.cumsum(self.weight[order], axis=-1)
        # the last bits of a cumulative sum must not push a quantile to the next signature
        first = np.argmax(below >= fraction * below[..., -1:] - 1e-12, axis=-1)
        chosen = np.take_along_axis(order, first[..., None], axis=-1)
        return unwrapped(np.take_along_axis(self.latency_ns, chosen, axis=-1)[..., 0])

    @property
    def p50_ns(self) -> Quantity:
        """Median over the traffic."""
        return self.quantile_ns(0.50)

    @property
    def p99_ns(self) -> Quantity:
        """99th percentile over the traffic."""
        return self.quantile_ns(0.99)


def latency(
    paths: PathSignatures, physical: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> LatencyDistribution:
    """Return the latency of every path signature.

    Parameters
    ----------
    paths
        How the traffic's paths are composed.
    physical
        Physical path of every link class.
    design, catalogue
        The components and their values.
    """
    kinds, hops = paths.kinds, paths.hops.astype(np.float64)
    if not len(kinds.link_class):  # a fabric without links
        return LatencyDistribution(np.empty(0), np.empty(0), dict.fromkeys(COMPONENTS, np.nan), includes_nic=False)
    by_class = {path.class_index: path for path in physical}
    per_hop = [
        hop_parts_ns(by_class[int(link_class)], NodeKind(int(head_kind)), design, catalogue)
        for link_class, head_kind in zip(kinds.link_class, kinds.head_kind, strict=True)
    ]
    # one array over hop kinds for every component; a drawn value puts the draws in front
    per_kind = {
        name: np.stack(np.broadcast_arrays(*(hop[name] for hop in per_hop)), axis=-1)
        for name in COMPONENTS[:-2] + COMPONENTS[-1:]
    }
    of_signature = {name: values @ hops.T for name, values in per_kind.items()}
    of_signature["propagation"] = _propagation_ns(
        paths, [by_class[int(c)] for c in kinds.link_class], design, catalogue
    )

    total = np.zeros(len(paths.weight))
    for values in of_signature.values():
        total = total + values
    means = {name: unwrapped(of_signature[name] @ paths.weight) for name in COMPONENTS}
    return LatencyDistribution(total, paths.weight, means, includes_nic=bool(np.any(kinds.head_kind == NodeKind.HOST)))


def hop_parts_ns(path: PhysicalPath, head: NodeKind, design: Design, catalogue: Catalogue) -> dict[str, Quantity]:
    """Return the latency of one hop over a link into a node of a kind, by part, without propagation.

    A path from endpoint to endpoint ends at the only node that is a host, so its NICs at both ends are in that hop.
    """
    phy = design.component("phy")
    endpoint_ends = sum(kind != NodeKind.SWITCH for kind in (path.kind_a, path.kind_b))
    link_ns: Quantity = 0.0
    if head != NodeKind.CHIP:
        link_ns = catalogue.value(phy, "fec_latency_ns") + endpoint_ends * catalogue.value(phy, "mac_pcs_latency_ns")
    return {
        "switch": catalogue.value(design.component("switch"), "latency_ns") if head == NodeKind.SWITCH else 0.0,
        "chip": catalogue.value(design.component("chip"), "hop_latency_ns") if head == NodeKind.CHIP else 0.0,
        "phy": link_ns,
        "modules": _modules_ns(path, catalogue),
        "ocs": catalogue.value(design.component("ocs"), "path_latency_ns") if path.through_ocs else 0.0,
        "endpoints": 2 * catalogue.value(design.component("nic"), "latency_ns") if head == NodeKind.HOST else 0.0,
    }


def propagation_ns_per_m(path: PhysicalPath, design: Design, catalogue: Catalogue) -> Quantity:
    """Return how long a signal takes for a meter of the medium of a link."""
    medium = path.end_a if path.medium == "copper" else design.component("fiber")
    return catalogue.value(medium, "latency_ns_per_m")


def _modules_ns(path: PhysicalPath, catalogue: Catalogue) -> Quantity:
    if path.medium == "copper":
        return catalogue.value(path.end_a, "retimer_latency_ns")
    inner_fec_ns = largest(*(optional(catalogue, end, "inner_fec_latency_ns") for end in (path.end_a, path.end_b)))
    total_ns: Quantity = (
        catalogue.value(path.end_a, "latency_ns") + catalogue.value(path.end_b, "latency_ns") + inner_fec_ns
    )
    return total_ns


def _propagation_ns(
    paths: PathSignatures, of_kind: list[PhysicalPath], design: Design, catalogue: Catalogue
) -> NDArray[np.float64]:
    """Length of each signature times the mean ns/m of its media, weighted by the length of each link class."""
    hops = paths.hops.astype(np.float64)
    mean_length_m = np.array([path.total_length_m / path.n_links for path in of_kind])
    delay_ns_per_m = [propagation_ns_per_m(path, design, catalogue) for path in of_kind]
    by_kind_ns = np.stack(np.broadcast_arrays(*delay_ns_per_m), axis=-1) * mean_length_m
    # classes may hold links of several lengths; the signature knows its own total
    nominal_m = hops @ mean_length_m
    scale = np.divide(paths.length_m, nominal_m, out=np.zeros_like(nominal_m), where=nominal_m > 0)
    return np.asarray((by_kind_ns @ hops.T) * scale)
