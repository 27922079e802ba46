"""Of two lists of a user the one with the higher version stays, whoever writes it."""

from datetime import timedelta

import pytest
import redis

from shared.db.engine import Database
from shared.db.safety import next_safety_version
from shared.domain import Phase, Reason, Source, hash_of_user
from shared.errors import ForeignInstallation, StoreUnavailable
from shared.operations.safety import claim_redis
from shared.ranked_lists import codec, keys
from shared.ranked_lists.codec import RankedList, encode, encode_lists, pack_entry, withdrawn_list
from shared.ranked_lists.job_store import JobStore
from tests.worlds import NOW

JOB, PHASE = "heuristic", Phase.HEURISTIC
KEY = keys.ranked_list(PHASE, "ann")


def a_list(*posts: int, version: int, generation: int = 1) -> bytes:
    head = RankedList(source=Source.HEURISTIC, generation=generation, generated_at=NOW, entries=b"")
    (value,) = encode_lists(head, [b"".join(pack_entry(post, Reason.RECENT, 0.5) for post in posts)], version=version)
    return value


def without_version(*posts: int) -> bytes:
    """As earlier releases wrote it."""
    entries = b"".join(pack_entry(post, Reason.RECENT, 0.5) for post in posts)
    return encode(RankedList(source=Source.HEURISTIC, generation=9, generated_at=NOW, entries=entries))


def publish(writer: JobStore, value: bytes, *, run: int = 1) -> None:
    writer.publish_lists([("ann", value)], phase=PHASE, job=JOB, run=run)


def test_a_pass_of_a_higher_version_replaces_a_runs_list(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, version=5))
    assert writer.replace_lists({"ann": a_list(2, version=6)}, phase=PHASE) == 1
    assert client.get(KEY) == a_list(2, version=6)


def test_a_run_that_read_before_a_pass_does_not_replace_its_list(writer: JobStore, client: redis.Redis) -> None:
    writer.replace_lists({"ann": a_list(2, version=6)}, phase=PHASE)
    publish(writer, a_list(1, version=5), run=99)
    assert client.get(KEY) == a_list(2, version=6)


def test_a_pass_that_read_before_a_run_does_not_replace_its_list(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, version=7))
    assert writer.replace_lists({"ann": a_list(2, version=6)}, phase=PHASE) == 0
    assert client.get(KEY) == a_list(1, version=7)


def test_versions_are_compared_as_numbers(writer: JobStore, client: redis.Redis) -> None:
    first, second = 10**12 + 255, 10**12 + 256  # the lowest byte of the later one is 0
    writer.replace_lists({"ann": a_list(1, version=second)}, phase=PHASE)
    writer.replace_lists({"ann": a_list(2, version=first)}, phase=PHASE)
    assert client.get(KEY) == a_list(1, version=second)


def test_a_list_of_an_earlier_release_is_read_and_loses_against_any_version(
    writer: JobStore, client: redis.Redis
) -> None:
    client.set(KEY, without_version(7, 8))
    assert codec.post_numbers_of(codec.decode(without_version(7, 8)).entries) == [7, 8]
    writer.replace_lists({"ann": a_list(1, version=1)}, phase=PHASE)
    assert client.get(KEY) == a_list(1, version=1)
    publish(writer, without_version(7, 8))
    assert client.get(KEY) == a_list(1, version=1)


@pytest.mark.parametrize("value", [b"", b"\x02", b"\x02" + b"\xff" * 12, b"junk"])
def test_unreadable_bytes_lose_against_any_version(writer: JobStore, client: redis.Redis, value: bytes) -> None:
    client.set(KEY, value)
    assert writer.replace_lists({"ann": a_list(1, version=1)}, phase=PHASE) == 1


def test_a_value_of_another_type_is_replaced(writer: JobStore, client: redis.Redis) -> None:
    client.rpush(KEY, "x")
    assert writer.replace_lists({"ann": a_list(1, version=1)}, phase=PHASE) == 1


def test_a_withdrawn_list_counts_as_none_and_keeps_an_older_one_out(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, version=5))
    nothing = withdrawn_list(Source.HEURISTIC, NOW, version=6)
    writer.replace_lists({"ann": nothing}, phase=PHASE, keep_for=timedelta(hours=1))
    with pytest.raises(codec.UnreadableList, match="withdrawn"):
        codec.decode(nothing)
    publish(writer, a_list(1, version=5))
    assert client.get(KEY) == nothing
    assert 3_500_000 < int(client.pttl(KEY)) <= 3_600_000


def test_an_empty_list_of_a_run_is_a_list() -> None:
    assert len(codec.decode(a_list(version=5))) == 0


def test_a_drop_leaves_a_newer_list(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, version=7))
    assert writer.drop_lists(["ann"], phase=PHASE, version=6) == 0
    assert writer.drop_lists(["ann"], phase=PHASE, version=7) == 1
    assert client.get(KEY) is None


def test_an_erased_user_gets_no_list(writer: JobStore, client: redis.Redis) -> None:
    writer.note_erased({hash_of_user("ann"): NOW})
    assert writer.replace_lists({"ann": a_list(1, version=1), "ben": a_list(1, version=1)}, phase=PHASE) == 1
    assert client.get(KEY) is None


def test_another_installations_pass_writes_nothing(writer: JobStore, client: redis.Redis) -> None:
    client.set(keys.INSTALLATION, "another one")
    writer.expect("ours")
    with pytest.raises(ForeignInstallation):
        writer.replace_lists({"ann": a_list(1, version=1)}, phase=PHASE)
    assert client.get(KEY) is None


def test_a_pass_does_not_stop_a_run(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, version=5), run=3)
    writer.replace_lists({"ann": a_list(2, version=6)}, phase=PHASE)
    publish(writer, a_list(3, version=8), run=3)
    assert client.get(KEY) == a_list(3, version=8)


def test_versions_of_lists_are_read_from_their_heads(writer: JobStore, client: redis.Redis) -> None:
    publish(writer, a_list(1, 2, 3, version=5))
    client.set(keys.ranked_list(PHASE, "ben"), without_version(1))
    assert writer.list_versions(["ann", "ben", "cat"], phase=PHASE) == [5, 0, 0]


def test_a_postgresql_that_is_older_than_the_lists_is_refused(writer: JobStore, database: Database) -> None:
    claim_redis(database, writer)
    given_out = next_safety_version(database)
    writer.replace_lists({"ann": a_list(1, version=given_out)}, phase=PHASE)
    claim_redis(database, writer)
    writer.replace_lists({"ann": a_list(1, version=given_out + 1)}, phase=PHASE)
    with pytest.raises(StoreUnavailable, match="restored from a backup"):
        claim_redis(database, writer)
