"""Phase 1's live lists: the ranking of the last run, less what is withheld from a user now."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from s01_heuristic.rank import RankedCandidates, entries_as_wished, rank_posts
from shared.candidates.heuristic_scores import score_posts
from shared.candidates.ranking_input import load_ranking_input
from shared.db.engine import Database, DatabaseSnapshot
from shared.domain import Phase, Source
from shared.live.ranker import LiveLists, LoadedCandidates
from shared.live.users import LiveCandidates, load_live_users
from shared.ranked_lists.codec import RankedList, encode_lists
from shared.settings import HeuristicSettings, ListSettings, RetentionSettings, WindowSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRanking:
    """What a run leaves in memory."""

    candidates: LiveCandidates
    ranking: RankedCandidates


class LiveHeuristic:
    """Ranks for a few users as the runs do. A run puts what it has ranked; passes in another thread use it."""

    phase, runs_are_full = Phase.HEURISTIC, True

    def __init__(
        self,
        *,
        window: WindowSettings,
        lists: ListSettings,
        formula: HeuristicSettings,
        retention: RetentionSettings,
    ) -> None:
        self._window, self._lists, self._formula, self._retention = window, lists, formula, retention
        self.loading = threading.Lock()
        self._current: LiveRanking | None = None

    @property
    def candidates(self) -> LiveCandidates | None:
        return self._current.candidates if self._current is not None else None

    def put(self, current: LiveRanking) -> None:
        """Use a newer ranking from now on."""
        self._current = current

    def load(self, database: Database, *, generation: int, now: datetime) -> LoadedCandidates:
        """Rank the candidates anew: new posts have come, or another process did the last run."""
        kept_since = self._retention.kept_since(now)
        inputs = load_ranking_input(database, self._window, self._lists, now, kept_since=kept_since)
        scores = score_posts(inputs.posts, inputs.candidate_events, self._formula, now)
        ranking = rank_posts(inputs.posts, inputs.post_numbers, scores, alpha=self._formula.alpha)
        current = LiveRanking(candidates=LiveCandidates.of(inputs, generation=generation), ranking=ranking)
        return LoadedCandidates(candidates=current.candidates, active=inputs.users.ids, use=lambda: self.put(current))

    def rank(self, snapshot: DatabaseSnapshot, users: Sequence[str], *, version: int, now: datetime) -> LiveLists:
        """The lists of these users."""
        current = self._current
        if current is None or not len(current.ranking):
            return LiveLists(lists={})
        candidates = current.candidates
        found = load_live_users(
            snapshot, users, candidates, since=candidates.since, now=now,
            kept_since=self._retention.kept_since(now), seen_length=self._lists.seen_length,
        )  # fmt: skip
        followed = candidates.follows.of_few(
            snapshot, found.ids, found.viewer_of, share=self._lists.following_share, now=now
        )
        entries = entries_as_wished(
            current.ranking, found.ids, found.viewers, found.own_author_hashes,
            found.asked(snapshot, candidates, found.ids, now=now), followed, length=self._lists.list_length,
        )  # fmt: skip
        head = RankedList(source=Source.HEURISTIC, generation=candidates.generation, generated_at=now, entries=b"")
        return LiveLists(lists=dict(zip(found.ids, encode_lists(head, entries, version=version), strict=True)))
