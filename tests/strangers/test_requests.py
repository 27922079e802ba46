"""Raw requests, each answered or refused as RFC 9112 and 9110 say, alone, byte by byte, and before another one."""

import pytest

from tests.strangers.served import HOST, Deployment, until, with_deployment

NEXT = b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n"


def get(*lines: bytes, target: bytes = b"/a", method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"%b %b HTTP/%b" % (method, target, version), *lines, b"", b""])


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return get(b"Host: a", *lines, target=b"/post", method=b"POST") + body


H, CHUNKED = b"Host: a", b"Transfer-Encoding: chunked"
# What is asked, and what the app is asked of it; the connection goes on.
GOOD: dict[str, tuple[bytes, str, int]] = {
    "plain": (get(H), "GET /a", 0),
    "a query": (get(H, target=b"/a?x=1&y"), "GET /a?x=1&y", 0),
    "an empty query": (get(H, target=b"/a?"), "GET /a?", 0),
    "two question marks": (get(H, target=b"/a??"), "GET /a??", 0),
    "escapes stay": (get(H, target=b"/a%2Fb%23"), "GET /a%2Fb%23", 0),
    "two slashes": (get(H, target=b"//a"), "GET //a", 0),
    "odd path characters": (get(H, target=b"/a;b=c,d@e:f!$'()*+~|^`{}<>[]"), "GET /a;b=c,d@e:f!$'()*+~|^`{}<>[]", 0),
    "absolute form": (get(H, target=b"http://b/a?x"), "GET /a?x", 0),
    "absolute form in capitals": (get(H, target=b"HTTP://b:80/a"), "GET /a", 0),
    "absolute form without a path": (get(H, target=b"http://b"), "GET /", 0),
    "absolute form with a query alone": (get(H, target=b"http://b?x"), "GET /?x", 0),
    "no blank after the colon": (get(b"Host:a"), "GET /a", 0),
    "blanks around a value": (get(b"Host: \t a \t "), "GET /a", 0),
    "an empty value": (get(H, b"X:"), "GET /a", 0),
    "an empty Host": (get(b"Host:"), "GET /a", 0),
    "a header twice": (get(H, b"X: 1", b"X: 2"), "GET /a", 0),
    "names in capitals": (get(b"HOST: a", b"CONNECTION: KEEP-ALIVE"), "GET /a", 0),
    "bytes above ASCII in a value": (get(H, b"X: \xc3\xa9\xff"), "GET /a", 0),
    "empty lines before": (b"\r\n\r\n" + get(H), "GET /a", 0),
    "HEAD": (get(H, method=b"HEAD"), "HEAD /a", 0),
    "OPTIONS": (get(H, method=b"OPTIONS"), "OPTIONS /a", 0),
    "OPTIONS of all": (get(H, method=b"OPTIONS", target=b"*"), "OPTIONS *", 0),
    "another method": (get(H, method=b"PROPFIND"), "PROPFIND /a", 0),
    "GET with a length of none": (get(H, b"Content-Length: 0"), "GET /a", 0),
    "a body that looks like a request": (post(b"Content-Length: %d" % len(NEXT), body=NEXT), "POST /post", len(NEXT)),
    "a body of blank lines": (post(b"Content-Length: 8", body=b"\r\n\r\n\r\n\r\n"), "POST /post", 8),
    "chunks": (post(CHUNKED, body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "POST /post", 5),
    "chunks in capitals": (post(b"Transfer-Encoding: Chunked", body=b"3\r\nabc\r\n0\r\n\r\n"), "POST /post", 3),
    "a chunk of hexadecimal size": (post(CHUNKED, body=b"0A\r\n0123456789\r\n0\r\n\r\n"), "POST /post", 10),
    "a chunk that holds a blank line": (post(CHUNKED, body=b"4\r\n\r\n\r\n\r\n0\r\n\r\n"), "POST /post", 4),
    "a chunk that looks like the last": (post(CHUNKED, body=b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "POST /post", 5),
    "a chunk's extension": (post(CHUNKED, body=b"3;x=y\r\nabc\r\n0\r\n\r\n"), "POST /post", 3),
    "a trailer": (post(CHUNKED, body=b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"), "POST /post", 3),
    "no chunks": (post(CHUNKED, body=b"0\r\n\r\n"), "POST /post", 0),
    "a length of leading zeros": (post(b"Content-Length: 003", body=b"abc"), "POST /post", 3),
    "an upgrade of HTTP/2 is not asked for": (get(H, b"Upgrade: h2c"), "GET /a", 0),
    "an upgrade": (get(H, b"Connection: upgrade", b"Upgrade: websocket"), "GET /a", 0),
    "an upgrade with a body": (
        post(b"Connection: Upgrade, HTTP2-Settings", b"UPGRADE: h2c", b"Content-Length: 3", body=b"abc"),
        "POST /post", 3,
    ),
    "an upgrade with chunks": (
        post(b"Upgrade: h2c", CHUNKED, b"Connection: upgrade", body=b"3\r\nabc\r\n0\r\n\r\n"), "POST /post", 3
    ),
}  # fmt: skip
# The same where it has come by the time of the answer.
UNREAD: dict[str, tuple[bytes, str, int]] = {
    "GET with a body": (get(H, b"Content-Length: 3") + b"abc", "GET /a", 0),
    "GET with a body that looks like a request": (get(H, b"Content-Length: %d" % len(NEXT)) + NEXT, "GET /a", 0),
    "GET in chunks": (get(H, CHUNKED) + b"3\r\nabc\r\n0\r\n\r\n", "GET /a", 0),
    "GET in chunks with a trailer": (get(H, CHUNKED) + b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", "GET /a", 0),
}
# The same, but the connection ends with the answer.
LAST: dict[str, tuple[bytes, str]] = {
    "close": (get(H, b"Connection: close"), "GET /a"),
    "close in capitals": (get(H, b"Connection: CLOSE"), "GET /a"),
    "close among others": (get(H, b"Connection: x, close"), "GET /a"),
    "HTTP/1.0": (get(version=b"1.0"), "GET /a"),
    "HTTP/1.0 that would go on": (get(b"Connection: keep-alive", version=b"1.0"), "GET /a"),
}  # fmt: skip
# What is refused, with which status; nothing behind it is answered.
BAD: dict[str, tuple[bytes, int]] = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2.0": (get(H, version=b"2.0"), 505),
    "HTTP/1.2": (get(H, version=b"1.2"), 400),
    "HTTP/9.9": (get(H, version=b"9.9"), 400),
    "http in small letters": (b"GET /a http/1.1\r\nHost: a\r\n\r\n", 400),
    "no method": (b" /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "an unknown method": (get(H, method=b"FETCH"), 400),
    "a method in small letters": (get(H, method=b"get"), 400),
    "no target": (b"GET HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a blank in a target": (get(H, target=b"/a b"), 400),
    "a tab in a target": (get(H, target=b"/a\tb"), 400),
    "NUL in a target": (get(H, target=b"/a\0"), 400),
    "bytes above ASCII in a target": (get(H, target=b"/\xe9"), 400),
    "a fragment": (get(H, target=b"/users/ann#x", method=b"DELETE"), 400),
    "a fragment behind a query": (get(H, target=b"/a?x#y"), 400),
    "a relative target": (get(H, target=b"a/b"), 400),
    "a target of another scheme": (get(H, target=b"ftp://b/a"), 400),
    "CONNECT": (get(H, target=b"a:80", method=b"CONNECT"), 400),
    "GET of all": (get(H, target=b"*"), 400),
    "no Host": (get(), 400),
    "two Hosts": (get(H, b"Host: b"), 400),
    "two Hosts alike": (get(H, H), 400),
    "two Authorizations": (get(H, b"Authorization: Bearer a", b"Authorization: Bearer b"), 400),
    "a blank before the colon": (get(H, b"X : y"), 400),
    "a blank before a name": (get(b" Host: a"), 400),
    "a folded header": (get(H, b"X: y", b" z"), 400),
    "no colon": (get(H, b"X"), 400),
    "no name": (get(H, b": y"), 400),
    "an odd name": (get(H, b"X(y): z"), 400),
    "bytes above ASCII in a name": (get(H, b"X\xe9: z"), 400),
    "NUL in a value": (get(H, b"X: a\0b"), 400),
    "a control character in a value": (get(H, b"X: a\x01b"), 400),
    "CR in a value": (get(H, b"X: a\rb"), 400),
    "lines that end in LF": (b"GET /a HTTP/1.1\nHost: a\n\n", 400),
    "one line that ends in LF": (b"GET /a HTTP/1.1\r\nX: y\nHost: a\r\n\r\n", 400),
    "lines that end in CR": (b"GET /a HTTP/1.1\rHost: a\r\r", 400),
    "both lengths": (post(b"Content-Length: 3", CHUNKED, body=b"0\r\n\r\n"), 400),
    "both lengths, the other way round": (post(CHUNKED, b"Content-Length: 3", body=b"0\r\n\r\n"), 400),
    "two lengths": (post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"), 400),
    "two lengths alike": (post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400),
    "two lengths in one": (post(b"Content-Length: 3, 3", body=b"abc"), 400),
    "a length that is none": (post(b"Content-Length: x"), 400),
    "an empty length": (post(b"Content-Length:"), 400),
    "a length below none": (post(b"Content-Length: -1"), 400),
    "a length with a sign": (post(b"Content-Length: +3", body=b"abc"), 400),
    "a hexadecimal length": (post(b"Content-Length: 0x3", body=b"abc"), 400),
    "a length with a blank": (post(b"Content-Length: 1 0"), 400),
    "a length of 1_0": (post(b"Content-Length: 1_0", body=b"x" * 10), 400),
    "a length of 30 digits": (post(b"Content-Length: " + b"9" * 30), 400),
    "another coding": (post(b"Transfer-Encoding: gzip", body=b"abc"), 400),
    "chunks within another coding": (post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), 400),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 400),
    "chunked in two lines": (post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    "identity before chunked": (post(b"Transfer-Encoding: identity", CHUNKED, body=b"0\r\n\r\n"), 400),
    "nearly chunked": (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 400),
    "quoted chunked": (post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), 400),
    "chunked behind VT": (post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400),
    "an empty coding": (post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), 400),
    "chunks in HTTP/1.0": (
        get(CHUNKED, target=b"/post", method=b"POST", version=b"1.0") + b"3\r\nabc\r\n0\r\n\r\n", 400
    ),
    "a chunk's size that is none": (post(CHUNKED, body=b"x\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk's size with a prefix": (post(CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk's size below none": (post(CHUNKED, body=b"-3\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk's size with a blank": (post(CHUNKED, body=b"3 \r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk's size that overflows": (post(CHUNKED, body=b"f" * 17 + b"\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk that is longer than said": (post(CHUNKED, body=b"2\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk's line that ends in LF": (post(CHUNKED, body=b"3\nabc\r\n0\r\n\r\n"), 400),
    "a chunk that ends in LF": (post(CHUNKED, body=b"3\r\nabc\n0\r\n\r\n"), 400),
    "a trailer that names a length": (post(CHUNKED, body=b"0\r\nContent-Length: 9\r\n\r\n"), 400),
    "a head of more than 16 KB": (get(H, b"X: " + b"y" * 17_000), 431),
    "a target of more than 16 KB": (get(H, target=b"/" + b"y" * 17_000), 431),
    "a query of more than 4 KB": (get(H, target=b"/a?" + b"a=b&" * 1_100), 431),
    "more than 100 headers": (get(H, *[b"X: y"] * 101), 431),
    "empty lines for ever": (b"\r\n" * 9_000, 431),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("is_bytewise", [False, True])
def test_what_http_allows_is_answered_and_the_next_request_too(name: str, is_bytewise: bool) -> None:
    data, asked, size = GOOD[name]

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        if is_bytewise:
            await client.send_bytewise(data)
        else:
            client.send(data)
        status, headers, _ = await client.answer(has_body=not asked.startswith("HEAD"))
        assert (status, headers["x-size"]) == (200, str(size))
        client.send(NEXT)
        assert (await client.answer())[2] == b"GET /next"
        assert deployment.app.asked == [asked, "GET /next"]

    with_deployment(scenario)


@pytest.mark.parametrize("name", [*GOOD, *UNREAD])
def test_requests_that_come_together_are_answered_in_their_order(name: str) -> None:
    data, asked, _ = {**GOOD, **UNREAD}[name]

    async def scenario(deployment: Deployment) -> None:
        assert await deployment.statuses(data + NEXT + data + NEXT) == [200] * 4
        assert deployment.app.asked == [asked, "GET /next"] * 2

    with_deployment(scenario)


@pytest.mark.parametrize("name", UNREAD)
def test_a_body_that_nobody_reads_and_that_is_not_here_ends_the_connection(name: str) -> None:
    data, asked, _ = UNREAD[name]

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(data[:-2])
        _, headers, _ = await client.answer()
        assert headers["connection"] == "close"
        client.send(data[-2:] + NEXT)
        assert await client.is_closed()
        assert deployment.app.asked == [asked]

    with_deployment(scenario)


@pytest.mark.parametrize("name", LAST)
def test_a_connection_ends_where_its_client_wants_it(name: str) -> None:
    data, asked = LAST[name]

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        client.send(data + NEXT)
        status, headers, _ = await client.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert await client.is_closed()
        assert deployment.app.asked == [asked]

    with_deployment(scenario)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("is_bytewise", [False, True])
def test_what_http_forbids_is_refused_and_nothing_behind_it_is_answered(name: str, is_bytewise: bool) -> None:
    data, expected = BAD[name]

    async def scenario(deployment: Deployment) -> None:
        client = await deployment.client()
        if is_bytewise:
            await client.send_bytewise(data[:20_000])
        else:
            client.send(data)
        client.send(NEXT)
        status, headers, body = await client.answer()
        assert (status, headers["connection"], headers["content-type"]) == (
            expected, "close", "application/problem+json",
        )  # fmt: skip
        assert b"urn:warmline:problem:" in body
        assert await client.is_closed()
        assert "GET /next" not in deployment.app.asked

    with_deployment(scenario)


@pytest.mark.parametrize("name", [*GOOD, *LAST])
def test_a_request_that_is_followed_by_a_half_close_is_answered(name: str) -> None:
    data = GOOD[name][0] if name in GOOD else LAST[name][0]

    async def scenario(deployment: Deployment) -> None:
        deployment.app.may_answer.clear()
        client = await deployment.client()
        client.send(data)
        client.send_no_more()
        await until(lambda: bool(deployment.app.asked))
        deployment.app.may_answer.set()
        assert (await client.all()).startswith(b"HTTP/1.1 200 ")

    with_deployment(scenario)
