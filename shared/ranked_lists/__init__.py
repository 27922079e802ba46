"""OWNS REDIS: the keys and how long each lives, their bytes, publishing and reading.

`keys` names every key with its bound and its life time, `codec` and `records` define the bytes, jobs write with
`job_store`, the timeline reads with `timeline_store`. Redis holds only what can be rebuilt from PostgreSQL. The reasons
for this layout: docs/adr/0002-lists-in-redis.md.
"""
