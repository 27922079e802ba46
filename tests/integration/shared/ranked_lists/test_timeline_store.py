"""Reads from a real Valkey: chains and their page ends, seen posts, missing safety data, unreadable values."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import redis
from msgspec.structs import replace

from shared.domain import Phase, Reason, Source, author_hash, hash_of_user
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists import job_store, keys
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.job_store import LEAST_VERSION, JobStore
from shared.ranked_lists.page_store import ConcurrentPage, FirstPage, Lifetimes, NextPage, PageWriter, UserErased
from shared.ranked_lists.records import CatalogueEntry, Chain, SeenRecord, Tail, pack_viewer
from shared.ranked_lists.timeline_store import CachedViewer, MemoryLost, TimelineStore, UserState
from shared.ranked_lists.user_store import UserStore
from tests.worlds import NOW

NONCE, OTHER = b"8 bytes!", b"another!"
CURSOR = Cursor(slot=1, nonce=NONCE, position=2)
LIFETIMES = Lifetimes(chain_for=timedelta(minutes=60), seen_for=timedelta(days=30), seen_length=5)
ValueT = TypeVar("ValueT")

FROZEN = RankedList(
    source=Source.HEURISTIC,
    generation=1,
    generated_at=NOW,
    entries=b"".join(pack_entry(number, Reason.RECENT, 0.5) for number in range(10)),
)
CHAIN = Chain(nonce=NONCE, frozen=FROZEN, page_ends=(2,))


@pytest.fixture
def safe(writer: JobStore) -> JobStore:
    writer.declare_safe(writer.begin_safety_load())
    return writer


def _with_reader(url: str, deed: Callable[[TimelineStore], Awaitable[ValueT]]) -> ValueT:
    async def run() -> ValueT:
        reader = TimelineStore(url, budget=timedelta(seconds=2))
        try:
            return await deed(reader)
        finally:
            await reader.close()

    return asyncio.run(run())


def _with_writer(url: str, deed: Callable[[PageWriter], Awaitable[ValueT]]) -> ValueT:
    return _with_reader(url, lambda reader: deed(PageWriter(reader, lifetimes=LIFETIMES)))


def _user(url: str, cursor: Cursor | None = None, user: str = "ann") -> UserState:
    return _with_reader(url, lambda reader: reader.user(user, cursor))


def _begin(url: str, served: list[int], *, chain: Chain = CHAIN) -> int:
    page = FirstPage(chain=chain, tail=None, served=served, visits=0)
    return _with_writer(url, lambda writer: writer.begin_chain("ann", page))


def _end(url: str, end: int, served: list[int], *, cursor: Cursor = CURSOR) -> None:
    held = _user(url, cursor).chain
    before = held.page_ends if held else ()
    noted = replace(CHAIN, nonce=cursor.nonce, page_ends=(*before, end))
    page = NextPage(
        slot=cursor.slot,
        chain=noted,
        tail=None,
        served=served,
        ends_before=len(before),
        is_rewritten=False,
    )
    _with_writer(url, lambda writer: writer.end_page("ann", page))


# --- chains -----------------------------------------------------------------------------------------------------------


def test_a_chain_comes_back_as_it_was_begun(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0, 1])
    assert _user(fresh_redis, CURSOR).chain == CHAIN


def test_page_ends_are_recorded_in_their_order(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0, 1])
    _end(fresh_redis, 4, [2, 3])
    _end(fresh_redis, 7, [4, 5, 6])
    chain = _user(fresh_redis, CURSOR).chain
    assert chain is not None
    assert chain.page_ends == (2, 4, 7)


def test_a_page_end_of_a_chain_that_lost_its_slot_is_not_recorded(safe: JobStore, fresh_redis: str) -> None:
    """Another chain of the same user took the slot between the read and the write."""
    taken = Chain(nonce=OTHER, frozen=FROZEN, page_ends=(3,))
    slots = [_begin(fresh_redis, [0, 1]), *(_begin(fresh_redis, [0, 1, 2], chain=taken) for _ in range(4))]
    _end(fresh_redis, 4, [2, 3])
    assert slots == [1, 2, 3, 0, 1]
    assert _user(fresh_redis, Cursor(slot=1, nonce=OTHER, position=3)).chain == taken


def test_a_page_end_of_a_chain_that_is_gone_makes_no_chain(
    safe: JobStore, fresh_redis: str, client: redis.Redis
) -> None:
    _end(fresh_redis, 4, [2, 3])
    assert client.exists(keys.chain("ann", 1)) == 0


def test_the_cursor_of_a_chain_that_lost_its_slot_finds_no_chain(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0], chain=Chain(nonce=OTHER, frozen=FROZEN))
    assert _user(fresh_redis, CURSOR).chain is None


def test_two_slots_hold_two_chains(safe: JobStore, fresh_redis: str) -> None:
    second = Chain(nonce=OTHER, frozen=FROZEN, page_ends=(5,))
    _begin(fresh_redis, [0])
    _begin(fresh_redis, [0], chain=second)
    assert _user(fresh_redis, CURSOR).chain == CHAIN


def test_two_concurrent_first_pages_never_share_a_slot(safe: JobStore, fresh_redis: str) -> None:
    async def both(writer: PageWriter) -> list[int]:
        page = FirstPage(chain=CHAIN, tail=None, served=[0], visits=0)
        return await asyncio.gather(*(writer.begin_chain("ann", page) for _ in range(4)))

    assert sorted(_with_writer(fresh_redis, both)) == [0, 1, 2, 3]


def test_nothing_is_kept_of_a_user_who_was_erased(safe: JobStore, fresh_redis: str, client: redis.Redis) -> None:
    safe.note_erased({hash_of_user("ann"): datetime.now(UTC)})
    tail = Tail(unseen=0, entries=b"")
    with pytest.raises(UserErased):
        _begin(fresh_redis, [0, 1])
    with pytest.raises(UserErased):
        _end(fresh_redis, 4, [2, 3])
    _with_writer(fresh_redis, lambda writer: writer.keep_tail("ann", 1, NONCE, tail))
    safe.publish_lists([("ann", b"list"), ("ben", b"list")], phase=Phase.HEURISTIC, job="heuristic", run=1)
    safe.publish_viewers([(user, pack_viewer(Viewer(), version=1, own=0)) for user in ("ann", "ben")])
    safe.clear_viewers_except(set(), version=2)
    marks = UserStore(fresh_redis, lifetimes=LIFETIMES, timeout=timedelta(seconds=2))
    marks.mark_seen({"ann": [1], "ben": [1]})
    marks.close()
    names = [name for name in client.scan_iter("wl:*:*") if b"ben" in name or b"ann" in name]
    assert sorted(names) == [b"wl:list:h:ben", b"wl:seen:ben", b"wl:viewer:ben"]
    assert not client.sismember(keys.VIEWERS, "ann")
    assert client.zcard(keys.ASKED) == 0


def test_of_too_many_erased_users_the_oldest_are_forgotten(
    safe: JobStore, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_store, "MAX_ERASED", 2)
    now = datetime.now(UTC)
    safe.note_erased({"long ago": now - timedelta(days=31), "old": now - timedelta(days=2)})
    safe.note_erased({"newer": now - timedelta(days=1), "newest": now})
    assert client.zrange(keys.ERASED, 0, -1) == [b"newer", b"newest"]


def test_using_a_chain_prolongs_its_life(safe: JobStore, fresh_redis: str, client: redis.Redis) -> None:
    _begin(fresh_redis, [0])
    client.pexpire(keys.chain("ann", 1), 5_000)
    _end(fresh_redis, 4, [2, 3])
    assert int(str(client.pttl(keys.chain("ann", 1)))) > 3_000_000


@pytest.mark.parametrize("value", [NONCE, NONCE + b"\x63" + encode(FROZEN)[1:], NONCE + encode(FROZEN)[:-1]])
def test_a_chain_of_another_format_counts_as_gone(
    value: bytes, safe: JobStore, fresh_redis: str, client: redis.Redis
) -> None:
    client.set(keys.chain("ann", 1), value)
    assert _user(fresh_redis, CURSOR).chain is None


WHOLE, WITH_REST = Tail(unseen=1, entries=FROZEN.entries[:6]), Tail(unseen=0, entries=b"", rest=FROZEN.entries[6:12])


@pytest.mark.parametrize(("one", "other"), [(WHOLE, WITH_REST), (WITH_REST, WHOLE), (WITH_REST, WITH_REST)])
def test_the_first_tail_that_was_frozen_counts(safe: JobStore, fresh_redis: str, one: Tail, other: Tail) -> None:
    _begin(fresh_redis, [0])
    first = _with_writer(fresh_redis, lambda writer: writer.keep_tail("ann", 1, NONCE, one))
    second = _with_writer(fresh_redis, lambda writer: writer.keep_tail("ann", 1, NONCE, other))
    assert (first, second) == (one, one)


def _rewrite(url: str, chain: Chain, *, ends_before: int) -> None:
    page = NextPage(slot=1, chain=chain, tail=None, served=[], ends_before=ends_before, is_rewritten=True)
    _with_writer(url, lambda writer: writer.end_page("ann", page))


TURNED = replace(CHAIN, frozen=replace(FROZEN, entries=FROZEN.entries[6:] + FROZEN.entries[:6]), page_ends=(2, 4))


def test_a_page_in_another_order_rewrites_the_chain(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0, 1])
    _rewrite(fresh_redis, TURNED, ends_before=len(CHAIN.page_ends))
    assert _user(fresh_redis, CURSOR).chain == TURNED


def test_a_page_that_was_overtaken_changes_nothing(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0, 1])
    _end(fresh_redis, 4, [2, 3])
    held = _user(fresh_redis, CURSOR).chain
    with pytest.raises(ConcurrentPage):
        _rewrite(fresh_redis, TURNED, ends_before=len(CHAIN.page_ends))
    assert _user(fresh_redis, CURSOR).chain == held


@pytest.mark.parametrize("is_last_try", [False, True])
def test_posts_of_an_overtaken_page_are_seen_only_if_it_is_served_all_the_same(
    is_last_try: bool, safe: JobStore, fresh_redis: str
) -> None:
    _begin(fresh_redis, [0, 1])
    _end(fresh_redis, 4, [2, 3])
    page = NextPage(
        slot=1, chain=TURNED, tail=None, served=[9], ends_before=1, is_rewritten=True, is_last_try=is_last_try
    )
    with pytest.raises(ConcurrentPage):
        _with_writer(fresh_redis, lambda writer: writer.end_page("ann", page))
    assert _seen(fresh_redis) == (1, [0, 1, 2, 3, *([9] if is_last_try else [])])


def test_a_chain_that_redis_lost_is_put_back(safe: JobStore, fresh_redis: str) -> None:
    _rewrite(fresh_redis, TURNED, ends_before=0)
    assert _user(fresh_redis, CURSOR).chain == TURNED


def test_another_chain_in_the_slot_is_not_overwritten(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [0, 1])
    _rewrite(fresh_redis, replace(TURNED, nonce=OTHER), ends_before=0)
    assert _user(fresh_redis, CURSOR).chain == CHAIN


# --- seen posts -------------------------------------------------------------------------------------------------------


def _seen(url: str) -> tuple[int, list[int]]:
    seen = _user(url).seen
    return seen.visits, list(seen.post_numbers)


def test_nothing_was_seen_at_first(safe: JobStore, fresh_redis: str) -> None:
    assert _user(fresh_redis).seen == SeenRecord()


def test_served_posts_are_seen_in_their_order(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [7, 8])
    _end(fresh_redis, 4, [9])
    assert _seen(fresh_redis) == (1, [7, 8, 9])


def test_of_too_many_seen_posts_the_oldest_are_dropped(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [1, 2, 3, 4])
    _end(fresh_redis, 4, [5, 6, 7])
    assert _seen(fresh_redis) == (1, [3, 4, 5, 6, 7])


def test_of_a_page_longer_than_the_bound_the_last_posts_are_kept(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, list(range(12)))
    assert _seen(fresh_redis) == (1, [7, 8, 9, 10, 11])


def test_the_seen_posts_never_take_more_than_their_bound(safe: JobStore, fresh_redis: str, client: redis.Redis) -> None:
    _begin(fresh_redis, [0, 1])
    for start in range(0, 40, 4):
        _end(fresh_redis, 4, list(range(start, start + 4)))
    assert client.strlen(keys.seen("ann")) == 4 + 4 * LIFETIMES.seen_length


def test_visits_are_counted_where_they_are_kept(safe: JobStore, fresh_redis: str) -> None:
    _begin(fresh_redis, [1])
    _begin(fresh_redis, [2])
    assert _seen(fresh_redis) == (2, [1, 2])


def test_seen_posts_live_longer_than_chains(safe: JobStore, fresh_redis: str, client: redis.Redis) -> None:
    _begin(fresh_redis, [1])
    assert int(str(client.pttl(keys.seen("ann")))) > 29 * 86_400_000


# --- everything about a user ------------------------------------------------------------------------------------------


def test_a_redis_without_its_safety_data_counts_as_down(fresh_redis: str) -> None:
    with pytest.raises(MemoryLost, match="has lost its memory"):
        _user(fresh_redis)


def test_both_phases_lists_come_at_once(safe: JobStore, fresh_redis: str) -> None:
    for phase in Phase:
        safe.publish_lists([("ann", encode(FROZEN))], phase=phase, job=phase, run=1)
    assert [_user(fresh_redis).list_of(phase) for phase in Phase] == [FROZEN, FROZEN]


@pytest.mark.parametrize("value", [b"", b"x", b"\x63" + encode(FROZEN)[1:], encode(FROZEN)[:-1]])
def test_a_list_that_cannot_be_read_counts_as_absent(value: bytes, safe: JobStore, fresh_redis: str) -> None:
    safe.publish_lists([("ann", value)], phase=Phase.HEURISTIC, job="heuristic", run=1)
    safe.publish_lists([("ann", encode(FROZEN))], phase=Phase.NEUCF, job="score", run=1)
    assert {phase: _user(fresh_redis).list_of(phase) for phase in Phase} == {Phase.HEURISTIC: None, Phase.NEUCF: FROZEN}


def test_a_viewer_that_cannot_be_read_counts_as_a_redis_that_is_down(
    safe: JobStore, fresh_redis: str, client: redis.Redis
) -> None:
    """If it counted as absent, the user would see whom they block."""
    client.set(keys.viewer("ann"), b"of another format")
    with pytest.raises(StoreUnavailable):
        _user(fresh_redis)


def test_the_viewer_names_the_user_and_whom_they_must_not_see(safe: JobStore, fresh_redis: str) -> None:
    viewer = Viewer(hidden_authors=frozenset({5}), hidden_posts=frozenset({6}), seen_posts=[7])
    safe.publish_viewers([("ann", pack_viewer(viewer, version=1, own=author_hash("ann")))])
    got = _user(fresh_redis).viewer
    expected = (frozenset({5, author_hash("ann")}), frozenset({6}), [7])
    assert (got.hidden_authors, got.hidden_posts, list(got.seen_posts)) == expected


def test_deletions_are_read_again_when_the_safety_number_has_changed(safe: JobStore, fresh_redis: str) -> None:
    async def rows_before_and_after(reader: TimelineStore) -> tuple[set[int], set[int]]:
        await reader.user("ann", None)
        before = set(reader.withheld.post_numbers)
        safe.add_deleted([4], version=LEAST_VERSION)
        await reader.user("ann", None)
        return before, set(reader.withheld.post_numbers)

    safe.add_deleted([3], version=LEAST_VERSION)
    assert _with_reader(fresh_redis, rows_before_and_after) == ({3}, {3, 4})


def test_a_post_number_is_found_in_the_catalogue(safe: JobStore, fresh_redis: str) -> None:
    async def post(reader: TimelineStore) -> CatalogueEntry | None:
        await reader.ensure_posts([300])
        return reader.catalogue.get(300)

    entry = CatalogueEntry(post_number=300, post_id="日本", author=9, cluster=4)
    safe.publish_catalogue([entry])
    assert _with_reader(fresh_redis, post) == entry


def test_a_post_number_that_was_never_published_is_unknown(safe: JobStore, fresh_redis: str) -> None:
    async def post(reader: TimelineStore) -> CatalogueEntry | None:
        await reader.ensure_posts([300])
        return reader.catalogue.get(300)

    assert _with_reader(fresh_redis, post) is None


def test_redis_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        _user("redis://:hunter2@127.0.0.1:1/0")
    assert ("127.0.0.1:1/0" in str(caught.value), "hunter2" in str(caught.value)) == (True, False)


def test_a_viewer_is_decoded_again_only_when_its_content_changed(redis_url: str) -> None:
    """Each run writes all viewers under a new version; a long viewer must not be decoded again only for that."""
    ann = author_hash("ann")

    def known_after(known: CachedViewer | None, version: int, hidden: frozenset[int]) -> CachedViewer:
        viewer = Viewer(hidden_authors=frozenset({ann}), hidden_posts=hidden)
        with redis.Redis.from_url(redis_url) as client:
            client.set(keys.viewer("ann"), pack_viewer(viewer, version=version, own=ann))
        state = _with_reader(redis_url, lambda reader: reader.user("ann", None, known))
        assert state.viewer == replace(viewer, seen_posts=state.viewer.seen_posts)
        return CachedViewer(state.viewer, state.viewer_content)

    first = known_after(None, 1, frozenset({3}))
    assert known_after(first, 2, frozenset({3})).viewer is first.viewer
    assert known_after(first, 3, frozenset({3, 4})).viewer is not first.viewer
