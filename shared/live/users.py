"""Reads what a live pass needs of a few users: their events, and what is withheld from them, as runs decide it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from shared.candidates.asked_for import AskedFor
from shared.candidates.hides import hides_by_id, recent_hides
from shared.candidates.load_asked_for import SaidOfCandidates
from shared.candidates.load_followed import FollowsOfCandidates
from shared.candidates.ranking_input import RankingInput, posts_by_user, viewers_of_users, with_say
from shared.db.bulk import Posts, to_datetime
from shared.db.bulk_events import KeptSince, load_events_of
from shared.db.engine import DatabaseSnapshot
from shared.db.id_hashes import load_id_hashes
from shared.db.known_users import known_users
from shared.db.live_passes import not_erased
from shared.db.mutes import load_mutes
from shared.db.safety import load_blocks
from shared.db.viewers_say import NOTHING_SAID, load_muted_posts, load_say
from shared.domain import author_hash
from shared.eligibility import Viewer
from shared.event_columns import Events, Int64s
from shared.operations.safety import withheld_authors


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCandidates:
    """The candidates of a run, as live passes go on using them."""

    generation: int  # the run's fencing number, which lists carry
    version: int  # taken before the run read anything
    posts: Posts
    post_numbers: list[int]
    clusters: Mapping[str, int]  # post id -> cluster of near-duplicate photos
    since: datetime  # events from this time on tell what a user has seen
    said: SaidOfCandidates  # what users say of `posts`
    follows: FollowsOfCandidates  # `posts` by the authors whom users follow

    @property
    def newest_at(self) -> datetime:
        """When the newest of them was created."""
        return to_datetime(max(0.0, float(self.posts.created_at.max(initial=0.0))))

    @classmethod
    def of(cls, inputs: RankingInput, *, generation: int) -> "LiveCandidates":
        """Those of a run."""
        return cls(
            generation=generation, version=inputs.version, posts=inputs.posts, post_numbers=inputs.post_numbers,
            clusters=inputs.clusters, since=inputs.since, said=inputs.said, follows=inputs.follows,
        )  # fmt: skip

    def numbers_of(self, post_ids: Collection[str]) -> dict[str, int]:
        """The numbers of those of these posts that are candidates."""
        pairs = zip(self.posts.ids, self.post_numbers, strict=True)
        return {post_id: number for post_id, number in pairs if post_id in post_ids}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveUsers:
    """The users of a pass who may have a list."""

    ids: Sequence[str]
    id_hashes: Int64s  # (n_users,)
    events: Events
    viewers: Sequence[Viewer]  # of each user
    own_author_hashes: Sequence[int]  # of each user

    def asked(
        self, snapshot: DatabaseSnapshot, candidates: LiveCandidates, ids: Sequence[str], *, now: datetime
    ) -> AskedFor | None:
        """What these of the users have said of their lists, and hid; None if that is nothing."""
        hidden = recent_hides(self.events, since=candidates.since, now=now)
        hides = hides_by_id(self.ids, self.id_hashes, hidden)
        hides = {user: hides[user] for user in ids if user in hides}
        return candidates.said.asked_by(snapshot, ids, hides=hides, snapshots=lambda: nullcontext(snapshot))

    def viewer(self, index: int) -> Viewer:
        """What is withheld from a user, including their own posts."""
        known = self.viewers[index]
        return replace(known, hidden_authors=known.hidden_authors | {self.own_author_hashes[index]})

    def viewer_of(self, user_id: str) -> Viewer:
        """The same of a user of this pass."""
        return self.viewer(self.ids.index(user_id))


def load_live_users(
    snapshot: DatabaseSnapshot,
    wanted: Sequence[str],
    candidates: LiveCandidates,
    *,
    since: datetime,
    now: datetime,
    kept_since: KeptSince,
    seen_length: int,
    with_first_times: bool = False,
) -> LiveUsers:
    """Read some users' events, blocks and what they have said.

    Left out are users who do not count, were erased, or are not personalised: these have no list of their own.

    Args:
        snapshot: opened after the pass took its version.
        wanted: ids, each once.
        candidates: of which posts are withheld.
        since: time of the oldest event that is read.
        now: time of the pass.
        kept_since: for some kinds, the time of the oldest event that counts.
        seen_length: seen posts per user, the latest.
        with_first_times: see `load_events_of`.
    """
    known = known_users(snapshot, wanted)
    ids = not_erased(snapshot, [user for user in wanted if user in known])
    said = load_say(snapshot, of=ids) if ids else {}
    ids = [user for user in ids if said.get(user, NOTHING_SAID).is_personalised]
    since = min(since, candidates.since)
    events = load_events_of(
        snapshot, ids, since=since, now=now, kept_since=kept_since, with_first_times=with_first_times
    )
    authors = withheld_authors(load_blocks(snapshot, of=ids), load_mutes(snapshot, of=ids)) if ids else {}
    muted_posts = load_muted_posts(snapshot, of=ids) if ids else set()
    muted_numbers = candidates.numbers_of({post for _, post in muted_posts}) if muted_posts else {}
    id_hashes = load_id_hashes(snapshot, ids)
    lately = events.where(events.at >= candidates.since.timestamp()) if since < candidates.since else events
    touched = posts_by_user(candidates.posts, candidates.post_numbers, lately, at_most=seen_length)
    viewers = viewers_of_users(dict(zip(ids, id_hashes.tolist(), strict=True)), authors, touched)
    viewers = with_say(viewers, {user: say for user, say in said.items() if user in ids}, muted_posts, muted_numbers)
    return LiveUsers(
        ids=ids,
        id_hashes=id_hashes,
        events=events,
        viewers=[viewers.get(user, Viewer()) for user in ids],
        own_author_hashes=[author_hash(user) for user in ids],
    )
