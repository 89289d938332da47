# SPDX-License-Identifier: Apache-2.0
"""How much of a demand fits whatever the routing: the maximum concurrent flow, with proof from both sides."""
