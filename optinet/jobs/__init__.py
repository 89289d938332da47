# SPDX-License-Identifier: Apache-2.0
"""Jobs: training and serving a transformer, from its shape and its parallelism to exchanges solved on a fabric.

`transformer` is the model alone, `parallelism` places it on endpoints, `memory` says whether it fits, `exchanges` says
what is sent between whom, `training` and `serving` solve that on a fabric. How long a step takes, and what it costs in
joules and dollars, needs the accelerator and assumptions with ranges: `optinet.models.job` joins them.
"""
