"""What a ranker ranks and for whom, as of one moment, from wherever the four relations live."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from shared.candidates.candidate_events import CandidateEvents, candidate_events_of
from shared.db.asked import known_askers
from shared.db.bulk import (
    Posts,
    Users,
    load_active_users,
    load_all_events,
    load_candidates,
    load_id_hashes,
    to_datetime,
)
from shared.db.clusters import clusters_of_posts
from shared.db.emptied import count_relation_rows, refuse_emptied
from shared.db.engine import Database
from shared.db.post_rows import assign_post_numbers, transaction_snapshot
from shared.db.relations import check_relations
from shared.db.safety import load_blocks, load_hides, next_safety_version, note_removals
from shared.distinct import distinct
from shared.domain import KIND_CODES, AuthorHashes, InteractionKind
from shared.eligibility import Viewer
from shared.event_columns import Events
from shared.operations.safety import blocked_authors
from shared.ranked_lists.records import CatalogueEntry
from shared.settings import ListSettings, WindowSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class UncountedEvents:
    """What the relations hold that raises nothing: its user or author is not in the view of users, or it repeats."""

    users: int = 0  # with such an event
    events: int = 0
    posts: int = 0
    repeated_posts: int = 0  # further rows of posts that stand in several


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingInput:
    """Everything that one run ranks, and for whom."""

    posts: Posts
    post_numbers: list[int]  # the posts' rows, in their order
    events: Events  # of all who count
    candidate_events: CandidateEvents  # those on candidates, lined up with them
    users: Users
    viewers: Mapping[str, Viewer]  # users of whom something must be withheld; others see all but their own posts
    viewer_version: int
    removed: set[int]  # rows of posts that went away lately
    row_counts: Mapping[str, int] = field(default_factory=dict)  # rows of each relation, up to `MANY`
    clusters: Mapping[str, int] = field(default_factory=dict)  # of the posts whose photo is nearly another's
    author_hashes: AuthorHashes = field(default_factory=AuthorHashes)
    uncounted: UncountedEvents = UncountedEvents()

    def viewer(self, user_id: str) -> Viewer:
        """The user's viewer, their own posts always withheld."""
        known = self.viewers.get(user_id, Viewer())
        return Viewer(
            hidden_authors=known.hidden_authors | {self.author_hashes[user_id]},
            hidden_posts=known.hidden_posts,
            seen_posts=known.seen_posts,
        )


def load_ranking_input(
    database: Database,
    window: WindowSettings,
    lists: ListSettings,
    now: datetime,
    asked: Mapping[str, datetime] | None = None,
) -> RankingInput:
    """Read the candidates, their events, the active users (`asked`: and who asked for a page) and what is withheld.

    Raises:
        SourceError: a relation is not what the contract says, or all posts have vanished at once.
    """
    version, author_hashes = next_safety_version(database), AuthorHashes()
    with database.read() as snapshot:
        check_relations(database, snapshot)
        row_counts = count_relation_rows(snapshot)
        refuse_emptied(database, row_counts, keep_for=lists.keep_for)
        as_of = transaction_snapshot(snapshot)
        posts = load_candidates(snapshot, since=now - window.window, now=now, at_least=window.min_candidates)
        oldest = to_datetime(max(0.0, float(posts.created_at.min()))) if len(posts) else now  # nobody liked before 1970
        # An event may be older than its post says when the team imported the post later: allow a day.
        loaded = load_all_events(snapshot, since=oldest - timedelta(days=1), now=now)
        askers = known_askers(snapshot, asked or {})
        users = load_active_users(
            snapshot, since=now - lists.active_for, now=now, at_most=lists.max_lists, askers=askers
        )
        authors = blocked_authors(load_blocks(snapshot), author_hashes)
        hiders = {user for user, _ in load_hides(snapshot, since=oldest - timedelta(days=1))}
        others = sorted((authors.keys() | hiders) - set(users.ids))  # everyone's list has the same filters
        user_id_hashes = dict(zip(users.ids, users.id_hashes.tolist(), strict=True)) | dict(
            zip(others, load_id_hashes(snapshot, others).tolist(), strict=True)
        )
    with database.begin() as connection:
        post_numbers = assign_post_numbers(connection, posts.ids, as_of=as_of)
        clusters = clusters_of_posts(connection, posts.ids)
    removals = note_removals(database, posts.ids, keep_for=lists.keep_for)  # those that came back are none any more
    candidate_events = candidate_events_of(posts, loaded.counted)
    touched = posts_by_user(posts, post_numbers, candidate_events, at_most=lists.seen_length)
    if len(loaded.uncounted):  # they may still ask for everyone's list, and are not shown what they hid
        touched = touched.merged_with(posts_by_user(posts, post_numbers, loaded.uncounted, at_most=lists.seen_length))
    return RankingInput(
        posts=posts,
        post_numbers=post_numbers,
        events=loaded.counted,
        candidate_events=candidate_events,
        users=users,
        viewers=_viewers(user_id_hashes, authors, touched),
        viewer_version=version,
        removed=removals.post_numbers,
        clusters=clusters,
        row_counts=row_counts,
        author_hashes=author_hashes,
        uncounted=UncountedEvents(
            users=len(distinct(loaded.uncounted.user_id_hashes)),
            events=len(loaded.uncounted),
            posts=posts.of_unknown,
            repeated_posts=posts.repeated,
        ),
    )


def catalogue_entries(inputs: RankingInput) -> Iterator[CatalogueEntry]:
    """What the timeline must know of each candidate."""
    for row, post_id, author_id in zip(inputs.post_numbers, inputs.posts.ids, inputs.posts.author_ids, strict=True):
        author, cluster = inputs.author_hashes[author_id], inputs.clusters.get(post_id, 0)
        yield CatalogueEntry(post_number=row, post_id=post_id, author=author, cluster=cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsByUser:
    """What users did with candidates: for each user key, the rows of the posts, last touched last."""

    seen: Mapping[int, Collection[int]]
    hidden: Mapping[int, frozenset[int]]

    def merged_with(self, other: "PostsByUser") -> "PostsByUser":
        """The same of these users and of others, none of whom is among them."""
        return PostsByUser(seen={**self.seen, **other.seen}, hidden={**self.hidden, **other.hidden})


def posts_by_user(
    posts: Posts, post_numbers: list[int], events: Events | CandidateEvents, *, at_most: int
) -> PostsByUser:
    """Which candidates each user has seen (any event is a proof of that) and which they hid.

    Args:
        posts: the candidates.
        rows: their rows.
        events: interactions; those on other posts are ignored.
        at_most: seen posts kept per user, the newest.
    """
    candidate_events = candidate_events_of(posts, events)
    latest = candidate_events.latest_of_each_pair()
    # By user, and for each in the order of time, which is that of the rows: one number of both sorts quickest.
    by_user = np.sort(candidate_events.users[latest] * len(candidate_events) + latest) % max(1, len(candidate_events))
    row_of = np.array(post_numbers, np.uint32)
    seen_rows = memoryview(row_of[candidate_events.posts[by_user]])
    ends = np.cumsum(
        np.bincount(candidate_events.users[by_user], minlength=len(candidate_events.user_id_hashes))
    ).tolist()
    keys, seen, start = candidate_events.user_id_hashes.tolist(), {}, 0
    for key, end in zip(keys, ends, strict=True):
        seen[key] = seen_rows[max(start, end - at_most) : end]
        start = end
    is_hide = np.flatnonzero(candidate_events.kinds == KIND_CODES[InteractionKind.HIDE])
    hidden: dict[int, set[int]] = {}
    hiders, posts_hidden = (
        candidate_events.user_id_hashes[candidate_events.users[is_hide]],
        row_of[candidate_events.posts[is_hide]],
    )
    for key, row in zip(hiders.tolist(), posts_hidden.tolist(), strict=True):
        hidden.setdefault(key, set()).add(row)
    return PostsByUser(seen=seen, hidden={key: frozenset(hides) for key, hides in hidden.items()})


def _viewers(keys: Mapping[str, int], authors: Mapping[str, frozenset[int]], touched: PostsByUser) -> dict[str, Viewer]:
    viewers = {}
    for user_id, key in keys.items():
        hidden_authors, seen = authors.get(user_id, frozenset()), touched.seen.get(key, ())
        if hidden_authors or seen:
            hidden_posts = touched.hidden.get(key, frozenset())
            viewers[user_id] = Viewer(hidden_authors=hidden_authors, hidden_posts=hidden_posts, seen_posts=seen)
    return viewers
