# SPDX-License-Identifier: Apache-2.0
"""How the models read the catalogue: drawn quantities, counts that are never drawn, and values that may be absent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue

Quantity: TypeAlias = float | NDArray[np.float64]
"""A number, or one number per Monte Carlo draw (shape (n_draws,))."""


def nominal(catalogue: Catalogue, component: str, key: str) -> float:
    """Return a value as listed, undrawn: ports, lanes and rates shape a fabric and stay the same in every draw."""
    catalogue.value(component, key)  # so that a recording catalogue remembers it
    return float(catalogue[component].values[key].value)


def has(catalogue: Catalogue, component: str, key: str) -> bool:
    """Whether the component lists the value."""
    return key in catalogue[component].values


def nominal_or_zero(catalogue: Catalogue, component: str, key: str) -> float:
    """Return a value as listed, undrawn, or 0 if the component leaves it out."""
    return nominal(catalogue, component, key) if has(catalogue, component, key) else 0.0


def optional(catalogue: Catalogue, component: str, key: str, default: float = 0.0) -> Quantity:
    """Return a value that a component of its kind may leave out."""
    return catalogue.value(component, key) if has(catalogue, component, key) else default


def text_of(catalogue: Catalogue, component: str, key: str, default: str = "") -> str:
    """Return a text attribute that a component of its kind may leave out."""
    return catalogue[component].text.get(key, default)


def is_yes(catalogue: Catalogue, component: str, key: str) -> bool:
    """Whether a text attribute says yes."""
    return text_of(catalogue, component, key).lower() in ("yes", "true")


def largest(*quantities: Quantity) -> Quantity:
    """Return the largest of some quantities, draw by draw."""
    return unwrapped(np.max(np.broadcast_arrays(*quantities), axis=0))


def smallest(*quantities: Quantity) -> Quantity:
    """Return the smallest of some quantities, draw by draw."""
    return unwrapped(np.min(np.broadcast_arrays(*quantities), axis=0))


def unwrapped(value: Quantity | np.generic) -> Quantity:
    """Return an array of no dimensions as a plain float."""
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def whole(count: float) -> int:
    """Round a count up, forgiving the last bits of a float: 6 x 133.333... Gb/s is one 800 Gb/s module, not two."""
    return math.ceil(count * (1 - 1e-12) - 1e-9)


def median(quantity: Quantity) -> float:
    """Return the number itself, or the median over the draws."""
    return float(quantity if isinstance(quantity, float | int) else np.median(quantity))
