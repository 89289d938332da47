# SPDX-License-Identifier: Apache-2.0
"""How fast the viewer is, measured in a real window on a real or virtual screen."""
