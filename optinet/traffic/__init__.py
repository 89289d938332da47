# SPDX-License-Identifier: Apache-2.0
"""Traffic: demands between endpoints and the patterns that make them."""
