"""Which requests go the short way: none that the routes would refuse for its form, and each read as they read it."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from starlette.datastructures import QueryParams

from timeline.lane import plain_request
from timeline.limits import MAX_HEADERS
from timeline.schemas import DEFAULT_LIMIT, CursorText, Id, Limit

TARGETS = st.from_regex(r"\A/timeline/[ -~]{0,140}\Z") | st.from_regex(r"\A/[a-z/]{0,20}\Z")
QUERIES = st.from_regex(
    r"\A(limit=[0-9a]{0,4})?(&?cursor=[A-Za-z0-9_%+=-]{0,210})?(&(limit|cursor|x)=[0-9a]{0,3})?\Z"
) | st.text(st.characters(codec="ascii"), max_size=30)
NAMES = st.sampled_from(
    ["Host", "authorization", "Authorization", "Connection", "Content-Length", "expect", "Upgrade", "X-Forwarded-For"]
) | st.text(st.characters(codec="latin-1"), max_size=5)
VALUES = st.sampled_from(
    ["", "close", "keep-alive", "Bearer a", "  Bearer b\t", "0", "100-continue", "a, b"]
) | st.text(st.characters(codec="latin-1"), max_size=8)
HEADS = st.lists(st.tuples(NAMES, st.sampled_from([":", ": "]), VALUES), max_size=5)


class Parsed:
    """What uvicorn's parser makes of a request."""

    def __init__(self, data: bytes) -> None:
        self.target, self.headers, self.is_whole, self.bodies = b"", list[tuple[bytes, bytes]](), False, list[bytes]()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.bodies.append(body)

    def on_message_complete(self) -> None:
        self.is_whole = True


def _request(target: str = "/timeline/ann", *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/{version}", *fields, "", ""]).encode("latin-1")


@given(TARGETS, QUERIES, HEADS, st.sampled_from(["1.1", "1.0"]))
def test_a_plain_request_is_read_as_the_server_and_the_routes_read_it(
    path: str, query: str, head: list[tuple[str, str, str]], version: str
) -> None:
    data = _request(f"{path}?{query}" if query else path, *map("".join, head), version=version)
    plain = plain_request(data)
    if plain is None:
        return
    parsed = Parsed(data)
    url = httptools.parse_url(parsed.target)
    given_by_query = dict(QueryParams((url.query or b"").decode()))
    wanted = plain.wanted
    assert wanted.user_id == TypeAdapter(Id).validate_python(url.path.decode().removeprefix("/timeline/"))
    assert wanted.limit == TypeAdapter(Limit).validate_python(given_by_query.get("limit", DEFAULT_LIMIT))
    assert wanted.cursor == TypeAdapter(CursorText | None).validate_python(given_by_query.get("cursor"))
    assert set(given_by_query) <= {"limit", "cursor"}
    assert [plain.authorization.encode()] == (
        [each for name, each in parsed.headers if name == b"authorization"] or [b""]
    )
    assert (parsed.parser.get_method(), parsed.is_whole, parsed.bodies) == (b"GET", True, [])
    # The server closes after each HTTP/1.0 request, whatever its head says.
    assert plain.is_last == (version == "1.0" or not parsed.parser.should_keep_alive())


@pytest.mark.parametrize("query", ["", "?limit=20", "?limit=1", "?limit=100", "?cursor=abc_-9", "?limit=20&cursor=a"])
def test_what_clients_send_is_plain(query: str) -> None:
    fields = ("Host: a.example:8000", "User-Agent: okhttp/4.12.0", "Accept-Encoding: gzip", *["Via: 1.1 a"] * 2)
    assert plain_request(_request(f"/timeline/0190-abc_DEF{query}", *fields, "Connection: Keep-Alive")) is not None


@pytest.mark.parametrize(
    ("data", "is_last"),
    [
        (_request(), False),
        (_request("/timeline/ann", "Connection: close"), True),
        (_request("/timeline/ann", "connection:Close"), True),
        (_request(version="1.0"), True),
    ],
)
def test_a_plain_request_may_be_a_connections_last(data: bytes, is_last: bool) -> None:
    plain = plain_request(data)
    assert plain is not None
    assert plain.is_last is is_last


@pytest.mark.parametrize(
    "data",
    [
        _request("/timeline/a%2Fb"),
        _request("/timeline/a/b"),
        _request("/timeline/"),
        _request("/timeline/" + "a" * 129),
        _request("/timeline/ann?limit=0"),
        _request("/timeline/ann?limit=101"),
        _request("/timeline/ann?limit=20cursor=a"),
        _request("/timeline/ann?limit=20&limit=30"),
        _request("/timeline/ann?cursor=" + "a" * 201),
        _request("http://a.example/timeline/ann"),
        _request(method="HEAD"),
        _request(version="2.0"),
        _request("/timeline/ann", "Content-Length: 3"),
        _request("/timeline/ann", "content-length: 0"),
        _request("/timeline/ann", "Transfer-Encoding: chunked"),
        _request("/timeline/ann", "Expect: 100-continue"),
        _request("/timeline/ann", "Upgrade: websocket", "Connection: upgrade"),
        _request("/timeline/ann", "Connection: keep-alive, close"),
        _request("/timeline/ann", "Connection: close", "Connection: keep-alive"),
        _request("/timeline/ann", "Authorization: Bearer a", "authorization: Bearer b"),
        _request("/timeline/ann", "X: ÿ"),
        _request("/timeline/ann", "X : y"),
        _request("/timeline/ann", "X: y", " folded"),
        _request("/timeline/ann", "X: " + "y" * MAX_HEADERS),
        _request()[:-1],
        _request() * 2,
        _request() + b"x",
        b"\r\n" + _request(),
        _request().replace(b"\r\n", b"\n"),
        b"",
    ],
)
def test_whatever_is_not_plain_goes_the_long_way(data: bytes) -> None:
    assert plain_request(data) is None
