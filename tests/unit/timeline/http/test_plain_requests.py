"""Which requests take the fast path: none that the routes would refuse for its form, and each read as they read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from starlette.datastructures import QueryParams

from timeline.feed.records import PageRequest
from timeline.http.plain_requests import plain_page
from timeline.http.refusal import Refused
from timeline.http.request import request_of
from timeline.http.schemas import DEFAULT_LIMIT, CursorText, Id, Limit, RequestId

PATHS = st.from_regex(r"\A/timeline/[!-~]{0,140}\Z") | st.from_regex(r"\A/[a-z/]{0,20}\Z")
QUERIES = st.from_regex(
    r"\A(limit=[0-9a]{0,4})?(&?(cursor|request_id)=[A-Za-z0-9_%+=-]{0,210})?(&(limit|cursor|request_id)=[0-9a]{0,3})?\Z"
) | st.text(st.characters(codec="ascii"), max_size=30)


def _plain(target: str, *headers: tuple[bytes, bytes], method: bytes = b"GET") -> PageRequest | None:
    return plain_page(request_of(method, "1.1", target.encode(), [(b"host", b"a"), *headers]))


@given(PATHS, QUERIES)
def test_a_plain_request_is_read_as_the_routes_read_it(path: str, query: str) -> None:
    target = f"{path}?{query}" if query else path
    path, _, query = target.partition("?")
    try:
        plain = _plain(target)
    except Refused:
        return
    if plain is None:
        return
    given_by_query = dict(QueryParams(query))
    assert plain.user_id == TypeAdapter(Id).validate_python(path.removeprefix("/timeline/"))
    assert plain.limit == TypeAdapter(Limit).validate_python(given_by_query.get("limit", DEFAULT_LIMIT))
    assert plain.cursor == TypeAdapter(CursorText | None).validate_python(given_by_query.get("cursor"))
    assert plain.request_id == TypeAdapter(RequestId | None).validate_python(given_by_query.get("request_id"))
    assert set(given_by_query) <= {"limit", "cursor", "request_id"}


@pytest.mark.parametrize(
    "query", ["", "?limit=20", "?limit=1", "?limit=100", "?cursor=abc_-9", "?limit=20&cursor=a", "?request_id=0-a"]
)
def test_what_clients_send_is_plain(query: str) -> None:
    headers = ((b"user-agent", b"okhttp/4.12.0"), (b"via", b"1.1 a"), (b"via", b"1.1 b"))
    assert _plain(f"/timeline/0190-abc_DEF{query}", *headers) is not None


@pytest.mark.parametrize(
    "target",
    [
        "/timeline/a%2Fb", "/timeline/a/b", "/timeline/", "/timeline/" + "a" * 129, "/timeline/ann?limit=0",
        "/timeline/ann?limit=101", "/timeline/ann?limit=20cursor=a", "/timeline/ann?limit=20&limit=30",
        "/timeline/ann?cursor=" + "a" * 201, "/timeline/ann?&cursor=a&", "/timeline/ann?x=1", "/timelines/ann",
        "/timeline/ann?request_id=", "/timeline/ann?request_id=" + "a" * 129, "/timeline/ann?cursor=a&request_id=b",
        "/timeline/ann?request_id=%41",
    ],
)  # fmt: skip
def test_other_targets_go_to_the_routes(target: str) -> None:
    assert _plain(target) is None


@pytest.mark.parametrize("method", [b"HEAD", b"POST", b"OPTIONS"])
def test_other_methods_go_to_the_routes(method: bytes) -> None:
    assert _plain("/timeline/ann", method=method) is None


@pytest.mark.parametrize("header", [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")])
def test_a_request_with_a_body_goes_to_the_routes(header: tuple[bytes, bytes]) -> None:
    assert _plain("/timeline/ann", header) is None
