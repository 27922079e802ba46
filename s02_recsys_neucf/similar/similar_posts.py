"""What this process knows of similar posts: kept from run to run, so that each compares only what is new."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from s02_recsys_neucf.similar.nearest_posts import NearestPosts
from s02_recsys_neucf.similar.published import ComparedPosts, published_neighbours
from s02_recsys_neucf.similar.search import PostVectorIndex
from s02_recsys_neucf.similar.vector_space import VectorKind, VectorSpace
from shared.candidates.ranking_input import RankingInput
from shared.content.encode_posts import Encoders
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.score import PostVectors
from shared.neucf.vocab import UNKNOWN_ROW, ModelRows
from shared.ranked_lists.job_store import JobStore, PublishedCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorsOfPosts:
    """The vectors of the candidates, and what they were made by: others cannot be compared with them."""

    made_by: Sequence[object]  # encoders, and the model's version
    raw: Mapping[VectorKind, ContentVectors]  # (n_posts,) of each kind


def vectors_by_kind(
    features: PostFeatures, of_model: PostVectors | None = None, model_rows: ModelRows | None = None
) -> dict[VectorKind, ContentVectors]:
    """The vectors of posts: photos, captions, and the model's of those that it was trained on.

    The model's vectors of other posts say no more than photo and caption do.
    """
    found = {VectorKind.PHOTO: features.image, VectorKind.CAPTION: features.caption}
    if of_model is not None and model_rows is not None:
        found[VectorKind.MODEL] = ContentVectors(of_model.joined.cpu().numpy(), model_rows != UNKNOWN_ROW)
    return {kind: vectors for kind, vectors in found.items() if vectors is not None}


class SimilarPosts:
    """The similar posts of the last candidates. One thread at a time."""

    def __init__(self) -> None:
        self.encoders: Encoders | None = None  # for runs without a champion: building them takes seconds
        self._made_by: Sequence[object] = ()
        self._nearest: NearestPosts | None = None
        self._values: dict[str, bytes] = {}

    @property
    def index(self) -> PostVectorIndex | None:
        """The vectors of the last candidates; None before the first."""
        return None if self._nearest is None else self._nearest.index

    def renew(self, inputs: RankingInput, vectors: VectorsOfPosts) -> "FoundNeighbours":
        """Compare the candidates, as far as they have changed."""
        held = self._nearest if vectors.made_by == self._made_by else None
        if held is not None and not held.index.space.fits(vectors.raw):
            held = None
        space = VectorSpace.fit(vectors.raw) if held is None else held.index.space
        index = PostVectorIndex(inputs.posts.id_hashes, space, space.vectors(vectors.raw))
        nearest = NearestPosts.of(index) if held is None else held.renewed(index)
        posts, known = compared_posts(inputs), self._values if held is not None else {}
        which = np.array([post_id not in known for post_id in posts.ids], np.bool_) | nearest.changed
        fresh = dict(published_neighbours(nearest, posts, np.flatnonzero(which)))
        self._values = {post_id: fresh.get(post_id) or known[post_id] for post_id in posts.ids}
        self._made_by, self._nearest = vectors.made_by, nearest
        return FoundNeighbours(values=self._values, changed=fresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNeighbours:
    """Post id → value to publish: of all candidates, and of those whose similar posts have changed."""

    values: Mapping[str, bytes]
    changed: Mapping[str, bytes]

    def publish(self, writer: JobStore) -> PublishedCounts:
        """Publish all."""
        return writer.publish_neighbours(self.values.items())

    def publish_changed(self, writer: JobStore, gone: Collection[str]) -> PublishedCounts:
        """Publish what has changed, without posts that were erased meanwhile."""
        return writer.publish_neighbours((post, value) for post, value in self.changed.items() if post not in gone)


def compared_posts(inputs: RankingInput) -> ComparedPosts:
    """What the timeline knows of the candidates."""
    posts = inputs.posts
    return ComparedPosts(
        ids=posts.ids,
        post_numbers=inputs.post_numbers,
        authors=np.fromiter((inputs.author_hashes[author] for author in posts.author_ids), np.uint64, len(posts)),
        clusters=np.fromiter((inputs.clusters.get(post_id, 0) for post_id in posts.ids), np.int64, len(posts)),
    )
