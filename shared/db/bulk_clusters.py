"""Bulk load of the clusters of near-identical photos, as numpy columns (see `shared.db.bulk`)."""

from dataclasses import dataclass

import numpy as np

from shared.db.binary_copy import copy_binary
from shared.db.engine import DatabaseSnapshot
from shared.db.relations import id_hash_sql
from shared.db.tables import SCHEMA
from shared.event_columns import Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoClusters:
    """The posts whose photo has near-identical ones, as columns of one length; most posts are in no cluster."""

    post_id_hashes: Int64s  # (n_clustered,) ascending
    clusters: Int64s  # (n_clustered,) above 0

    def of_posts(self, post_id_hashes: Int64s) -> Int64s:
        """The cluster of each post; 0 for a post in none. (n_posts,) -> (n_posts,)"""
        if len(self.clusters) == 0:
            return np.zeros(len(post_id_hashes), np.int64)
        found = np.minimum(np.searchsorted(self.post_id_hashes, post_id_hashes), len(self.clusters) - 1)
        return np.where(self.post_id_hashes[found] == post_id_hashes, self.clusters[found], 0)


NO_CLUSTERS = PhotoClusters(post_id_hashes=np.zeros(0, np.int64), clusters=np.zeros(0, np.int64))


def load_photo_clusters(snapshot: DatabaseSnapshot) -> PhotoClusters:
    """All clusters as they are now: their numbers say nothing of the time, and a photo's cluster is found within hours.

    Posts that the relation does not have any more may be among them.
    """
    query = f"SELECT {id_hash_sql('post_id')}, cluster::bigint FROM {SCHEMA}.photo_fingerprints WHERE cluster > 0"
    found = copy_binary(snapshot.connection(snapshot.database.own), query, {"post": ">i8", "cluster": ">i8"})
    order = np.argsort(found["post"], kind="stable")
    return PhotoClusters(post_id_hashes=found["post"][order], clusters=found["cluster"][order])
