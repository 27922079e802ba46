"""Clusters of near-identical photos: numbers stored with the photos' fingerprints, updated by the jobs that encode."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shared.db.engine import Database
from shared.db.tables import SCHEMA

_LOCK = 5_601_412_077_430_919_001  # for the jobs that encode: only one at a time assigns numbers

# (fingerprints, their present clusters (None: not compared yet), a source of new numbers) → index → new cluster.
Compare = Callable[[Sequence[bytes], Sequence[int | None], Callable[[], int]], Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterResult:
    """The result of a comparison."""

    compared: int = 0  # new photos
    alike: int = 0  # photos that got a cluster, or another one


def renew_clusters(database: Database, post_ids: Sequence[str], *, compare: Compare) -> ClusterResult:
    """Compare the new photos of these posts with all photos of these posts, and store the clusters.

    Does nothing while another job does the same: the next call does the rest.
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
        _store(connection, [(photos[index][0], prints[index], cluster) for index, cluster in changes.items()])
    return ClusterResult(compared=n_new, alike=sum(cluster > 0 for cluster in changes.values()))


def clusters_of_posts(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, int]:
    """Post → cluster, for those of these posts that have a near-identical photo."""
    query = sa.text(
        f"""
        SELECT post_id, cluster FROM {SCHEMA}.photo_fingerprints WHERE cluster > 0 AND post_id = ANY(:ids)
        """
    )
    found = connection.execute(query, {"ids": list(post_ids)})
    return {row[0]: row[1] for row in found}


def _store(connection: sa.Connection, changes: Sequence[tuple[str, bytes, int]]) -> None:
    """Store the numbers, but not those of photos that were replaced meanwhile."""
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
