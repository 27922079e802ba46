"""Phase 2's live lists: the champion's scores of the last run's candidates, for what a user has liked by now."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import torch

from s02_recsys_neucf.fused import LikedPosts
from s02_recsys_neucf.lists import PreparedCandidates, encoded_lists, ranked_blocks
from s02_recsys_neucf.load import Likes, ScoringData, likes_of
from s02_recsys_neucf.post_memory import EncoderCards, PostMemory
from s02_recsys_neucf.score import IndicesPerUser
from shared.candidates.ranking_input import RankingInput
from shared.content.encode_posts import Encoders
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.models import champion
from shared.db.vectors import ContentKind
from shared.domain import Phase, Source
from shared.live.ranker import LiveLists, LoadedCandidates, PublishMore
from shared.live.users import LiveCandidates, LiveUsers, load_live_users
from shared.neucf.artefact import Artefact
from shared.neucf.examples import SortedPosts
from shared.neucf.features import NO_FEATURES
from shared.neucf.score import user_side_of
from shared.neucf.sources.facts import facts_of
from shared.ranked_lists.codec import RankedList, withdrawn_list
from shared.settings import ListSettings, RetentionSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveModel:
    """What a run leaves in memory."""

    candidates: LiveCandidates
    prepared: PreparedCandidates
    artefact: Artefact
    cards: EncoderCards
    posts: SortedPosts  # all that anyone may see, as of the run
    memory: PostMemory


def live_model(
    artefact: Artefact,
    encoders: Encoders,
    prepared: PreparedCandidates,
    inputs: RankingInput,
    data: ScoringData,
    *,
    generation: int,
) -> LiveModel:
    """What live passes need of a run. The encoders themselves, which are large, are not among it."""
    return LiveModel(
        candidates=LiveCandidates.of(inputs, generation=generation),
        prepared=prepared,
        artefact=artefact,
        cards={ContentKind.IMAGE: encoders.image.card, ContentKind.CAPTION: encoders.caption.card},
        posts=data.posts,
        memory=PostMemory(artefact, inputs.posts.id_hashes, prepared.vectors),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedModel:
    """What was loaded beside the runs."""

    live: LiveModel
    active: Sequence[str]  # the active users, newest first
    publish: PublishMore  # the similar posts that have changed


class LiveNeuCF:
    """Scores for a few users as the runs do. A run puts what it has loaded; passes in another thread use it."""

    phase, runs_are_full = Phase.NEUCF, False

    def __init__(
        self,
        *,
        lists: ListSettings,
        history: timedelta,
        retention: RetentionSettings,
        load: Callable[[Database, int, datetime], LoadedModel | None],
    ) -> None:
        self._lists, self._history, self._retention, self._load = lists, history, retention, load
        self.loading = threading.Lock()
        self._current: LiveModel | None = None

    @property
    def candidates(self) -> LiveCandidates | None:
        return self._current.candidates if self._current is not None else None

    def put(self, current: LiveModel | None) -> None:
        """Use a newer model or newer candidates from now on; None: no model is promoted."""
        self._current = current

    def load(self, database: Database, *, generation: int, now: datetime) -> LoadedCandidates | None:
        """Load the champion and the candidates: new posts have come, or another process did the last run."""
        loaded = self._load(database, generation, now)
        if loaded is None:
            return None
        current = loaded.live
        return LoadedCandidates(
            candidates=current.candidates, active=loaded.active, use=lambda: self.put(current), publish=loaded.publish
        )

    def rank(self, snapshot: DatabaseSnapshot, users: Sequence[str], *, version: int, now: datetime) -> LiveLists:
        """The lists of these users. Those who are cold get none, and lose the one that they have."""
        current = self._current
        if current is None or not len(current.candidates.posts) or champion(snapshot.database) is None:
            return LiveLists(lists={})
        candidates = current.candidates
        found = load_live_users(
            snapshot, users, candidates, since=now - self._history, now=now,
            kept_since=self._retention.kept_since(now), seen_length=self._lists.seen_length, with_first_times=True,
        )  # fmt: skip
        since = (now - self._history).timestamp()
        events = found.events.where(found.events.at >= since)
        likes = likes_of(events, current.posts, found.id_hashes, min_known=self._lists.cold_min_positives)
        lists = self._scored(snapshot, current, found, likes, version=version, now=now) if likes.is_warm.any() else {}
        none = withdrawn_list(Source.NEUCF, now, version=version)
        return LiveLists(lists=lists, withdrawn={user: none for user in found.ids if user not in lists})

    def _scored(
        self,
        snapshot: DatabaseSnapshot,
        current: LiveModel,
        found: LiveUsers,
        likes: Likes,
        *,
        version: int,
        now: datetime,
    ) -> dict[str, bytes]:
        """The lists of the users who are warm; nobody to whom nothing may be shown has one."""
        warm = np.flatnonzero(likes.is_warm).tolist()
        ids = [found.ids[index] for index in warm]
        liked = current.posts.id_hashes[likes.of_warm.indices]
        memory = current.memory.with_posts(snapshot, current.cards, np.unique(liked), liked_by=ids)
        if memory is not current.memory and self._current is current:
            self._current = replace(current, memory=memory)
        artefact, prepared = current.artefact, current.prepared
        users = user_side_of(
            artefact.model, artefact.users.model_rows(found.id_hashes[warm]), memory.indices_of(liked),
            likes.of_warm.starts[:-1], memory.vectors,
        )  # fmt: skip
        withheld = IndicesPerUser.of([prepared.index.withheld(found.viewer(index)) for index in warm])
        head = RankedList(source=Source.NEUCF, generation=current.candidates.generation, generated_at=now, entries=b"")
        asked, length = found.asked(snapshot, current.candidates, ids, now=now), self._lists.list_length
        followed = current.candidates.follows.of_few(
            snapshot, ids, found.viewer_of, share=self._lists.following_share, now=now
        )
        of_users = None if prepared.by_sources is None else _liked_posts(current, memory, likes)
        n_listed = length if asked is None else asked.pool_of(ids, length)
        blocks = ranked_blocks(prepared, users, of_users, withheld, self._lists, n_listed=n_listed)
        return dict(
            pair
            for block, packed in blocks
            for pair in encoded_lists(
                block, packed, ids, head, asked=asked, followed=followed, length=length, version=version
            )
        )


def _liked_posts(current: LiveModel, memory: PostMemory, likes: Likes) -> LikedPosts:
    """What these users liked, for sources."""
    posts, indices = np.unique(likes.of_warm.indices, return_inverse=True)
    hashes, artefact = current.posts.id_hashes[posts], current.artefact
    vectors = memory.vectors.take(torch.from_numpy(memory.indices_of(hashes)))
    rows, authors = artefact.posts.model_rows(hashes), current.posts.author_id_hashes[posts]
    facts = facts_of(artefact.model, rows, authors, NO_FEATURES, vectors)
    return LikedPosts(facts=facts, liked=IndicesPerUser(likes.of_warm.starts, indices.astype(np.int64)))
