"""The owner of Redis: one without an owner is claimed; another installation's is neither read nor written."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from shared.domain import Phase, PhaseState
from shared.eligibility import Viewer
from shared.errors import ForeignInstallation, StoreUnavailable
from shared.ranked_lists import keys
from shared.ranked_lists.job_store import LEAST_VERSION, JobStore, SafetyLoad
from shared.ranked_lists.ownership import OwnerHints, refuse_foreign_at, take_over
from shared.ranked_lists.page_store import Lifetimes
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.records import CatalogueEntry, pack_viewer
from shared.ranked_lists.timeline_store import MemoryLost, TimelineStore
from shared.ranked_lists.user_store import UserStore

AT = datetime(2026, 11, 1, tzinfo=UTC)
LIVES = Lifetimes(chain_for=timedelta(hours=1), seen_for=timedelta(days=1), seen_length=100)
PHASE = PhaseState(version=3, phase=Phase.NEUCF, rollout_percent=100, salt="their salt")
JOB = "heuristic"


def dump(client: redis.Redis) -> dict[bytes, object]:
    """Every key with its value."""
    return {name: client.dump(name) for name in sorted(client.scan_iter("*"))}


def of_another(client: redis.Redis) -> dict[bytes, object]:
    """Fill a Redis with keys of each kind of another installation; returns all of them."""
    client.mset({"wl:installation": "another", "wl:list:h:ann": b"x", "wl:safety": "their epoch", "session:1": "app"})
    client.zadd("wl:deleted", {"7": 1})
    client.set("wl:seen:ann", b"\0" * 8)
    return dump(client)


def test_an_empty_redis_is_claimed_for_good(writer: JobStore, client: redis.Redis) -> None:
    writer.belong_to("one")
    assert (client.get(keys.INSTALLATION), client.ttl(keys.INSTALLATION)) == (b"one", -1)


def test_an_owner_with_an_expiry_from_an_earlier_version_is_kept_for_good(
    writer: JobStore, client: redis.Redis
) -> None:
    client.set(keys.INSTALLATION, "one", ex=60)
    writer.belong_to("one")
    assert client.ttl(keys.INSTALLATION) == -1


@pytest.mark.parametrize(
    "remains",
    [OwnerHints(posts={1: "p1"}), OwnerHints(salt="their salt"), OwnerHints(salt="their salt", posts={1: "p1"})],
    ids=["posts", "salt", "both"],
)
@pytest.mark.parametrize("is_ours", [True, False])
def test_a_redis_without_an_owner_is_ours_if_postgresql_recognises_its_posts(
    remains: OwnerHints, is_ours: bool, writer: JobStore, client: redis.Redis
) -> None:
    if remains.salt:
        writer.write_phase(PHASE)
    writer.publish_catalogue(
        CatalogueEntry(post_number=number, post_id=post, author=1) for number, post in remains.posts.items()
    )
    asked = list[OwnerHints]()

    def check_owner(found: OwnerHints) -> bool:
        asked.append(found)
        return is_ours

    if is_ours:
        writer.belong_to("one", check_owner)
    else:
        with pytest.raises(ForeignInstallation, match="holds posts of another installation"):
            writer.belong_to("one", check_owner)
    assert asked == [remains]
    assert client.get(keys.INSTALLATION) == (b"one" if is_ours else None)


WRITES: dict[str, Callable[[JobStore], object]] = {
    "belong": lambda writer: writer.belong_to("one"),
    "catalogue": lambda writer: writer.publish_catalogue([CatalogueEntry(post_number=1, post_id="p", author=1)]),
    "lists": lambda writer: writer.publish_lists([("ann", b"y")], phase=Phase.HEURISTIC, job=JOB, run=9),
    "everyone": lambda writer: writer.publish_everyone(b"y", job=JOB, run=9),
    "new posts": lambda writer: writer.publish_new_posts(b"y", job=JOB, run=9),
    "blocked": lambda writer: writer.publish_blocked([(1, 2)], version=1),
    "publication": lambda writer: writer.note_publication(
        Phase.HEURISTIC, Publication(run=9, at=AT, lists=1, bytes=1, seconds=1), job=JOB
    ),
    "viewers": lambda writer: writer.publish_viewers([("ann", pack_viewer(Viewer(), version=1, own=0))]),
    "renewed viewers": lambda writer: writer.renew_viewers({"ann": Viewer()}, version=1),
    "cleared viewers": lambda writer: writer.clear_viewers_except((), version=1),
    "deleted": lambda writer: writer.add_deleted([1], version=LEAST_VERSION),
    "undeleted": lambda writer: writer.drop_deleted_except(set(), version=LEAST_VERSION, number=9),
    "safe": lambda writer: writer.declare_safe(SafetyLoad(token="t", number=0)),
    "erased users": lambda writer: writer.note_erased({"hash": AT}),
    "given up runs": lambda writer: writer.give_up_runs({JOB: 9}),
    "phase": lambda writer: writer.write_phase(PHASE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_write_reaches_another_installations_redis(
    write: Callable[[JobStore], object], writer: JobStore, client: redis.Redis
) -> None:
    before = of_another(client)
    writer.expect("one")
    with pytest.raises(ForeignInstallation, match=r"belongs to another installation \(another\), this one is one"):
        write(writer)
    assert dump(client) == before


@pytest.mark.parametrize(
    "write",
    [lambda marks: marks.mark_seen({"ann": [1]}), lambda marks: marks.forget_user("ann", [7])],
    ids=["seen", "erase"],
)
def test_no_seen_posts_reach_another_installations_redis(
    write: Callable[[UserStore], None], fresh_redis: str, client: redis.Redis
) -> None:
    before = of_another(client)
    marks = UserStore(fresh_redis, lifetimes=LIVES, timeout=timedelta(seconds=5))
    marks.expect("one")
    with pytest.raises(ForeignInstallation):
        write(marks)
    marks.close()
    assert dump(client) == before


def test_a_run_stops_when_another_takes_redis_over_meanwhile(writer: JobStore, client: redis.Redis) -> None:
    writer.belong_to("one")

    def lists() -> list[tuple[str, bytes]]:
        return [("ann", b"x")]

    writer.publish_lists(lists(), phase=Phase.HEURISTIC, job=JOB, run=9)
    take_over(str(writer._url), "two")
    with pytest.raises(ForeignInstallation):
        writer.publish_lists(lists(), phase=Phase.HEURISTIC, job=JOB, run=9)
    assert dump(client).keys() == {b"wl:installation"}  # and no fence, which would keep the new owner's runs out


def test_a_run_goes_on_in_a_redis_that_lost_its_memory(writer: JobStore, client: redis.Redis) -> None:
    writer.belong_to("one")
    client.flushdb()
    writer.publish_everyone(b"x", job=JOB, run=9)
    assert client.get(keys.EVERYONE) == b"x"


def test_taking_over_drops_what_is_warmlines_and_nothing_else(fresh_redis: str, client: redis.Redis) -> None:
    of_another(client)
    assert take_over(fresh_redis, "one") == 4
    assert {name: client.get(name) for name in client.scan_iter("*")} == {
        b"wl:installation": b"one",
        b"session:1": b"app",
    }


def test_a_command_names_both_and_what_to_do_and_no_password(fresh_redis: str, client: redis.Redis) -> None:
    of_another(client)
    with pytest.raises(ForeignInstallation) as caught:
        refuse_foreign_at(fresh_redis, "0123456789abcdef")
    said = str(caught.value)
    assert ("another" in said, "01234567;" in said, "WARMLINE_REDIS_URL" in said, "adopt" in said) == (True,) * 4
    assert str(client.connection_pool.connection_kwargs["password"]) not in said


# --- the reading side -------------------------------------------------------------------------------------------------


def read(url: str, installation: str | None, *then: str) -> list[str]:
    """What a reader of this installation (and of those that it becomes then) meets: `page`, or an error's name."""

    async def ask(reader: TimelineStore) -> str:
        try:
            await reader.user("ann", None)
        except StoreUnavailable as error:
            return type(error).__name__
        return "page"

    async def run() -> list[str]:
        reader = TimelineStore(url, budget=timedelta(seconds=5))
        if installation is not None:
            reader.belong_to(installation)
        met = [await ask(reader)]
        for later in then:
            reader.belong_to(later)
            met.append(await ask(reader))
        await reader.close()
        return met

    return asyncio.run(run())


def test_a_page_is_not_read_from_another_installations_redis(fresh_redis: str, client: redis.Redis) -> None:
    of_another(client)
    assert read(fresh_redis, "one") == ["ForeignInstallation"]


def test_a_redis_that_was_trusted_before_its_owner_was_known_is_refused_afterwards(
    fresh_redis: str, client: redis.Redis
) -> None:
    of_another(client)
    assert read(fresh_redis, None, "one") == ["page", "ForeignInstallation"]


def test_our_own_redis_is_read_before_and_after_the_installation_is_known(
    fresh_redis: str, client: redis.Redis
) -> None:
    of_another(client)
    assert read(fresh_redis, None, "another") == ["page", "page"]


def test_a_safe_redis_without_an_owner_is_claimed_before_it_is_read(fresh_redis: str, client: redis.Redis) -> None:
    client.set("wl:safety", "epoch")
    assert read(fresh_redis, "one") == [MemoryLost.__name__]


def test_the_owner_is_checked_once_in_an_epoch(fresh_redis: str, client: redis.Redis) -> None:
    of_another(client)

    def asked() -> int:
        return int(client.info("commandstats").get("cmdstat_get", {"calls": 0})["calls"])

    async def run() -> list[int]:
        reader = TimelineStore(fresh_redis, budget=timedelta(seconds=5))
        reader.belong_to("another")
        counts = [asked()]
        for _ in range(3):
            await reader.user("ann", None)
            counts.append(asked())
        await reader.close()
        return counts

    before, *after = asyncio.run(run())
    assert [count - before for count in after] == [1, 1, 1]


def test_a_refused_writer_does_not_claim_a_redis_that_restarts_empty(writer: JobStore, client: redis.Redis) -> None:
    """Its owner will come back; a stray process of another installation must not claim it first."""
    take_over(str(writer._url), "one")
    with pytest.raises(ForeignInstallation):
        writer.for_run(JOB, 1).belong_to("two")
    client.flushdb()
    with pytest.raises(ForeignInstallation, match="one"):
        writer.belong_to("two")
    assert client.get(keys.INSTALLATION) is None
    take_over(str(writer._url), "two")
    writer.belong_to("two")
