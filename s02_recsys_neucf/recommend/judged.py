"""The posts of one request, with their vectors: those of candidates are here, those of others are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from s02_recsys_neucf.recommend.index import EncoderCards, RecommendIndex
from s02_recsys_neucf.similar.similar_posts import vectors_by_kind
from s02_recsys_neucf.similar.vector_space import UnitVectors, VectorKind
from shared.content.post_features import features_of
from shared.db.engine import Database
from shared.db.vectors import load_vectors_of
from shared.event_columns import Int64s
from shared.neucf.features import NO_FEATURES, PostFeatures
from shared.neucf.score import PostVectors, vectors_of

Units = NDArray[np.float32]  # vectors of length 1


def stored_features(database: Database, cards: EncoderCards, post_ids: list[str], id_hashes: Int64s) -> PostFeatures:
    """The stored vectors of posts that are no candidates, by these encoders."""
    if not cards:
        return NO_FEATURES
    with database.read() as snapshot:
        columns = {
            part: load_vectors_of(snapshot, part, post_ids, encoder=card.identity, width=card.width)
            for part, card in cards.items()
        }
    return features_of(columns, id_hashes)


class NamedPost(Protocol):
    """A post of a request."""

    @property
    def id(self) -> str: ...

    @property
    def id_hash(self) -> int: ...


class ReadFeatures(Protocol):
    """Reads the stored vectors of posts: ids, and their hashes."""

    def __call__(self, post_ids: list[str], id_hashes: Int64s, /) -> PostFeatures: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedPosts:
    """Some posts of a request, in their order."""

    id_hashes: Int64s  # (n_posts,)
    indices: Int64s  # (n_posts,) among the candidates; -1 where it is none
    features: PostFeatures  # of those that are none

    @classmethod
    def of(cls, index: RecommendIndex, posts: Sequence[NamedPost], read: ReadFeatures) -> Self:
        """Look them up, and read what is not here."""
        hashes = np.array([post.id_hash for post in posts], np.int64)
        indices = index.indices_of(hashes)
        others = np.flatnonzero(indices < 0)
        features = read([posts[place].id for place in others.tolist()], hashes[others]) if len(others) else NO_FEATURES
        return cls(id_hashes=hashes, indices=indices, features=features)

    def __len__(self) -> int:
        return len(self.id_hashes)

    def units(self, index: RecommendIndex, kind: VectorKind) -> Units:
        """The photos or captions of those that have one, in the index' space. -> (n_known, width)"""
        here, held = self.indices[self.indices >= 0], index.vectors.vectors[kind]
        found = [_known(held.take(here))]
        raw = vectors_by_kind(self.features).get(kind)
        if raw is not None:
            found.append(_known(index.vectors.space.reductions[kind].units(raw)))
        return np.concatenate(found)

    def vectors(self, index: RecommendIndex) -> PostVectors:
        """What the champion knows of them. -> (n_posts,)"""
        champion = index.champion
        assert champion is not None
        model, device = champion.artefact.model, champion.vectors.joined.device
        others = self.indices < 0
        places = torch.from_numpy(np.where(others, 0, self.indices)).to(device)
        found = champion.vectors.take(places)
        if others.any():
            rows = champion.artefact.posts.model_rows(self.id_hashes[others])
            read, mask = vectors_of(model, rows, self.features, device), torch.from_numpy(others).to(device)
            found.joined[mask] = read.joined  # `take` has copied them
            if found.units is not None and read.units is not None:
                found.units[mask] = read.units
        return found


def _known(units: UnitVectors) -> Units:
    return units.values[units.known].astype(np.float32)
