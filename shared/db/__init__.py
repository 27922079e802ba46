"""OWNS POSTGRESQL: the schema `warmline`, the four relations wherever they live, runs, the phase, bulk loads.

Only `bulk` imports numpy, so that the timeline can use everything else.
"""
