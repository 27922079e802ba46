"""Finds posts with near-identical photos: after each encoding, new photos are compared with the newest posts."""

from collections.abc import Sequence

from shared.content.photos.fingerprint import cluster_alike
from shared.db.clusters import renew_clusters
from shared.db.engine import Database
from shared.db.vectors import PostContent

MOST_COMPARED = 50_000  # photos, those of the newest posts: 25 MB, and about a millisecond for each new one


def cluster_photos(database: Database, posts: Sequence[PostContent]) -> dict[str, int]:
    """Put new photos into clusters; returns how many were compared, and how many are like another."""
    with_photo = [post for post in posts if post.photos]
    newest = sorted(with_photo, key=lambda post: post.created_at, reverse=True)[:MOST_COMPARED]
    found = renew_clusters(database, [post.post_id for post in newest], compare=cluster_alike)
    return {"compared": found.compared, "alike": found.alike}
