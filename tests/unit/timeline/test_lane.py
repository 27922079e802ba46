"""Which requests go the short way: none that the routes would refuse for its form, and each read as they read it."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from starlette.datastructures import QueryParams
from starlette.types import Scope

from timeline.lane import plain_request
from timeline.limits import MAX_HEADERS
from timeline.schemas import DEFAULT_LIMIT, CursorText, Id, Limit

PATHS = st.from_regex(r"\A/timeline/[ -~]{0,140}\Z") | st.from_regex(r"\A/[a-z/]{0,20}\Z")
QUERIES = st.from_regex(
    r"\A(limit=[0-9a]{0,4})?(&?cursor=[A-Za-z0-9_%+=-]{0,210})?(&(limit|cursor|x)=[0-9a]{0,3})?\Z"
) | st.text(st.characters(codec="ascii"), max_size=30)


def _scope(
    raw_path: bytes, query: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = (), method: str = "GET"
) -> Scope:
    path = unquote_to_bytes(raw_path).decode("utf-8", "replace")
    return {
        "type": "http", "method": method, "root_path": "", "path": path, "raw_path": raw_path, "query_string": query,
        "headers": list(headers),
    }  # fmt: skip


@given(PATHS, QUERIES)
def test_a_plain_request_is_read_as_the_routes_read_it(path: str, query: str) -> None:
    scope = _scope(path.encode(), query.encode())
    plain = plain_request(scope)
    if plain is None:
        return
    request, _ = plain
    given_by_query = dict(QueryParams(query))
    assert request.user_id == TypeAdapter(Id).validate_python(scope["path"].removeprefix("/timeline/"))
    assert request.limit == TypeAdapter(Limit).validate_python(given_by_query.get("limit", DEFAULT_LIMIT))
    assert request.cursor == TypeAdapter(CursorText | None).validate_python(given_by_query.get("cursor"))
    assert set(given_by_query) <= {"limit", "cursor"}


@pytest.mark.parametrize("query", [b"", b"limit=20", b"limit=1", b"limit=100", b"cursor=abc_-9", b"limit=20&cursor=a"])
def test_what_clients_send_is_plain(query: bytes) -> None:
    assert plain_request(_scope(b"/timeline/0190-abc_DEF", query)) is not None


@pytest.mark.parametrize(
    "scope",
    [
        _scope(b"/timeline/a%2Fb"),
        _scope(b"/timeline/a/b"),
        _scope(b"/timeline/"),
        _scope(b"/timeline/" + b"a" * 129),
        _scope(b"/timeline/ann", b"limit=0"),
        _scope(b"/timeline/ann", b"limit=101"),
        _scope(b"/timeline/ann", b"limit=20cursor=a"),
        _scope(b"/timeline/ann", b"limit=20&limit=30"),
        _scope(b"/timeline/ann", b"cursor=" + b"a" * 201),
        _scope(b"/timeline/ann", method="HEAD"),
        _scope(b"/timeline/ann", headers=((b"content-length", b"3"),)),
        _scope(b"/timeline/ann", headers=((b"transfer-encoding", b"chunked"),)),
        _scope(b"/timeline/ann", headers=((b"authorization", b"Bearer a"), (b"authorization", b"Bearer b"))),
        _scope(b"/timeline/ann", headers=((b"x", b"y" * MAX_HEADERS),)),
        {**_scope(b"/timeline/ann"), "root_path": "/api"},
        {"type": "lifespan"},
    ],
)
def test_whatever_is_not_plain_goes_the_long_way(scope: Scope) -> None:
    assert plain_request(scope) is None
