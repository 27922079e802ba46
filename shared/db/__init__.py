"""OWNS POSTGRESQL: the schema `warmline`, the four relations wherever they live, runs, the phase, bulk loads.

The modules that import numpy (`bulk`, `binary_copy`, `vectors` and what they need) are not for the timeline.
"""
