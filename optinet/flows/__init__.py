# SPDX-License-Identifier: Apache-2.0
"""The flow solver: link loads, throughput and path statistics of a demand on a fabric."""
