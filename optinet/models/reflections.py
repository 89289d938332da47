# SPDX-License-Identifier: Apache-2.0
"""Light of its own transmitter that comes back to a receiver where one fiber carries both directions.

Both directions of a bidirectional link use the same wavelengths, so what every part reflects of the near transmitter's
light, and what leaks through the near circulator, falls on the receiver beside the signal of the far transmitter.
Seen from the receiver, a part behind a loss L that returns r dB less sends back ``-(r + 2 L)`` dB of the near launch
power; a circulator leaks ``-directivity``; the signal arrives ``-L_total`` dB below the far launch power.

Left out, as too small to matter: light reflected twice (two connectors of 55 dB return less than -110 dB), and what
the far receiver reflects, which its circulator's isolation takes. On links of one direction per fiber only light
reflected twice interferes; the channel allowance of the standards has that inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from optinet.models.physical_path import PathPart
from optinet.models.values import Quantity, has, is_yes

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue


def interference_fraction(
    parts: Sequence[PathPart], loss_db: Sequence[Quantity], catalogue: Catalogue, *, worst: bool = False
) -> Quantity:
    """Return the mean power of reflected light over that of the signal, at the receiver that ends a path.

    Parameters
    ----------
    parts
        From the transmitter to the receiver.
    loss_db
        Loss of each part.
    catalogue
        Return losses and directivities; both ends launch the typical OMA of their module.
    worst
        Take the lowest return losses and directivities listed instead.

    Returns
    -------
    Quantity
        0 unless the receiver's module is bidirectional.
    """
    far, near = parts[0].component, parts[-1].component
    if not is_yes(catalogue, near, "bidirectional"):
        return 0.0

    def listed_db(component: str, key: str) -> Quantity:
        return catalogue[component].values[key].low if worst else catalogue.value(component, key)

    returned_db: list[Quantity] = []
    circulator = parts[-2].component if parts[-2].name == "circulator" else near  # or inside the module
    if has(catalogue, circulator, "directivity_db"):
        returned_db.append(listed_db(circulator, "directivity_db"))
    behind_db: Quantity = 0.0
    for part, part_loss_db in zip(reversed(parts), reversed(loss_db), strict=True):
        # backscatter grows with the length of the fiber; its return loss is that of a kilometer
        kilometers = part.length_m * 1e-3 if part.name == "fiber" else 1.0
        if kilometers and has(catalogue, part.component, "return_loss_db"):
            once_db = listed_db(part.component, "return_loss_db") - 10.0 * math.log10(kilometers)
            returned_db.append(once_db + 2 * behind_db)
        behind_db = behind_db + part_loss_db
    signal_db = catalogue.value(far, "tx_oma_dbm") - catalogue.value(near, "tx_oma_dbm") - behind_db
    fraction: Quantity = 0.0
    for one_db in returned_db:
        fraction = fraction + 10.0 ** (-(one_db + signal_db) / 10.0)
    return fraction
