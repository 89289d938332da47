# SPDX-License-Identifier: Apache-2.0
"""Numba kernels: arrays in, arrays out. No units, classes, input/output or globals; see `optinet.kernels._jit`."""
