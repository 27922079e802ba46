"""Clusters of near-identical photos: numbers beside the photos' fingerprints, renewed by whichever job encodes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA

_LOCK = 5_601_412_077_430_919_001  # of the jobs that encode: one at a time gives out numbers

# Fingerprints, their clusters so far (None: not compared yet), and what gives a new number → place → cluster.
Compare = Callable[[Sequence[bytes], Sequence[int | None], Callable[[], int]], Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterResult:
    """What a comparison came to."""

    compared: int = 0  # photos that were new
    alike: int = 0  # photos that came into a cluster, or into another one


def renew_clusters(database: Database, post_ids: Sequence[str], *, compare: Compare) -> ClusterResult:
    """Compare the photos of these posts that are new with all of theirs, and keep their clusters.

    While another job is at it nothing is done: what it leaves is there for the next time.
    """
    with database.begin() as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
            return ClusterResult()
        query = sa.text(
            f"""
            SELECT post_id, fingerprint, cluster FROM {SCHEMA}.photo_fingerprints
            WHERE post_id = ANY(:ids) ORDER BY post_id
            """
        )
        photos = connection.execute(query, {"ids": list(post_ids)}).all()
        n_new = sum(cluster is None for _, _, cluster in photos)
        if n_new == 0:
            return ClusterResult()

        def new_cluster() -> int:
            return int(connection.scalar(sa.text(f"SELECT nextval('{SCHEMA}.photo_clusters')")) or 0)

        prints, clusters = [bytes(photo[1]) for photo in photos], [photo[2] for photo in photos]
        changes = compare(prints, clusters, new_cluster)
        _store(connection, [(photos[place][0], prints[place], cluster) for place, cluster in changes.items()])
    return ClusterResult(compared=n_new, alike=sum(cluster > 0 for cluster in changes.values()))


def clusters_of_posts(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, int]:
    """Post → cluster, of those of these posts whose photo is nearly another's."""
    query = sa.text(
        f"""
        SELECT post_id, cluster FROM {SCHEMA}.photo_fingerprints WHERE cluster > 0 AND post_id = ANY(:ids)
        """
    )
    found = connection.execute(query, {"ids": list(post_ids)})
    return {row[0]: row[1] for row in found}


def _store(connection: sa.Connection, changes: Sequence[tuple[str, bytes, int]]) -> None:
    """Keep the numbers, but not those of photos that were replaced meanwhile."""
    update = sa.text(
        f"""
        UPDATE {SCHEMA}.photo_fingerprints p SET cluster = c.cluster
        FROM unnest(CAST(:ids AS text[]), CAST(:prints AS bytea[]), CAST(:clusters AS int[]))
          AS c (post_id, fingerprint, cluster)
        WHERE p.post_id = c.post_id AND p.fingerprint = c.fingerprint
        """
    )
    ids, prints, clusters = ([change[column] for change in changes] for column in range(3))
    connection.execute(update, {"ids": ids, "prints": prints, "clusters": clusters})
