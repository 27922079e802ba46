"""OWNS REDIS: the keys and their life times, the bytes, publishing and reading.

`keys` names everything that is kept and how it is bounded, `codec` and `records` are the bytes, `job_store` is
the rankers' side, `timeline_store` the timeline's. Redis holds only what can be rebuilt from PostgreSQL. Why it is laid
out this way: docs/adr/0002-lists-in-redis.md.
"""
