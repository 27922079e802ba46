"""The meaning of a path, by the bytes that were sent."""

import asyncio
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from shared.domain import is_usable_id
from timeline.http.exact_paths import ExactPaths, path_of, with_slashes
from timeline.http.plain_requests import plain_page
from timeline.http.problems import Problem
from timeline.http.refusal import Refused
from timeline.http.request import request_of

ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(is_usable_id)
TARGETS = st.text(st.sampled_from("/ab.-_~%2f5e?&#=:@"), max_size=12).map(lambda rest: f"/timeline/{rest}".encode())


def status_of(sent: bytes) -> int:
    try:
        path_of(sent)
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize(
    "sent",
    [b"", b"/", b"//", b"a", b"*", b"/a/", b"//a", b"/a//b", b"/.", b"/a/.", b"/a/..", b"/../a", b"/a/./b", b"a/b",
     b"http://a/b"],
)  # fmt: skip
def test_a_path_with_an_empty_or_dot_segment_is_not_found(sent: bytes) -> None:
    assert status_of(sent) == 404


@pytest.mark.parametrize(
    "sent",
    [b"/a%", b"/a%2", b"/%zz/b", b"/%%41", b"/%ff", b"/\xe9", b"/%c0%af", b"/%ed%a0%80", b"/a%0a", b"/%00", b"/a%1Fb",
     b"/a%7f", b"/%c2%85", b"/\x1f"],
)  # fmt: skip
def test_segments_that_cannot_be_decoded_are_refused(sent: bytes) -> None:
    assert status_of(sent) == 422


@pytest.mark.parametrize(
    ("sent", "segments"),
    [
        (b"/users/a%2Fblocks%2fb", ["users", "a/blocks/b"]), (b"/a%2F", ["a/"]), (b"/%2F", ["/"]),
        (b"/a/%2f", ["a", "/"]),
        (b"/%2e%2e", [".."]), (b"/...", ["..."]), (b"/.a", [".a"]), (b"/%2525", ["%25"]), (b"/a+b;c=d", ["a+b;c=d"]),
        (b"/%E6%97%A5", ["日"]), ("/日".encode(), ["日"]), (b"/a%20b", ["a b"]), (b"/%75sers/a", ["users", "a"]),
    ],
)  # fmt: skip
def test_each_segment_is_decoded_once_and_separately(sent: bytes, segments: list[str]) -> None:
    assert [with_slashes(segment) for segment in path_of(sent).split("/")[1:]] == segments


@given(ids, ids)
def test_ids_survive_a_path(one: str, other: str) -> None:
    sent = f"/users/{_sent(one)}/blocks/{_sent(other)}".encode()
    assert [with_slashes(segment) for segment in path_of(sent).split("/")] == ["", "users", one, "blocks", other]


@given(TARGETS)
def test_the_fast_path_takes_no_path_that_the_routes_understand_differently(target: bytes) -> None:
    try:
        plain = plain_page(request_of(b"GET", "1.1", target, [(b"host", b"a")]))
    except Refused:
        return
    if plain is not None:
        assert path_of(target.partition(b"?")[0]) == f"/timeline/{plain.user_id}"


def test_without_a_raw_path_the_decoded_path_is_used() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["path"])

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        seen.append(str(message.get("status", "")))

    asyncio.run(ExactPaths(app)({"type": "http", "path": "/users/日 %", "headers": []}, receive, send))
    asyncio.run(ExactPaths(app)({"type": "http", "path": "/users/日/", "headers": []}, receive, send))
    assert seen == ["/users/日 %", "404", ""]


def _sent(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")
