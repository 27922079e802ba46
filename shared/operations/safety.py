"""Loads what must not be shown from PostgreSQL into Redis, and then declares Redis safe to read.

The heuristic job does this in each run; a timeline does it when it finds that Redis has lost its memory.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from shared.db.engine import Database
from shared.db.erasure import erased_lately, least_runs
from shared.db.installation import matches_installation
from shared.db.mutes import load_mutes
from shared.db.phases import installation_id, read_phase
from shared.db.post_rows import known_post_numbers, removed_post_numbers
from shared.db.runs import newest_fence
from shared.db.safety import load_blocks, load_hides, newest_version, next_safety_version
from shared.db.takedowns import suspended_lately
from shared.db.viewers_say import NOTHING_SAID, load_muted_posts, load_say
from shared.domain import JOB_OF_PHASE, AuthorHashes, hash_of_user
from shared.eligibility import Pair, Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists.job_store import JobStore, SafetyLoad
from shared.ranked_lists.ownership import OwnerHints
from shared.ranked_lists.records import pack_viewer

JOBS_THAT_PUBLISH = tuple(JOB_OF_PHASE.values())  # the jobs that write to Redis, each under a fence of its name


def claim_redis(database: Database, writer: JobStore) -> None:
    """Make sure that this PostgreSQL owns the writer's Redis. One without an owner is claimed if its posts match.

    Raises:
        ForeignInstallation: another installation owns it; nothing was changed.
        StoreUnavailable: PostgreSQL was restored and is older than its Redis.
    """

    def check_owner(remains: OwnerHints) -> bool:
        return matches_installation(database, salt=remains.salt, posts=remains.posts)

    writer.belong_to(installation_id(database), check_owner)
    seen, given_out = writer.newest_fence(JOBS_THAT_PUBLISH), newest_fence(database)
    if seen > given_out:
        raise StoreUnavailable(
            f"PostgreSQL is older than its Redis, which has seen run number {seen} where {given_out} was the last one:"
            " it was restored from a backup, and would number posts twice; say `warmline installation renew`"
        )
    if writer.newest_version() > newest_version(database):
        raise StoreUnavailable(
            "PostgreSQL is older than its Redis, which holds lists of a version that was not given out yet: it was"
            " restored from a backup, and newer lists would lose against these; say `warmline installation renew`"
        )


def withheld_authors(
    blocks: Iterable[Pair], mutes: Iterable[Pair], author_hashes: AuthorHashes | None = None
) -> dict[str, frozenset[int]]:
    """For each user with a block in either direction, or a mute, the hashes of the authors withheld from them."""
    hidden: defaultdict[str, set[int]] = defaultdict(set)
    hashes = AuthorHashes() if author_hashes is None else author_hashes
    for blocker, blocked in blocks:
        hidden[blocker].add(hashes[blocked])
        hidden[blocked].add(hashes[blocker])
    for user, muted in mutes:
        hidden[user].add(hashes[muted])
    return {user: frozenset(authors) for user, authors in hidden.items()}


def publish_safety(
    writer: JobStore,
    *,
    viewers: Mapping[str, Viewer],
    version: int,
    removed: Collection[int],
    suspended: Collection[str],
    erased: Mapping[str, datetime],
    load: SafetyLoad,
    author_hashes: AuthorHashes | None = None,
) -> None:
    """Write deletions, takedowns and viewers, then declare Redis safe.

    Args:
        writer: of this run.
        viewers: what each user must not be shown; from users without an entry only their own posts are withheld.
        version: taken before the viewers, the removed posts and the suspended users were read (`next_safety_version`).
        removed: numbers of the posts that were removed or hidden lately.
        suspended: users whom the API suspended lately.
        erased: hashes of the users who were erased lately, and when.
        load: begun before these were read.
        author_hashes: those that the caller has computed already.

    Raises:
        LeaseLost: a newer run has replaced this one.
        StoreUnavailable: Redis lost its memory since the load began, and perhaps acts that came meanwhile.
    """
    hashes = AuthorHashes() if author_hashes is None else author_hashes
    writer.add_deleted(removed, version=version, is_act=False)
    writer.drop_deleted_except(set(removed), version=version, number=load.number)
    authors = {hashes[user] for user in suspended if hash_of_user(user) not in erased}
    writer.add_suspended(authors, version=version, is_act=False)
    writer.drop_suspended_except(authors, version=version)
    writer.publish_viewers(_packed(viewers, version, hashes))
    writer.clear_viewers_except(viewers, version=version)
    # Users who were erased since the blocks were read must not be in any pair.
    gone = {hashes[user] for user in viewers if hash_of_user(user) in erased} if erased else set[int]()
    pairs = (pair for pair in _blocked_pairs(viewers, hashes) if gone.isdisjoint(pair))
    writer.publish_blocked(pairs, version=version)
    writer.note_erased(erased)
    if load.is_new_life:
        writer.forget_erased(erased, removed)
    writer.declare_safe(load)


def reload_safety(database: Database, writer: JobStore, *, since: datetime, keep_for: timedelta) -> int:
    """Load deletions, takedowns, blocks, mutes, hidden posts and the phase into a Redis that lost its memory.

    Returns the number of viewers. Posts seen by events come back with the next run of the heuristic job.
    """
    claim_redis(database, writer)
    load, version = writer.begin_safety_load(), next_safety_version(database)
    with database.read() as snapshot:
        authors = withheld_authors(load_blocks(snapshot), load_mutes(snapshot))
        hides = load_hides(snapshot, since=since) | load_muted_posts(snapshot)
        said = load_say(snapshot)
    with database.begin() as connection:
        numbers = known_post_numbers(connection, [post for _, post in hides])
        removed = removed_post_numbers(connection, keep_for=keep_for)
        suspended = suspended_lately(connection, keep_for=keep_for)
    hidden: defaultdict[str, set[int]] = defaultdict(set)
    for user, post in hides:
        if post in numbers:
            hidden[user].add(numbers[post])
    viewers = {
        user: Viewer(
            hidden_authors=authors.get(user, frozenset()),
            hidden_posts=frozenset(hidden.get(user, ())),
            rules=(say := said.get(user, NOTHING_SAID)).rules,
            is_personalised=say.is_personalised,
        )
        for user in authors.keys() | hidden.keys() | said.keys()
    }
    writer.give_up_runs(least_runs(database, JOBS_THAT_PUBLISH))  # Redis has lost their fences, too
    publish_safety(
        writer, viewers=viewers, version=version, removed=removed, suspended=suspended,
        erased=erased_lately(database), load=load,
    )  # fmt: skip
    writer.write_phase(read_phase(database))
    return len(viewers)


def _blocked_pairs(viewers: Mapping[str, Viewer], hashes: AuthorHashes) -> Iterator[tuple[int, int]]:
    for user, viewer in viewers.items():
        if viewer.hidden_authors:
            user_hash = hashes[user]
            yield from ((user_hash, author) for author in viewer.hidden_authors)


def _packed(viewers: Mapping[str, Viewer], version: int, hashes: AuthorHashes) -> Iterator[tuple[str, bytes]]:
    for user, viewer in viewers.items():
        yield user, pack_viewer(viewer, version=version, own=hashes[user])
