# SPDX-License-Identifier: Apache-2.0
"""Building blocks that know nothing of runs."""
