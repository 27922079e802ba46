"""OWNS REDIS: the keys and their life times, the bytes, publishing and reading.

`keys` names everything that is kept and how it is bounded, `codec` and `records` are the bytes, `publish` is the
rankers' side, `read` the timeline's. Redis holds only what can be rebuilt from PostgreSQL. Why it is laid out this way:
docs/adr/0002-lists-in-redis.md.
"""
