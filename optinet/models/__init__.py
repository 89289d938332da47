# SPDX-License-Identifier: Apache-2.0
"""The models: small pure modules that turn a solution, a design and catalogue values into the six answers.

Counts come from the bill of materials, values from the catalogue. A value is a float or an array of shape (n_draws,),
and every formula broadcasts over it, so that a Monte Carlo study of any size is one call.
"""
