# SPDX-License-Identifier: Apache-2.0
"""Fabric builders: one family per file, all listed in `topologies.registry`."""

from topologies.registry import build, describe, names, parameters_of

__all__ = ["build", "describe", "names", "parameters_of"]
