"""What unknown clients can hold: heads, bodies, waits and connections, each within its bound."""

import asyncio
from contextlib import suppress

import pytest

from tests.strangers.served import HOST, Client, Deployment, until, with_deployment
from timeline.http import connection
from timeline.http.limits import MAX_HEADERS

PLAIN = b"GET /a HTTP/1.1\r\n" + HOST + b"\r\n"
HALF = b"GET /a HTT"
LAST = b"GET /a HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"


def post(size: int, body: bytes = b"", *, path: bytes = b"/post", more: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n%b" % (path, size, more) + HOST + b"\r\n" + body


async def is_served(deployment: Deployment) -> bool:
    client = await deployment.client()
    client.send(LAST)
    return (await client.answer())[0] == 200


def test_an_endless_head_is_refused_as_it_arrives() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(b"GET /a HTTP/1.1\r\n" + HOST + b"X: ")
        for _ in range(MAX_HEADERS // 1_000 + 1):
            client.send(b"y" * 1_000)
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (431, "close")
        assert await client.is_closed()
        assert deployment.app.asked == []

    with_deployment(scenario)


def test_what_comes_behind_a_refused_head_is_thrown_away_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.1)

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(b"hello\r\n\r\n" + b"y" * 1_000_000)  # no reset overtakes the answer
        assert (await client.answer())[0] == 400
        await until(lambda: not deployment.open)

    with_deployment(scenario)


@pytest.mark.parametrize("sent", [b"", b"G", HALF, PLAIN[:-1], b"\r\n", PLAIN + HALF])
def test_a_connection_without_a_whole_head_ends_in_time(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(sent)
        if sent.startswith(PLAIN):
            assert (await client.answer())[0] == 200
        if sent:
            assert (await client.answer())[0] == 408
        assert await client.is_closed()

    with_deployment(scenario)


def test_a_head_that_comes_byte_by_byte_has_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        answer = asyncio.create_task(client.answer())
        while not answer.done():
            client.send(b"\r\n")
            await asyncio.sleep(0.02)
        assert (await answer)[0] == 408

    with_deployment(scenario)


def test_an_idle_connection_ends_by_the_setting() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(PLAIN)
        assert (await client.answer())[0] == 200
        assert await client.is_closed()

    with_deployment(scenario, keep_alive=0.1)


@pytest.mark.parametrize("sent", [b"", b"abc"])
def test_a_body_that_does_not_come_ends_in_time(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.1)

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(post(10, sent))
        assert (await client.answer())[0] == 408
        assert await client.is_closed()
        assert deployment.app.asked == ["POST /post", "gone"]

    with_deployment(scenario)


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WRITE_SECONDS", 0.2)

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.read_no_more()
        client.send(PLAIN.replace(b"/a", b"/large"))
        await until(lambda: bool(deployment.app.asked))
        await until(lambda: not deployment.open)

    with_deployment(scenario)


def test_a_body_is_taken_as_the_app_asks_for_it() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        clients = [await deployment.client() for _ in range(20)]
        for client in clients:
            client.send(post(1_000_000, b"x" * 900_000))
        await until(lambda: len(deployment.app.asked) == 20)
        await asyncio.sleep(0.05)
        assert max(each.held_bytes for each in deployment.open) <= 2 * MAX_HEADERS
        deployment.app.may_answer.set()
        for client in clients:
            client.send(b"x" * 100_000)
            status, headers, _ = await client.answer()
            assert (status, headers["x-size"]) == (200, "1000000")

    with_deployment(scenario)


def test_requests_that_are_sent_ahead_wait_in_the_kernel() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        client = await deployment.client()
        client.send(PLAIN * 3_000)
        await until(lambda: bool(deployment.app.asked))
        await asyncio.sleep(0.05)
        assert (len(deployment.app.asked), max(each.held_bytes for each in deployment.open) <= MAX_HEADERS) == (1, True)
        deployment.app.may_answer.set()
        for _ in range(3_000):
            assert (await client.answer())[0] == 200

    with_deployment(scenario)


def test_who_waits_for_a_word_before_the_body_gets_it_when_the_app_asks() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(post(3, more=b"Expect: 100-continue\r\n"))
        assert await client.reader.readexactly(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"abc")
        assert (await client.answer())[1]["x-size"] == "3"
        client.send(post(3, path=b"/unread", more=b"Expect: 100-continue\r\n"))
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (200, "close")

    with_deployment(scenario)


@pytest.mark.parametrize("sent", [b"", HALF, PLAIN])
def test_where_there_are_too_many_connections_the_longest_waiting_goes_and_others_are_served(sent: bytes) -> None:
    async def scenario(deployment: Deployment) -> None:
        clients = list[Client]()
        for _ in range(30):
            clients.append(await deployment.client())
            clients[-1].send(sent)
            if sent == PLAIN:
                await clients[-1].answer()
        assert await is_served(deployment)
        assert len(deployment.open) <= 10
        assert await clients[0].is_closed()

    with_deployment(scenario, most=10)


def test_who_was_served_stays_before_who_never_asked() -> None:
    async def scenario(deployment: Deployment) -> None:
        regular = await deployment.client()
        regular.send(PLAIN)
        await regular.answer()
        for _ in range(30):
            (await deployment.client()).send(HALF)
        regular.send(PLAIN)
        assert (await regular.answer())[0] == 200

    with_deployment(scenario, most=10)


def test_idle_connections_give_way_to_one_that_has_only_just_come() -> None:
    async def scenario(deployment: Deployment) -> None:
        for _ in range(9):
            idle = await deployment.client()
            idle.send(PLAIN)
            await idle.answer()
        honest = await deployment.client()
        for _ in range(2):
            await deployment.client()
        honest.send(PLAIN)
        assert (await honest.answer())[0] == 200

    with_deployment(scenario, most=10)


def test_where_all_are_being_answered_a_new_connection_is_refused() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        clients = [await deployment.client() for _ in range(10)]
        for client in clients:
            client.send(PLAIN)
        await until(lambda: len(deployment.app.asked) == 10)
        assert await (await deployment.client()).is_closed()
        deployment.app.may_answer.set()
        assert [(await client.answer())[0] for client in clients] == [200] * 10

    with_deployment(scenario, most=10)


def test_who_leaves_is_no_fault() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        for data in (b"", HALF, PLAIN, post(10), post(3, b"abc")):
            client = await deployment.client()
            client.send(data)
            await asyncio.sleep(0.01)
            client.leave()
        deployment.app.may_answer.set()
        await until(lambda: not deployment.open)
        assert await is_served(deployment)

    with_deployment(scenario)


def test_a_fault_of_the_app_is_an_answer() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(PLAIN.replace(b"/a", b"/fails"))
        assert (await client.answer())[0] == 500
        assert await client.is_closed()

    with_deployment(scenario)


def test_an_answer_of_unknown_length_comes_in_chunks_and_the_next_request_is_answered() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(PLAIN.replace(b"/a", b"/large") + PLAIN)
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert b"\r\ntransfer-encoding: chunked\r\n" in head
        size = 0
        while chunk := int(await client.reader.readline(), 16):
            size += len(await client.reader.readexactly(chunk))
            assert await client.reader.readexactly(2) == b"\r\n"
        assert size == 64 * 65_536 + len("GET /large")
        assert await client.reader.readexactly(2) == b"\r\n"
        assert (await client.answer())[0] == 200

    with_deployment(scenario)


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_answer_that_breaks_off_cannot_be_taken_for_a_whole_one(version: bytes) -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(PLAIN.replace(b"/a", b"/breaks").replace(b"1.1", version))
        got = b""
        with suppress(ConnectionResetError):  # in place of an end
            while piece := await client.reader.read(1024):
                got += piece
            assert version == b"1.1"
        assert b"0\r\n\r\n" not in got

    with_deployment(scenario)


def test_an_answer_without_a_body_says_so() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(PLAIN.replace(b"/a", b"/nothing") + PLAIN)
        status, headers, _ = await client.answer()
        assert (status, "content-length" in headers) == (204, False)
        assert (await client.answer())[0] == 200

    with_deployment(scenario)


def test_a_server_that_stops_answers_what_is_under_way_and_what_is_on_its_way() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        busy, idle = await deployment.client(), await deployment.client()
        idle_too = await deployment.client()
        busy.send(PLAIN)
        await until(lambda: bool(deployment.app.asked))
        stopping = asyncio.create_task(deployment.server.stop())
        await asyncio.sleep(0.05)
        idle.send(PLAIN)
        deployment.app.may_answer.set()
        for client in (busy, idle):
            status, headers, _ = await client.answer()
            assert (status, headers["connection"]) == (200, "close")
        assert await idle_too.is_closed()
        await stopping

    with_deployment(scenario)


def test_no_answer_is_a_connections_last_without_saying_so() -> None:
    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        client = await deployment.client()
        client.send(PLAIN)
        await until(lambda: bool(deployment.app.asked))
        deployment.server.is_stopping = True  # and the answer's head may be on its way
        deployment.app.may_answer.set()
        assert "connection" not in (await client.answer())[1]
        client.send(PLAIN)
        assert (await client.answer())[1]["connection"] == "close"

    with_deployment(scenario)
