"""The input of a ranking run, read once from the four relations: candidate posts, events, active users, and what each
of them must not be shown.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from msgspec.structs import replace

from shared.candidates.candidate_events import CandidateEvents, candidate_events_of
from shared.candidates.hides import Hides, hides_by_id, recent_hides
from shared.candidates.load_asked_for import SaidOfCandidates
from shared.candidates.load_followed import FollowsOfCandidates
from shared.db.asked import known_askers
from shared.db.bulk import Posts, Users, load_active_users, load_candidates, to_datetime
from shared.db.bulk_events import EVERYTHING, KeptSince, LoadedEvents, load_all_events
from shared.db.clusters import clusters_of_posts
from shared.db.emptied import count_relation_rows, refuse_emptied
from shared.db.engine import Database, DatabaseSnapshot
from shared.db.id_hashes import load_id_hashes
from shared.db.mutes import load_mutes
from shared.db.post_rows import assign_post_numbers, known_post_numbers, transaction_snapshot
from shared.db.relations import check_relations
from shared.db.safety import load_blocks, load_hides, next_safety_version, note_removals
from shared.db.takedowns import suspended_lately
from shared.db.viewers_say import ViewerSay, load_muted_posts, load_say
from shared.distinct import distinct
from shared.domain import KIND_CODES, AuthorHashes, InteractionKind
from shared.eligibility import Pair, Viewer
from shared.event_columns import Events
from shared.operations.safety import withheld_authors
from shared.ranked_lists.records import CatalogueEntry
from shared.settings import ListSettings, WindowSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class UncountedEvents:
    """Rows that count for nothing: their user or author is missing from the view of users, or they repeat others."""

    users: int = 0  # distinct users of such events
    events: int = 0
    posts: int = 0
    repeated_posts: int = 0  # rows that repeat a post of another row


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingInput:
    """What one run ranks, and for which users."""

    posts: Posts
    post_numbers: list[int]  # Redis' numbers of `posts`, in the same order
    events: Events  # of all users that count
    candidate_events: CandidateEvents  # the events on candidates, by index in `posts`
    users: Users
    viewers: Mapping[str, Viewer]  # users from whom posts are withheld; all others see everything but their own posts
    version: int  # taken before anything was read; of the viewers and of all lists
    removed: set[int]  # post numbers of recently removed posts
    since: datetime  # of the oldest event that was read
    said: SaidOfCandidates  # what users say of `posts`
    follows: FollowsOfCandidates  # `posts` by the authors whom users follow
    hides: Mapping[str, Hides] = field(default_factory=dict)  # of the active users, what still counts
    suspended: Collection[str] = ()  # users whom the API suspended lately
    not_personalised: Collection[str] = ()  # users who are served what everyone is: no lists are made for them
    row_counts: Mapping[str, int] = field(default_factory=dict)  # rows of each relation, up to `MANY`
    clusters: Mapping[str, int] = field(default_factory=dict)  # post id -> cluster of near-duplicate photos
    author_hashes: AuthorHashes = field(default_factory=AuthorHashes)
    uncounted: UncountedEvents = UncountedEvents()

    def viewer(self, user_id: str) -> Viewer:
        """What is withheld from a user, including their own posts."""
        known = self.viewers.get(user_id, Viewer())
        return replace(known, hidden_authors=known.hidden_authors | {self.author_hashes[user_id]})


def load_ranking_input(
    database: Database,
    window: WindowSettings,
    lists: ListSettings,
    now: datetime,
    asked: Mapping[str, datetime] | None = None,
    kept_since: KeptSince = EVERYTHING,
) -> RankingInput:
    """Read the candidates, their events, the active users and what is withheld from them.

    `asked` maps users who recently asked for a page to the time; they count as active. Events older than `kept_since`
    of their kind do not count: they are removed, or soon will be.

    Raises:
        SourceError: a relation is not what the contract says, or all posts have disappeared at once.
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
        since = oldest - timedelta(days=1)
        loaded = load_all_events(snapshot, since=since, now=now, kept_since=kept_since)
        askers = known_askers(snapshot, asked or {})
        users = load_active_users(
            snapshot, since=now - lists.active_for, now=now, at_most=lists.max_lists, askers=askers
        )
        authors = withheld_authors(load_blocks(snapshot), load_mutes(snapshot), author_hashes)
        said, muted_posts = load_say(snapshot), load_muted_posts(snapshot)
        withholding = {*authors, *said, *(user for user, _ in muted_posts)}
        user_id_hashes = _hashes_of_viewers(snapshot, users, withholding, since)
    with database.begin() as connection:
        post_numbers = assign_post_numbers(connection, posts.ids, as_of=as_of)
        muted_numbers = known_post_numbers(connection, [post for _, post in muted_posts])
        suspended = suspended_lately(connection, keep_for=lists.keep_for)
        clusters = clusters_of_posts(connection, posts.ids)
    removals = note_removals(database, posts.ids, keep_for=lists.keep_for)  # posts that came back are no longer removed
    candidate_events = candidate_events_of(posts, loaded.counted)
    touched = posts_by_user(posts, post_numbers, candidate_events, at_most=lists.seen_length)
    for apart in (loaded.uncounted, loaded.silent):  # these users ask for pages, too: hide what they hid
        if len(apart):
            touched = touched.merged_with(posts_by_user(posts, post_numbers, apart, at_most=lists.seen_length))
    viewers = with_say(viewers_of_users(user_id_hashes, authors, touched), said, muted_posts, muted_numbers)
    return RankingInput(
        posts=posts, post_numbers=post_numbers, events=loaded.counted, candidate_events=candidate_events, users=users,
        viewers=viewers, version=version, removed=removals.post_numbers, since=since,
        said=SaidOfCandidates(posts, post_numbers), follows=FollowsOfCandidates(posts, post_numbers),
        hides=hides_by_id(users.ids, users.id_hashes, _recent_hides(loaded, since, now)),
        suspended=suspended, not_personalised=[user for user, say in said.items() if not say.is_personalised],
        clusters=clusters, row_counts=row_counts, author_hashes=author_hashes,
        uncounted=_uncounted(posts, loaded.uncounted),
    )  # fmt: skip


def _hashes_of_viewers(
    snapshot: DatabaseSnapshot, users: Users, withholding: Collection[str], since: datetime
) -> dict[str, int]:
    """The id hashes of the active users, and of others who withhold something: they see everyone's list, filtered."""
    hiders = {user for user, _ in load_hides(snapshot, since=since)}
    others = sorted({*withholding, *hiders} - set(users.ids))
    hashes = load_id_hashes(snapshot, others).tolist()
    return dict(zip(users.ids, users.id_hashes.tolist(), strict=True)) | dict(zip(others, hashes, strict=True))


def _recent_hides(loaded: LoadedEvents, since: datetime, now: datetime) -> Mapping[int, Hides]:
    """Of all who may have a list of their own, suspended users among them."""
    found = (recent_hides(events, since=since, now=now) for events in (loaded.counted, loaded.silent))
    return {user: hides for some in found for user, hides in some.items()}


def _uncounted(posts: Posts, events: Events) -> UncountedEvents:
    return UncountedEvents(
        users=len(distinct(events.user_id_hashes)), events=len(events),
        posts=posts.of_unknown, repeated_posts=posts.repeated,
    )  # fmt: skip


def catalogue_entries(inputs: RankingInput) -> Iterator[CatalogueEntry]:
    """What the timeline needs to know about each candidate."""
    return catalogue_entries_of(inputs.posts, inputs.post_numbers, inputs.clusters, inputs.author_hashes)


def catalogue_entries_of(
    posts: Posts, post_numbers: list[int], clusters: Mapping[str, int], author_hashes: AuthorHashes
) -> Iterator[CatalogueEntry]:
    """The same of these posts."""
    for number, post_id, author_id in zip(post_numbers, posts.ids, posts.author_ids, strict=True):
        author, cluster = author_hashes[author_id], clusters.get(post_id, 0)
        yield CatalogueEntry(post_number=number, post_id=post_id, author=author, cluster=cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsByUser:
    """Candidates that each user has seen or hidden: user id hash -> post numbers, the latest last."""

    seen: Mapping[int, Collection[int]]
    hidden: Mapping[int, frozenset[int]]

    def merged_with(self, other: "PostsByUser") -> "PostsByUser":
        """Both together; no user may be in both."""
        return PostsByUser(seen={**self.seen, **other.seen}, hidden={**self.hidden, **other.hidden})


def posts_by_user(
    posts: Posts, post_numbers: list[int], events: Events | CandidateEvents, *, at_most: int
) -> PostsByUser:
    """The candidates that each user has seen (any event proves it) or hidden.

    Args:
        posts: the candidates.
        post_numbers: their numbers in Redis.
        events: interactions; those on other posts are ignored.
        at_most: seen posts kept per user, the latest.
    """
    events = candidate_events_of(posts, events)
    latest = events.latest_of_each_pair()
    # By user, then time (events are in order of time): a single combined number sorts fastest.
    by_user = np.sort(events.users[latest] * len(events) + latest) % max(1, len(events))
    number_of = np.array(post_numbers, np.uint32)
    seen_numbers = memoryview(number_of[events.posts[by_user]])
    ends = np.cumsum(np.bincount(events.users[by_user], minlength=len(events.user_id_hashes))).tolist()
    users, seen, start = events.user_id_hashes.tolist(), {}, 0
    for user, end in zip(users, ends, strict=True):
        seen[user] = seen_numbers[max(start, end - at_most) : end]
        start = end
    is_hide = np.flatnonzero(events.kinds == KIND_CODES[InteractionKind.HIDE])
    hidden: dict[int, set[int]] = {}
    hiders, posts_hidden = events.user_id_hashes[events.users[is_hide]], number_of[events.posts[is_hide]]
    for user, number in zip(hiders.tolist(), posts_hidden.tolist(), strict=True):
        hidden.setdefault(user, set()).add(number)
    return PostsByUser(seen=seen, hidden={user: frozenset(numbers) for user, numbers in hidden.items()})


def viewers_of_users(
    id_hashes: Mapping[str, int], authors: Mapping[str, frozenset[int]], touched: PostsByUser
) -> dict[str, Viewer]:
    """What is withheld from each of these users (id -> id hash); those from whom nothing is are left out.

    Args:
        id_hashes: of the users.
        authors: user -> hashes of the authors who are withheld.
        touched: the candidates that they have seen or hidden.
    """
    viewers = {}
    for user_id, id_hash in id_hashes.items():
        hidden_authors, seen = authors.get(user_id, frozenset()), touched.seen.get(id_hash, ())
        if hidden_authors or seen:
            hidden_posts = touched.hidden.get(id_hash, frozenset())
            viewers[user_id] = Viewer(hidden_authors=hidden_authors, hidden_posts=hidden_posts, seen_posts=seen)
    return viewers


def with_say(
    viewers: dict[str, Viewer],
    said: Mapping[str, ViewerSay],
    muted_posts: Collection[Pair],
    post_numbers: Mapping[str, int],
) -> dict[str, Viewer]:
    """The same viewers with what they have said, and with the posts that they muted."""
    for user_id, say in said.items():
        known = viewers.get(user_id, Viewer())
        viewers[user_id] = replace(known, rules=say.rules, is_personalised=say.is_personalised)
    for user_id, post_id in muted_posts:
        if post_id in post_numbers:
            known = viewers.get(user_id, Viewer())
            viewers[user_id] = replace(known, hidden_posts=known.hidden_posts | {post_numbers[post_id]})
    return viewers
