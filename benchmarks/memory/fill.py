"""Fills Redis as the two rankers and the timeline do: publications by the writer, chains by the reader's own scripts.

Posts are born and aged out between publications as in the product: each publication has some new rows, so the catalogue
grows until its oldest chunks expire.
"""

import asyncio
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from s01_heuristic.onboarding import EXAMPLES, LANGUAGES, POSTS_OF_LANGUAGE, TAGS
from s01_heuristic.onboarding import POSTS as SPREAD
from s01_heuristic.suggestions import LENGTH, POPULAR
from shared.domain import Phase, Reason, Source, author_hash
from shared.eligibility import Viewer
from shared.operations.safety import publish_safety
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.job_store import LEAST_VERSION, JobStore
from shared.ranked_lists.neighbours import MOST, Neighbours, pack_neighbours
from shared.ranked_lists.onboarding import FORMAT, Onboarding, OnboardingTag
from shared.ranked_lists.page_store import FirstPage, Lifetimes, NextPage, PageWriter
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.records import NONCE_BYTES, CatalogueEntry, Chain, Tail, pack_post_numbers
from shared.ranked_lists.suggestions import (
    MAX_EXAMPLES,
    AuthorReason,
    SuggestedAuthor,
    SuggestedAuthors,
    pack_name,
    pack_suggestions,
)
from shared.ranked_lists.timeline_store import TimelineStore
from shared.settings import ListSettings

POSTS = 20_000  # in the candidate window
BORN, DELETED = 5, 1  # posts between two publications: 20,000 in 14 days, one publication each five minutes
AUTHORS = 1_000
POSTS_SHOWN = SPREAD + LANGUAGES * POSTS_OF_LANGUAGE  # to newcomers, at most
BLOCKED, SEEN_BY_EVENTS = 3, 50  # of each user: authors withheld, posts seen elsewhere
PAGE, PAGES = 20, 3  # posts a page, pages a chain
TAIL_EVERY = 10  # one chain in ten is scrolled to its list's end
PATIENCE = timedelta(seconds=30)  # it measures bytes, not time
AT_ONCE = 50  # chains under way
JOBS = {Phase.HEURISTIC: "heuristic", Phase.NEUCF: "score"}
SOURCES = {Phase.HEURISTIC: Source.HEURISTIC, Phase.NEUCF: Source.NEUCF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is published and read."""

    users: int
    publications: int
    chains: int


def user_id(number: int) -> str:
    """A user id as long as a UUID."""
    return f"00000000-0000-4000-8000-{number:012d}"


def publish(writer: JobStore, lists: ListSettings, size: Size, run: int) -> None:
    """One publication of both phases, with catalogue, deletions, blocks and new posts."""
    first, at = 1 + BORN * (run - 1), datetime.now(UTC)
    rows = range(first, first + POSTS)
    writer.belong_to("a benchmark")
    writer.publish_catalogue(
        CatalogueEntry(post_number=row, post_id=user_id(row), author=author_hash(f"author {row % AUTHORS}"))
        for row in rows
    )
    writer.publish_neighbours((user_id(row), _similar(row, rows)) for row in rows)
    viewers = {user_id(number): _viewer(number, rows) for number in range(size.users)}
    removed = range(1, 1 + DELETED * run)
    publish_safety(
        writer,
        viewers=viewers,
        version=LEAST_VERSION + run,
        removed=removed,
        suspended=(),
        erased={},
        load=writer.begin_safety_load(),
    )
    ring = b"".join(pack_entry(row, Reason.FOR_YOU, 0.5) for row in rows) * 2
    for phase, job in JOBS.items():
        head = RankedList(source=SOURCES[phase], generation=run, generated_at=at, entries=b"")
        published = writer.publish_lists(_lists(head, ring, lists, size.users), phase=phase, job=job, run=run)
        everyone = replace(head, source=Source.EVERYONE, entries=ring[: codec.ENTRY.size * lists.everyone_length])
        if phase is Phase.HEURISTIC:
            writer.publish_everyone(encode(everyone), job=job, run=run)
            writer.publish_new_posts(encode(everyone), job=job, run=run)
            _publish_suggestions(writer, size, rows, run=run, at=at)
        note = Publication(run=run, at=at, lists=published.lists, bytes=published.bytes, seconds=0.0)
        writer.note_publication(phase, note, job=job)


def _publish_suggestions(writer: JobStore, size: Size, rows: range, *, run: int, at: datetime) -> None:
    """What newcomers are shown, and authors for each user, as many of all as there may be."""
    examples = pack_post_numbers(rows[:EXAMPLES])
    writer.publish_onboarding(
        Onboarding(
            format=FORMAT, generation=run, stamp=int(at.timestamp()), languages=["en"], spoken=bytes(POSTS_SHOWN),
            entries=b"".join(pack_entry(row, Reason.POPULAR, 0.5) for row in rows[:POSTS_SHOWN]),
            tags=[OnboardingTag(tag=f"tag {number:05}", posts=100, packed_examples=examples) for number in range(TAGS)],
        )
    )  # fmt: skip
    authors = [author_hash(f"author {number}") for number in range(AUTHORS)]
    writer.publish_author_names(
        {author: pack_name(user_id(number), rows[:MAX_EXAMPLES]) for number, author in enumerate(authors)}
    )
    values = [
        pack_suggestions(
            SuggestedAuthors(
                generation=run, generated_at=at,
                authors=[SuggestedAuthor(authors[(first + n) % AUTHORS], AuthorReason.LIKED_ALIKE, 20, 0.5)
                         for n in range(length)],
            )
        )
        for length, firsts in ((POPULAR, [0]), (LENGTH, range(AUTHORS)))
        for first in firsts
    ]  # fmt: skip
    writer.publish_popular_authors(values[0])
    writer.publish_suggestions((user_id(number), values[1 + number % AUTHORS]) for number in range(size.users))


async def scroll(url: str, lists: ListSettings, size: Size, *, chains: int, seed: int) -> None:
    """Chains of randomly drawn users, some pages each."""
    lifetimes = Lifetimes(chain_for=lists.chain_for, seen_for=lists.seen_for, seen_length=lists.seen_length)
    reader, lot = TimelineStore(url, budget=PATIENCE), random.Random(seed)  # noqa: S311 - repeatable
    writer = PageWriter(reader, lifetimes=lifetimes)
    try:
        for start in range(0, chains, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, chains))
            users = [lot.randrange(size.users) for _ in numbers]
            await asyncio.gather(
                *(
                    _chain(reader, writer, lists, user_id(user), to_the_end=number % TAIL_EVERY == 0)
                    for number, user in zip(numbers, users, strict=True)
                )
            )
    finally:
        await reader.close()


async def _chain(
    reader: TimelineStore, writer: PageWriter, lists: ListSettings, user: str, *, to_the_end: bool
) -> None:
    """A first page as `timeline.feed.feed` begins one, then pages by cursor; at the end the tail is frozen."""
    state = await reader.user(user, None)
    ranked, seen = state.list_of(Phase.NEUCF), {*state.viewer.seen_posts, *state.seen.post_numbers}
    assert ranked is not None
    kept = [index for index, row in enumerate(codec.post_numbers_of(ranked.entries)) if row not in seen]
    nonce = secrets.token_bytes(NONCE_BYTES)
    frozen = replace(ranked, entries=codec.pick(ranked.entries, kept))
    rows = codec.post_numbers_of(frozen.entries)
    chain = Chain(nonce=nonce, frozen=frozen, page_ends=(PAGE,))
    slot = await writer.begin_chain(
        user, FirstPage(chain=chain, tail=None, served=rows[:PAGE], visits=state.seen.visits)
    )
    for end in range(2 * PAGE, (len(rows) if to_the_end else PAGES * PAGE) + 1, PAGE):
        cursor = Cursor(slot=slot, nonce=nonce, position=end - PAGE)
        held = (await reader.user(user, cursor)).chain
        if held is None:  # another device of the user took the slot
            return
        page = NextPage(
            slot=slot, chain=held.with_end(end), tail=None, served=rows[end - PAGE : end],
            ends_before=len(held.page_ends), is_rewritten=False,
        )  # fmt: skip
        await writer.end_page(user, page)
    if to_the_end:
        everyone = await reader.everyone()
        assert everyone is not None
        entries = (everyone.entries * 2)[: 2 * lists.everyone_length * codec.ENTRY.size]  # the longest tail there is
        await writer.keep_tail(user, slot, nonce, Tail(unseen=len(everyone), entries=entries))


def _similar(row: int, rows: range) -> bytes:
    """As many similar posts as are published of a post."""
    entries = b"".join(
        pack_entry(rows[(row + step) % len(rows)], Reason.SIMILAR_PHOTO, 0.5) for step in range(1, MOST + 1)
    )
    return pack_neighbours(Neighbours(post_number=row, author=author_hash(f"author {row % AUTHORS}"), entries=entries))


def _viewer(number: int, rows: range) -> Viewer:
    authors = frozenset(author_hash(f"author {(number + step) % AUTHORS}") for step in range(BLOCKED))
    seen = [rows[(number * 7 + step) % len(rows)] for step in range(SEEN_BY_EVENTS)]
    return Viewer(hidden_authors=authors, hidden_posts=frozenset(), seen_posts=seen)


def _lists(head: RankedList, ring: bytes, lists: ListSettings, users: int) -> Iterator[tuple[str, bytes]]:
    """A list of its own for each user: where it begins in the ring of all posts differs, and moves with each run."""
    length = codec.ENTRY.size * lists.list_length
    for number in range(users):
        start = codec.ENTRY.size * ((number * 37 + head.generation * 101) % POSTS)
        yield user_id(number), encode(replace(head, entries=ring[start : start + length]))
