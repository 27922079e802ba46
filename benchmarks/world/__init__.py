"""A synthetic world of any size: seeded, with power-law popularity, latent tastes, and vectors that follow them.

`shape` says how large and decides what is drawn once, `events` draws interactions block by block, `ids` names users and
posts, `binary` packs rows for COPY, `fill` streams them into Warmline's own tables, `team` into an app's tables with
views over them, `vectors` makes the posts' vectors. Memory grows with users and posts (some 60 bytes each), not with
interactions.
"""
