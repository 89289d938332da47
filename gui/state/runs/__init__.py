# SPDX-License-Identifier: Apache-2.0
"""The opened runs: their values, filters, table, notes and selection."""
