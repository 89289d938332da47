# SPDX-License-Identifier: Apache-2.0
"""The component catalogue: every number optinet rests on, with its range and its source."""

from __future__ import annotations

from optinet.catalogue.catalogue import Catalogue
from optinet.catalogue.loader import load_catalogue
from optinet.catalogue.schema import Component, Source, Value

__all__ = ["Catalogue", "Component", "Source", "Value", "load_catalogue"]
