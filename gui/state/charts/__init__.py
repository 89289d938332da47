# SPDX-License-Identifier: Apache-2.0
"""Which charts the viewer has, and what each shows of the opened and selected runs; free of Qt."""
