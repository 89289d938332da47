# SPDX-License-Identifier: Apache-2.0
"""What a fabric view shows: its scene, layouts, colors, folds, paths, failed parts and circuits."""
