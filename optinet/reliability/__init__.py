# SPDX-License-Identifier: Apache-2.0
"""A fabric over time: states of failure drawn with their probability, what each carries, and the curve of that."""
