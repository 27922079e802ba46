"""The pages' connection to a real Valkey: unknown scripts, answers nobody waits for, servers that hang or go."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import pytest
import redis
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError

from demo.embedded import embedded_servers
from demo.valkey import Valkey
from shared.ranked_lists import scripts
from shared.ranked_lists.wire import TOGETHER, SharedConnection

PATIENCE = timedelta(seconds=0.4)
ValueT = TypeVar("ValueT")


@pytest.fixture(scope="module")
def second_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that a test may stop and start."""
    with embedded_servers(tmp_path_factory.mktemp("second-valkey"), durable=False, postgres=False) as servers:
        assert servers.valkey is not None
        yield servers.valkey


def _with_wire(url: str, deed: Callable[[SharedConnection], Awaitable[ValueT]]) -> ValueT:
    async def run() -> ValueT:
        wire = SharedConnection(url, patience=PATIENCE)
        try:
            return await deed(wire)
        finally:
            await wire.close()

    return asyncio.run(run())


def test_each_of_many_at_once_gets_its_own_answer(fresh_redis: str) -> None:
    async def deed(wire: SharedConnection) -> list[list[object]]:
        return await asyncio.gather(*(wire.ask(("ECHO", number), ("ECHO", -number)) for number in range(200)))

    answers = _with_wire(fresh_redis, deed)
    assert answers == [[str(number).encode(), str(-number).encode()] for number in range(200)]


def test_redis_is_at_work_on_some_while_the_others_of_the_same_turn_are_made(fresh_redis: str) -> None:
    looked: list[bool] = []

    async def deed(wire: SharedConnection) -> None:
        await wire.ask(("PING",))
        asked = [asyncio.ensure_future(wire.ask(("SET", f"made {number}", "1"))) for number in range(TOGETHER)]
        asyncio.get_running_loop().call_soon(look)
        await asyncio.gather(*asked)

    def look() -> None:
        """Hold the turn up until the first is done."""
        with redis.Redis.from_url(fresh_redis) as other:
            until = time.monotonic() + PATIENCE.total_seconds() / 2
            while not (is_done := other.exists("made 0")) and time.monotonic() < until:
                time.sleep(0.001)
        looked.append(bool(is_done))

    _with_wire(fresh_redis, deed)
    assert looked == [True]


def test_one_who_is_called_away_takes_nobody_elses_answer(fresh_redis: str) -> None:
    async def deed(wire: SharedConnection) -> list[object]:
        await wire.ask(("PING",))
        gone = [asyncio.ensure_future(wire.ask(("ECHO", f"gone {number}"))) for number in range(5)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        return await wire.ask(("ECHO", "here"))

    assert _with_wire(fresh_redis, deed) == [b"here"]


def test_a_script_that_redis_does_not_know_is_sent_with_its_text(fresh_redis: str) -> None:
    with redis.Redis.from_url(fresh_redis) as client:
        client.script_flush()
    names, seen = ("wl:erased", "wl:seen:ann", "wl:chain:1:ann", "wl:tail:1:ann"), (b"\7\0\0\0", 400, 60_000)
    end = ("ann", b"nonce123", 0, b"\1\0", 60_000, b"chain", b"", *seen, b"", b"")
    command = ("EVALSHA", scripts.digest_of(scripts.END_PAGE), 4, *names, *end)
    assert _with_wire(fresh_redis, lambda wire: wire.ask(("PING",), command, ("ECHO", "x"))) == [b"PONG", 1, b"x"]
    with redis.Redis.from_url(fresh_redis) as client:
        assert client.get("wl:seen:ann") == b"\0\0\0\0\7\0\0\0"


def test_a_refused_command_is_an_error_for_who_sent_it_only(fresh_redis: str) -> None:
    async def deed(wire: SharedConnection) -> list[list[object] | BaseException]:
        asked = [wire.ask(command) for command in (("PING",), ("NOSUCH",), ("ECHO", "x"))]
        return await asyncio.gather(*asked, return_exceptions=True)

    before, refused, after = _with_wire(fresh_redis, deed)
    assert (before, after) == ([b"PONG"], [b"x"])
    assert isinstance(refused, ResponseError)


def test_where_nobody_listens_the_first_command_says_so() -> None:
    with pytest.raises(RedisError):
        _with_wire("redis://127.0.0.1:1/0", lambda wire: wire.ask(("PING",)))


def test_a_server_that_went_and_came_back_is_connected_to_again(second_valkey: Valkey) -> None:
    async def deed(wire: SharedConnection) -> list[object]:
        await wire.ask(("PING",))
        second_valkey.stop()
        await asyncio.sleep(0.1)
        with pytest.raises(RedisError):
            await wire.ask(("PING",))
        second_valkey.start()
        return await wire.ask(("PING",))

    assert _with_wire(second_valkey.url, deed) == [b"PONG"]


def test_a_connection_on_which_nothing_comes_any_more_is_given_up(second_valkey: Valkey) -> None:
    async def deed(wire: SharedConnection) -> list[object]:
        await wire.ask(("PING",))
        second_valkey.pause()
        try:
            with pytest.raises(Disconnected):
                await asyncio.wait_for(wire.ask(("PING",)), 10)
        finally:
            second_valkey.resume()
        return await asyncio.wait_for(wire.ask(("PING",)), 10)

    assert _with_wire(second_valkey.url, deed) == [b"PONG"]


def test_whoever_has_waited_enough_leaves_and_the_others_get_their_own_answers(second_valkey: Valkey) -> None:
    async def deed(wire: SharedConnection) -> list[list[object] | BaseException]:
        await wire.ask(("PING",))
        second_valkey.pause()
        try:
            patient = asyncio.ensure_future(wire.ask(("ECHO", "patient"), within=5))
            hasty = [asyncio.ensure_future(wire.ask(("ECHO", "hasty"), within=0.02)) for _ in range(3)]
            done, _ = await asyncio.wait(hasty, timeout=PATIENCE.total_seconds() / 2)
            assert done == set(hasty)
        finally:
            second_valkey.resume()
        late = wire.ask(("ECHO", "late"), within=5)
        return await asyncio.gather(*hasty, patient, late, return_exceptions=True)

    *hasty, patient, late = _with_wire(second_valkey.url, deed)
    assert [type(each) for each in hasty] == [TimeoutError] * 3
    assert (patient, late) == ([b"patient"], [b"late"])


def test_one_with_less_patience_than_those_before_leaves_in_time(second_valkey: Valkey) -> None:
    async def deed(wire: SharedConnection) -> float:
        await wire.ask(("PING",))
        second_valkey.pause()
        try:
            before = asyncio.ensure_future(wire.ask(("ECHO", "before"), within=5))
            await asyncio.sleep(0)
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                await wire.ask(("ECHO", "hasty"), within=0.02)
            waited = time.monotonic() - begun
        finally:
            second_valkey.resume()
        assert await before == [b"before"]
        return waited

    assert _with_wire(second_valkey.url, deed) < PATIENCE.total_seconds() / 2


def test_a_connection_that_comes_about_while_the_wire_is_closed_is_closed_too(
    fresh_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deed(wire: SharedConnection) -> bool:
        pool, standing = wire._client.connection_pool, asyncio.Event()
        connection = pool.make_connection()  # type: ignore[no-untyped-call]
        connect = connection.connect

        async def connect_and_be_deaf() -> None:
            await connect()
            standing.set()
            with suppress(asyncio.CancelledError):  # as `asyncio.wait_for` does when an answer comes at this moment
                await asyncio.sleep(10)

        monkeypatch.setattr(connection, "connect", connect_and_be_deaf)
        monkeypatch.setattr(pool, "make_connection", lambda: connection)
        asking = asyncio.ensure_future(wire.ask(("PING",)))
        await standing.wait()
        transport = connection._writer.transport
        await wire.close()
        asking.cancel()
        await asyncio.wait([asking])
        return bool(transport.is_closing())

    assert _with_wire(fresh_redis, deed)
