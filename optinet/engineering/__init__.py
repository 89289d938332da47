# SPDX-License-Identifier: Apache-2.0
"""Engineering of blocks joined through optical circuit switches: which circuits to set and how traffic uses them.

Everything here works on matrices between blocks, in Gb/s and circuits: `traffic` splits a demand over direct and
one-transit paths, `topology` chooses circuits for a demand, `growth` adds and replaces blocks, `phases` follows a
demand that changes, `rotor` turns through fixed matchings. Fabrics and ports are not known here: `topologies.ocs_mesh`
and `optinet.plant` turn circuits into both.
"""
