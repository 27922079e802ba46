"""How much less users are shown of candidates that are near to posts that they hid, by photo and caption.

Each user's own few hides are compared with the few posts that may come into their list, so what a run costs grows with
the users who hide, and with nothing else. Needs the vectors that phase 2 stores: without them nothing is near.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np

from shared.candidates.asked_for import alike_by_spreads
from shared.candidates.candidate_vectors import CandidateVectors, Float32s, units_of
from shared.candidates.columns import find_hashes
from shared.candidates.hides import STRENGTH_OF_HIDE, Hides
from shared.db.engine import DatabaseSnapshot
from shared.db.live_passes import ids_of_posts
from shared.db.vectors import ContentKind, load_vectors_of
from shared.event_columns import Floats, Int64s

LEAST_SPREAD = 1e-4  # of cosines: half-precision vectors are not more exact
Snapshots = Callable[[], AbstractContextManager[DatabaseSnapshot]]


class _Targets(NamedTuple):
    """Hidden posts, and how near candidates are to each of them on the whole."""

    id_hashes: Int64s  # (n,) ascending
    units: Float32s  # (n, width) unit vectors; NaN where there is none
    mean: Float32s  # (n,) nearness
    spread: Float32s  # (n,) its standard deviation; NaN where nothing can be said

    @classmethod
    def of(cls, id_hashes: Int64s, units: Float32s, sample: Float32s) -> "_Targets":
        """Those of these vectors, by a sample of the candidates, (n_sample, width)."""
        if not len(sample):
            nothing = np.full(len(units), np.nan, np.float32)
            return cls(id_hashes, units, nothing, nothing)
        nearness = units @ sample.T  # (n, n_sample)
        spread = nearness.std(axis=1)
        return cls(id_hashes, units, nearness.mean(axis=1), np.where(spread < LEAST_SPREAD, np.nan, spread))

    def alikeness(self, candidates: Float32s, hidden: Int64s) -> Floats:
        """How much candidates, (n, width), are like these hidden posts. -> (n, n_hidden) in [0, 1]"""
        rows = np.searchsorted(self.id_hashes, hidden)
        nearness = candidates @ self.units[rows].T
        return alike_by_spreads(((nearness - self.mean[rows]) / self.spread[rows]).astype(np.float64))


class NearHidden:
    """The hides of the users whose lists are made."""

    most = STRENGTH_OF_HIDE

    def __init__(self, vectors: CandidateVectors, snapshots: Snapshots, hides: Mapping[str, Hides]) -> None:
        self._vectors, self._snapshots, self._hides = vectors, snapshots, hides
        self._prepared: Collection[str] = ()
        self._targets: dict[ContentKind, _Targets] = {}

    def has(self, user_id: str) -> bool:
        """Whether this user hid anything that still counts."""
        return user_id in self._hides

    def prepare(self, user_ids: Collection[str]) -> None:
        """Read the vectors of what these users hid; those of the users before are dropped."""
        hiders = [user_id for user_id in user_ids if user_id in self._hides]
        hashes = np.unique(np.concatenate([np.zeros(0, np.int64), *(self._hides[user][0] for user in hiders)]))
        self._targets, self._prepared = {}, frozenset(hiders)
        if not len(hashes):
            return
        with self._snapshots() as snapshot:
            indices, is_candidate = find_hashes(self._vectors.id_hashes, hashes)
            others = self._others(snapshot, hiders, hashes[~is_candidate])
            for part in ContentKind:
                units = self._vectors.units(snapshot, part, indices[is_candidate])
                encoder = self._vectors.encoder(snapshot, part)
                if units is None or encoder is None:
                    continue
                targets = np.full((len(hashes), encoder[1]), np.nan, np.float32)
                targets[is_candidate] = units
                if others:
                    column = load_vectors_of(snapshot, part, others, encoder=encoder[0], width=encoder[1])
                    targets[~is_candidate] = units_of(column, hashes[~is_candidate])
                sample = self._vectors.sample(snapshot, part)
                assert sample is not None
                self._targets[part] = _Targets.of(hashes, targets, sample)

    def wishes(self, user_id: str, candidates: Int64s) -> Floats:
        """How much less is shown of these candidates. -> (n_candidates,) in [-STRENGTH_OF_HIDE, 0]"""
        hides = self._hides.get(user_id)
        if hides is None:
            return np.zeros(len(candidates))
        if user_id not in self._prepared:
            self.prepare([user_id])
        lowered = np.zeros(len(candidates))
        if self._targets:
            with self._snapshots() as snapshot:
                for part, targets in self._targets.items():
                    units = self._vectors.units(snapshot, part, candidates)
                    assert units is not None
                    alike = targets.alikeness(units, hides.post_id_hashes)  # (n_candidates, n_hides)
                    lowered = np.maximum(lowered, (alike * hides.weights).max(axis=1))
        return -lowered

    def _others(self, snapshot: DatabaseSnapshot, hiders: Collection[str], hashes: Int64s) -> list[str]:
        """The ids of hidden posts that are no candidates any more."""
        if not len(hashes):
            return []
        gone = set(hashes.tolist())
        users = [user for user in hiders if not gone.isdisjoint(self._hides[user].post_id_hashes.tolist())]
        return ids_of_posts(snapshot, users, sorted(gone))
