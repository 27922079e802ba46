"""Writes to a real Valkey: fences, order of viewers, deletions, one installation at a time."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis

from shared.domain import Phase, PhaseState
from shared.eligibility import Viewer
from shared.errors import LeaseLost, StoreUnavailable
from shared.ranked_lists import keys, records, scripts
from shared.ranked_lists.job_store import BATCH, LEAST_VERSION, JobStore
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.records import CatalogueEntry, pack_viewer
from tests.stores import KEEP_FOR, Held
from tests.worlds import NOW

JOB = "heuristic"
KEEP_MS = int(KEEP_FOR.total_seconds() * 1000)


def _publish(writer: JobStore, run: int, value: bytes = b"x", users: int = 1) -> None:
    writer.publish_lists(((f"u{n}", value) for n in range(users)), phase=Phase.HEURISTIC, job=JOB, run=run)


def _list(client: redis.Redis, user: str = "u0") -> object:
    return client.get(keys.ranked_list(Phase.HEURISTIC, user))


# --- fences -----------------------------------------------------------------------------------------------------------


def test_a_list_is_written(writer: JobStore, client: redis.Redis) -> None:
    _publish(writer, 1, b"first")
    assert _list(client) == b"first"


def test_a_later_run_replaces_the_list(writer: JobStore, client: redis.Redis) -> None:
    _publish(writer, 1, b"first")
    _publish(writer, 2, b"second")
    assert _list(client) == b"second"


def test_a_run_may_write_again(writer: JobStore, client: redis.Redis) -> None:
    _publish(writer, 1, b"first")
    _publish(writer, 1, b"again")
    assert _list(client) == b"again"


def test_a_run_with_an_older_fence_loses_its_lease(writer: JobStore) -> None:
    _publish(writer, 2)
    with pytest.raises(LeaseLost, match="run 1 of heuristic: a newer run is writing"):
        _publish(writer, 1)


def test_a_run_with_an_older_fence_changes_nothing(writer: JobStore, client: redis.Redis) -> None:
    _publish(writer, 2, b"second", users=3)
    before = {name: client.get(name) for name in client.scan_iter("*")}
    with pytest.raises(LeaseLost):
        _publish(writer, 1, b"first", users=BATCH + 3)
    assert {name: client.get(name) for name in client.scan_iter("*")} == before


def test_a_run_that_begins_stops_the_one_before_it_from_writing(writer: JobStore, client: redis.Redis) -> None:
    _publish(writer, 1, b"first")
    writer.for_run(JOB, 2).refuse_earlier_runs()
    with pytest.raises(LeaseLost):
        _publish(writer, 1, b"late")
    assert _list(client) == b"first"


def test_a_run_that_begins_late_is_refused_at_once(writer: JobStore) -> None:
    writer.for_run(JOB, 2).refuse_earlier_runs()
    with pytest.raises(LeaseLost):
        writer.for_run(JOB, 1).refuse_earlier_runs()


def test_a_run_that_is_overtaken_in_the_middle_writes_no_batch_after_that(
    writer: JobStore, client: redis.Redis
) -> None:
    def lists() -> Iterator[tuple[str, bytes]]:
        for number in range(3 * BATCH):
            if number == 2 * BATCH:  # the first batch is written by now, the second may be under way
                writer.publish_everyone(b"newer", job=JOB, run=2)
            yield f"u{number}", b"older"

    with pytest.raises(LeaseLost):
        writer.publish_lists(lists(), phase=Phase.HEURISTIC, job=JOB, run=1)
    assert (_list(client, f"u{BATCH - 1}"), _list(client, f"u{2 * BATCH}")) == (b"older", None)


def test_what_fails_while_lists_are_made_is_raised_after_what_is_under_way_is_written(
    writer: JobStore, client: redis.Redis
) -> None:
    def lists() -> Iterator[tuple[str, bytes]]:
        yield from ((f"u{number}", b"good") for number in range(BATCH))
        raise ValueError("the ranker fails")

    with pytest.raises(ValueError, match="the ranker fails"):
        writer.publish_lists(lists(), phase=Phase.HEURISTIC, job=JOB, run=1)
    assert _list(client, f"u{BATCH - 1}") == b"good"


def test_everyones_list_has_the_same_fence(writer: JobStore) -> None:
    _publish(writer, 2)
    with pytest.raises(LeaseLost):
        writer.publish_everyone(b"x", job=JOB, run=1)


def test_a_publication_has_the_same_fence(writer: JobStore) -> None:
    _publish(writer, 2)
    publication = Publication(run=1, at=NOW, lists=1, bytes=1, seconds=1)
    with pytest.raises(LeaseLost):
        writer.note_publication(Phase.HEURISTIC, publication, job=JOB)


def test_two_jobs_have_their_own_fences(writer: JobStore) -> None:
    _publish(writer, 2)
    published = writer.publish_lists([("u0", b"n")], phase=Phase.NEUCF, job="score", run=1)
    assert published.lists == 1


def test_two_concurrent_writers_leave_the_newer_runs_list(fresh_redis: str, client: redis.Redis) -> None:
    start, lost = threading.Barrier(2), []

    def write(run: int) -> None:
        writer = JobStore(fresh_redis, keep_for=KEEP_FOR)
        start.wait()
        try:
            for _ in range(50):
                _publish(writer, run, str(run).encode(), users=5)
        except LeaseLost:
            lost.append(run)
        finally:
            writer.close()

    threads = [threading.Thread(target=write, args=(run,)) for run in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ({_list(client, f"u{n}") for n in range(5)}, 2 in lost) == ({b"2"}, False)


def test_what_was_published_is_counted(writer: JobStore) -> None:
    published = writer.publish_lists([("a", b"12"), ("b", b"345")], phase=Phase.HEURISTIC, job=JOB, run=1)
    assert (published.lists, published.bytes) == (2, 5)


@pytest.mark.parametrize("user", ["日本", "a b", "x:y", "%s", "u" * 128])
def test_every_id_can_have_a_list(user: str, writer: JobStore, client: redis.Redis) -> None:
    writer.publish_lists([(user, b"x")], phase=Phase.HEURISTIC, job=JOB, run=1)
    assert _list(client, user) == b"x"


# --- life times -------------------------------------------------------------------------------------------------------


def test_every_key_has_a_life_time_but_the_phase_and_the_owner(writer: JobStore, client: redis.Redis) -> None:
    writer.belong_to("here")
    writer.publish_catalogue([CatalogueEntry(post_number=1, post_id="p", author=1)])
    writer.add_deleted([1], version=LEAST_VERSION)
    writer.publish_viewers([("ann", pack_viewer(Viewer(), version=1, own=0))])
    writer.declare_safe(writer.begin_safety_load())
    _publish(writer, 1)
    writer.publish_everyone(b"x", job=JOB, run=1)
    writer.note_publication(Phase.HEURISTIC, Publication(run=1, at=NOW, lists=1, bytes=1, seconds=1), job=JOB)
    writer.write_phase(PhaseState(version=1, phase=Phase.HEURISTIC, rollout_percent=100, salt=""))
    forever = {name for name in client.scan_iter("*") if int(str(client.pttl(name))) < 0}
    assert forever == {b"wl:phase", b"wl:installation"}


def test_viewers_and_deletions_outlive_the_trust_in_redis(writer: JobStore, client: redis.Redis) -> None:
    writer.add_deleted([1], version=LEAST_VERSION)
    writer.publish_viewers([("ann", pack_viewer(Viewer(), version=1, own=0))])
    writer.declare_safe(writer.begin_safety_load())
    lives = {name: int(str(client.pttl(name))) for name in client.scan_iter("*")}
    assert min(life for name, life in lives.items() if name != b"wl:safety") > lives[b"wl:safety"]


def test_a_catalogue_outlives_the_lists_by_a_chain(fresh_redis: str, client: redis.Redis) -> None:
    writer = JobStore(fresh_redis, keep_for=KEEP_FOR, chain_for=timedelta(hours=1))
    writer.publish_catalogue([CatalogueEntry(post_number=1, post_id="p", author=1)])
    writer.close()
    assert KEEP_MS < int(str(client.pttl(keys.chunk(0)))) <= KEEP_MS + 3_600_000


# --- viewers ----------------------------------------------------------------------------------------------------------


def _viewer(hidden: int, version: int) -> bytes:
    return pack_viewer(Viewer(hidden_posts=frozenset({hidden})), version=version, own=0)


@pytest.mark.parametrize(("older", "newer"), [(1, 2), (9, 10), (65, 97), (127, 128), (255, 256), (2**32 - 1, 2**32)])
def test_a_viewer_read_earlier_never_overwrites_one_read_later(
    older: int, newer: int, writer: JobStore, client: redis.Redis
) -> None:
    writer.publish_viewers([("ann", _viewer(1, newer))])
    writer.publish_viewers([("ann", _viewer(2, older))])
    assert client.get(keys.viewer("ann")) == _viewer(1, newer)


@pytest.mark.parametrize(("older", "newer"), [(1, 2), (9, 10), (65, 97), (127, 128), (255, 256), (2**32 - 1, 2**32)])
def test_a_viewer_read_later_overwrites_one_read_earlier(
    older: int, newer: int, writer: JobStore, client: redis.Redis
) -> None:
    writer.publish_viewers([("ann", _viewer(1, older))])
    writer.publish_viewers([("ann", _viewer(2, newer))])
    assert client.get(keys.viewer("ann")) == _viewer(2, newer)


def test_versions_are_compared_as_numbers_not_in_the_servers_locale() -> None:
    """Under en_US.UTF-8 Lua's own comparison of strings calls 127 and 128 equal; few machines have it to try."""
    assert scripts.WRITE_VIEWERS.count("struct.unpack('>I8'") == 2


def test_a_user_without_a_viewer_any_more_is_cleared(writer: JobStore, client: redis.Redis) -> None:
    writer.publish_viewers([("ann", _viewer(1, 1)), ("ben", _viewer(1, 1))])
    writer.clear_viewers_except({"ben"}, version=2)
    cleared = client.get(keys.viewer("ann"))
    assert isinstance(cleared, bytes)
    viewer = records.unpack_viewer(cleared, own=7)
    assert (len(viewer.hidden_authors), len(viewer.hidden_posts), len(viewer.seen_posts)) == (1, 0, 0)


def test_a_block_written_during_a_run_survives_its_clearing(writer: JobStore, client: redis.Redis) -> None:
    writer.publish_viewers([("ann", _viewer(1, 6))])
    writer.clear_viewers_except(set(), version=5)
    assert client.get(keys.viewer("ann")) == _viewer(1, 6)


def test_a_viewer_that_was_not_cleared_is_found_by_the_next_clearing(writer: JobStore, client: redis.Redis) -> None:
    writer.publish_viewers([("ann", _viewer(1, 6))])
    writer.clear_viewers_except(set(), version=5)
    writer.clear_viewers_except(set(), version=7)
    assert client.get(keys.viewer("ann")) != _viewer(1, 6)


# --- deletions --------------------------------------------------------------------------------------------------------


V = LEAST_VERSION


def test_deleted_posts_are_withheld(writer: JobStore, held: Held) -> None:
    writer.add_deleted([3, 4], version=V)
    assert held.deleted() == {3, 4}


def test_a_run_that_repeats_deletions_leaves_the_safety_number(writer: JobStore) -> None:
    writer.add_deleted([3, 4], version=V)
    writer.add_deleted([4], version=V + 1, is_act=False)
    assert writer.begin_safety_load().number == V


def test_only_new_deletions_are_counted(writer: JobStore) -> None:
    writer.add_deleted([3], version=V)
    assert writer.add_deleted([3, 4], version=V + 1) == 1


def test_no_deletion_changes_nothing(writer: JobStore, client: redis.Redis) -> None:
    writer.add_deleted([], version=V)
    assert list(client.scan_iter("*")) == []


def test_twelve_thousand_deletions_at_once_are_withheld(writer: JobStore, held: Held) -> None:
    writer.add_deleted(range(12_000), version=V)
    assert len(held.deleted()) == 12_000


def test_what_is_not_deleted_any_more_is_forgotten(writer: JobStore, held: Held) -> None:
    writer.add_deleted([3, 4], version=V)
    writer.drop_deleted_except({4}, version=V, number=0)
    assert held.deleted() == {4}


def test_dropping_a_deletion_raises_the_safety_number(writer: JobStore) -> None:
    writer.add_deleted([3], version=V)
    writer.drop_deleted_except(set(), version=V, number=0)
    assert writer.begin_safety_load().number == V + 1


def test_a_safety_number_that_expired_continues_above_the_old_one(writer: JobStore, client: redis.Redis) -> None:
    writer.add_deleted([3], version=V)
    writer.add_deleted([4], version=V + 1)
    before = writer.begin_safety_load().number
    client.delete(keys.DELETED_NUMBER, keys.DELETED)
    writer.add_deleted([5], version=V + 300)
    assert writer.begin_safety_load().number > before


def test_what_was_deleted_after_the_version_was_taken_is_kept(writer: JobStore, held: Held) -> None:
    writer.add_deleted([3], version=V)
    writer.add_deleted([4], version=V + 2)
    writer.drop_deleted_except(set(), version=V + 1, number=9)
    assert held.deleted() == {4}


def test_what_was_deleted_again_after_the_version_was_taken_is_kept(writer: JobStore, held: Held) -> None:
    """The post was gone, came back, and was deleted by the API between a run's load and its publication."""
    writer.add_deleted([3], version=V)
    writer.add_deleted([3], version=V + 2)
    writer.drop_deleted_except(set(), version=V + 1, number=9)
    assert held.deleted() == {3}


def test_a_delayed_act_does_not_lower_the_version_of_a_later_one(writer: JobStore, held: Held) -> None:
    writer.add_deleted([3], version=V + 2)
    writer.add_deleted([3], version=V)
    writer.drop_deleted_except(set(), version=V + 1, number=9)
    assert held.deleted() == {3}


@pytest.mark.parametrize(("number", "kept"), [(6, {3}), (7, set())])
def test_versions_of_earlier_releases_are_compared_with_the_safety_number(
    number: int, kept: set[int], writer: JobStore, client: redis.Redis, held: Held
) -> None:
    """A timeline of an earlier release deletes under a safety number, at the same time as a run of this one."""
    client.zadd(keys.DELETED, {"3": 7})
    writer.drop_deleted_except(set(), version=V, number=number)
    assert held.deleted() == kept


def test_a_run_replaces_versions_of_earlier_releases(writer: JobStore, client: redis.Redis) -> None:
    client.zadd(keys.DELETED, {"3": 7})
    writer.add_deleted([3], version=V, is_act=False)
    assert (client.zscore(keys.DELETED, "3"), writer.begin_safety_load().number) == (V, 0)


# --- one installation, one phase --------------------------------------------------------------------------------------


def test_the_same_postgresql_finds_its_own_redis(writer: JobStore, client: redis.Redis) -> None:
    writer.belong_to("one")
    _publish(writer, 9)
    writer.belong_to("one")
    assert _list(client) == b"x"


def _phase(version: int, phase: Phase) -> PhaseState:
    return PhaseState(version=version, phase=phase, rollout_percent=12.34, salt="s")


def test_of_two_phases_the_higher_version_stays(writer: JobStore, client: redis.Redis) -> None:
    writer.write_phase(_phase(10, Phase.NEUCF))
    refused = writer.write_phase(_phase(9, Phase.HEURISTIC))
    value = client.get(keys.PHASE)
    assert isinstance(value, bytes)
    assert (refused, records.unpack_phase(value)) == (False, _phase(10, Phase.NEUCF))


def test_a_newer_phase_is_written(writer: JobStore, client: redis.Redis) -> None:
    writer.write_phase(_phase(9, Phase.NEUCF))
    assert writer.write_phase(_phase(10, Phase.HEURISTIC))


def test_redis_that_does_not_answer_is_named_without_its_password() -> None:
    writer = JobStore("redis://:hunter2@127.0.0.1:1/3", keep_for=KEEP_FOR)
    with pytest.raises(StoreUnavailable) as caught:
        writer.begin_safety_load()
    writer.close()
    assert ("127.0.0.1:1/3" in str(caught.value), "hunter2" in str(caught.value)) == (True, False)


# --- what a key of Redis may not be: named in `keys`, and nothing else ------------------------------------------------


def test_every_key_begins_with_the_prefix() -> None:
    names = [
        keys.EVERYONE, keys.VIEWERS, keys.DELETED, keys.DELETED_NUMBER, keys.SAFETY, keys.PHASE, keys.INSTALLATION,
        keys.chunk(1), keys.viewer("u"), keys.seen("u"), keys.chain("u", 1), keys.tail("u", 1), keys.fence("j"),
        *(keys.ranked_list(phase, "u") for phase in Phase), *(keys.published(phase) for phase in Phase),
    ]  # fmt: skip
    assert [name for name in names if not name.startswith(keys.PREFIX)] == []


def test_two_phases_and_two_users_never_share_a_key() -> None:
    names = [keys.ranked_list(phase, user) for phase in Phase for user in ("u", "h:u", "n:u")]
    assert len(set(names)) == len(names)


def test_no_users_key_is_a_shared_key() -> None:
    shared = {keys.EVERYONE, keys.VIEWERS, keys.DELETED, keys.DELETED_NUMBER, keys.SAFETY, keys.PHASE}
    odd = ["", "s", ":number", "everyone", "number", "deleted", "phase"]
    assert not shared & {name(user) for user in odd for name in (keys.viewer, keys.seen)}
