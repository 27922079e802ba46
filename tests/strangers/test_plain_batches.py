"""Batches of events on the fast path: whole ones, from the backend alone; the routes get others as they came."""

import asyncio
import json

import pytest

from tests.strangers.served import Client, Deployment, with_deployment
from timeline.http import limits
from timeline.http.fast_path import FastPath
from timeline.http.limits import BodyRoom
from timeline.http.plain_requests import MAX_PLAIN_BODY
from timeline.http.printable_json import PrintableJSON

BACKEND, STRANGER = "Bearer backend", "Bearer nobody"
DECLINED = b"[1]"


class Recording(FastPath):
    """Keeps the bodies that it is given, and declines one."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.room = BodyRoom()

    def is_backend(self, authorization: bytes) -> bool:
        return authorization == BACKEND.encode()

    async def add_events(self, body: bytes) -> PrintableJSON | None:
        if body == DECLINED:
            return None
        self.stored.append(body)
        return PrintableJSON({"accepted": len(json.loads(body))}, status_code=202)


def batch(body: bytes, *lines: str, token: str = BACKEND, kind: str = "application/json", target: str = "") -> bytes:
    head = [
        f"POST /interactions{target} HTTP/1.1", "Host: a", f"Authorization: {token}", f"Content-Type: {kind}",
        f"Content-Length: {len(body)}", *lines,
    ]  # fmt: skip
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


async def accepted(client: Client) -> int:
    status, headers, body = await client.answer()
    assert (status, headers["cache-control"], headers["content-type"]) == (202, "no-store", "application/json")
    return int(json.loads(body)["accepted"])


@pytest.mark.parametrize("is_bytewise", [False, True])
def test_batches_that_come_together_or_in_pieces_are_answered_in_their_order(is_bytewise: bool) -> None:
    fast_path = Recording()

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        data = batch(b"[1, 2]") + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n" + batch(b"[1, 2, 3]")
        if is_bytewise:
            await client.send_bytewise(data)
        else:
            client.send(data)
        assert await accepted(client) == 2
        assert (await client.answer())[2] == b"GET /next"
        assert await accepted(client) == 3
        assert deployment.app.asked == ["GET /next"]

    with_deployment(scenario, fast_path=fast_path)
    assert fast_path.stored == [b"[1, 2]", b"[1, 2, 3]"]


@pytest.mark.parametrize("size", [10, 20_000, MAX_PLAIN_BODY])
@pytest.mark.parametrize("first", [1, 4])
def test_a_batch_whose_head_comes_with_a_part_of_its_body_is_answered(first: int, size: int) -> None:
    """As on any network, where a segment has some 1,400 bytes; and a read takes 16 KB."""
    fast_path, body = Recording(), b"[1, 2" + b" " * (size - 6) + b"]"

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        data = batch(body)
        at = len(data) - len(body) + first
        client.send(data[:at])
        await asyncio.sleep(0.05)
        client.send(data[at:])
        assert await accepted(client) == 2

    with_deployment(scenario, fast_path=fast_path)
    assert fast_path.stored == [body]


LARGE = b"[" + b" " * MAX_PLAIN_BODY + b"]"
PLAIN = batch(b"[1, 2]")
CHUNKED = PLAIN[: -len(b"[1, 2]")].replace(b"Content-Length: 6", b"Transfer-Encoding: chunked")
NOT_PLAIN = {  # name → request, and the bytes of its body
    "declined": (batch(DECLINED), 3),
    "a stranger's": (batch(b"[1, 2]", token=STRANGER), 6),
    "question mark": (batch(b"[1, 2]", target="?"), 6),
    "query": (batch(b"[1, 2]", target="?a=b"), 6),
    "slash": (batch(b"[1, 2]", target="/"), 6),
    "text": (batch(b"[1, 2]", kind="text/plain"), 6),
    "parameter": (batch(b"[1, 2]", kind="application/json; x"), 6),
    "large": (batch(LARGE), len(LARGE)),
    "empty": (batch(b""), 0),
    "other method": (PLAIN.replace(b"POST", b"PUT"), 6),
    "chunked": (CHUNKED + b"6\r\n[1, 2]\r\n0\r\n\r\n", 6),
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_is_not_plain_goes_to_the_routes_with_its_whole_body(name: str) -> None:
    fast_path, (request, size) = Recording(), NOT_PLAIN[name]

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(request)
        status, headers, _ = await client.answer()
        assert (status, headers["x-size"]) == (200, str(size))

    with_deployment(scenario, fast_path=fast_path)
    assert fast_path.stored == []


def test_a_batch_for_which_there_is_no_room_goes_to_the_routes_and_later_ones_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ALL_BODIES", 10)
    fast_path = Recording()

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        for body in (b"[1, 2]", b"[1, 2, 3, 4]", b"[1, 2, 3]"):
            client.send(batch(body))
            await client.answer()

    with_deployment(scenario, fast_path=fast_path)
    assert fast_path.stored == [b"[1, 2]", b"[1, 2, 3]"]


def test_a_client_that_waits_for_a_word_before_its_body_gets_it() -> None:
    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(batch(b"[1, 2]", "Expect: 100-continue")[:-6])
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"[1, 2]")
        assert (await client.answer())[0] == 200

    with_deployment(scenario, fast_path=Recording())


def test_half_a_batch_is_not_stored_and_a_whole_one_before_a_half_close_is() -> None:
    fast_path = Recording()

    async def scenario(deployment: Deployment) -> None:
        assert await deployment.statuses(batch(b"[1, 2]")) == [202]
        assert await deployment.statuses(batch(b"[1, 2, 3]")[:-1]) == []
        gone = await deployment.client()
        gone.send(batch(b"[1, 2, 3, 4]")[:-1])
        await asyncio.sleep(0.05)
        gone.leave()
        assert await deployment.statuses(batch(b"[5]")) == [202]

    with_deployment(scenario, fast_path=fast_path)
    assert fast_path.stored == [b"[1, 2]", b"[5]"]
